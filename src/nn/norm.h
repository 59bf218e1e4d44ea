// Batch normalisation layers.
#pragma once

#include "nn/module.h"

namespace tt::nn {

struct NormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool cumulative = false;  // momentum=None: the running statistics are the mean of all batches
  bool affine = true;
  bool bias = true;
  bool track_running_stats = true;
};

class BatchNorm final : public Layer {
 public:
  enum class Dimensions { k1d, k2d };
  BatchNorm(Dimensions dimensions, int64_t num_features, const NormOptions& settings);
  std::string extra_repr() const override;
  // relu(forward(input)) as one op; runs no hooks.
  Tensor forward_relu(const Tensor& input) { return normalise(input, true); }

 private:
  ~BatchNorm() override = default;
  Tensor forward(const Tensor& input) override { return normalise(input, false); }
  Tensor normalise(const Tensor& input, bool relu);

  Dimensions dimensions_;
  int64_t num_features_;
  NormOptions settings_;
};

}  // namespace tt::nn
