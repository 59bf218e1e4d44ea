// Convolution layers.
#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/conv.h"

namespace tt::nn {

class Conv2d final : public Layer {
 public:
  // `named`: padding="valid" or "same" instead of the options' numbers.
  Conv2d(int64_t in_channels, int64_t out_channels, const int64_t kernel_size[2],
         const ops::Conv2dOptions& options, std::optional<ops::PaddingMode> named, bool bias);
  std::string extra_repr() const override;
  // relu(forward(input)) as one op; runs no hooks.
  Tensor forward_relu(const Tensor& input);

 private:
  ~Conv2d() override = default;
  Tensor forward(const Tensor& input) override;

  int64_t in_channels_;
  int64_t out_channels_;
  int64_t kernel_size_[2];
  ops::Conv2dOptions options_;
  std::optional<ops::PaddingMode> named_;
  bool bias_;
};

}  // namespace tt::nn
