// Convolution layers.
#pragma once

#include "nn/module.h"
#include "ops/conv/conv.h"

namespace tt::nn {

// Over one or two spatial dimensions: Conv1d, Conv2d.
class Conv final : public Layer {
 public:
  Conv(int spatial, int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
       const ops::ConvOptions& options, bool bias = true);
  std::string extra_repr() const override;
  // Whether relu(forward(input)) can be one op.
  bool joins_relu() const { return spatial_ == 2; }
  // That op; runs no hooks.
  Tensor forward_relu(const Tensor& input);

 private:
  ~Conv() override = default;
  Tensor forward(const Tensor& input) override;

  int spatial_;
  int64_t in_channels_;
  int64_t out_channels_;
  Dims kernel_size_;
  ops::ConvOptions options_;
  bool bias_;
};

}  // namespace tt::nn
