// Fully connected layers.
#pragma once

#include "device/pointwise.h"
#include "nn/module.h"

namespace tt::nn {

class Linear final : public Layer {
 public:
  Linear(int64_t in_features, int64_t out_features, bool bias = true);
  std::string extra_repr() const override;
  // activation(forward(input)) as one op (ops::linear_activated); runs no hooks.
  Tensor forward_activated(const Tensor& input, UnaryOp activation);

 private:
  ~Linear() override = default;
  Tensor forward(const Tensor& input) override;

  int64_t in_features_;
  int64_t out_features_;
  bool bias_;
};

// A new parameter, not initialised, of the default dtype; fails naming the sizes where they overflow.
Tensor new_parameter(const Dims& sizes);
// What PyTorch gives the weight and bias of Linear and the convolutions: kaiming_uniform_(a = sqrt(5)), and
// uniform in 1 / sqrt(fan in).
void reset_weight_and_bias(const Tensor& weight, const Tensor& bias);

}  // namespace tt::nn
