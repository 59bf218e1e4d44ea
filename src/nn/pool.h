// Pooling layers.
#pragma once

#include "nn/module.h"
#include "ops/pool/pool.h"

namespace tt::nn {

class MaxPool2d final : public Layer {
 public:
  explicit MaxPool2d(const ops::PoolOptions& options);
  // The layer after a ReLU.
  Tensor forward_after_relu(const Tensor& input) { return ops::relu_max_pool2d(input, options_); }
  std::string extra_repr() const override;

 private:
  ~MaxPool2d() override = default;
  Tensor forward(const Tensor& input) override { return ops::max_pool2d(input, options_); }
  ops::PoolOptions options_;
};

class AvgPool2d final : public Layer {
 public:
  explicit AvgPool2d(const ops::PoolOptions& options);
  std::string extra_repr() const override;

 private:
  ~AvgPool2d() override = default;
  Tensor forward(const Tensor& input) override { return ops::avg_pool2d(input, options_); }
  ops::PoolOptions options_;
};

// -1 keeps a size.
class AdaptiveAvgPool2d final : public Layer {
 public:
  explicit AdaptiveAvgPool2d(const int64_t output_size[2]);
  std::string extra_repr() const override;

 private:
  ~AdaptiveAvgPool2d() override = default;
  Tensor forward(const Tensor& input) override { return ops::adaptive_avg_pool2d(input, output_size_); }
  int64_t output_size_[2];
};

}  // namespace tt::nn
