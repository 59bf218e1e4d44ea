#include "nn/linear.h"

#include <cmath>

#include "nn/init.h"
#include "ops/ops.h"

namespace tt::nn {

Tensor new_parameter(const Dims& sizes) { return empty(sizes, default_dtype()); }

void reset_weight_and_bias(const Tensor& weight, const Tensor& bias) {
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  const int64_t fan_in = init::fans(weight).in;
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  init::uniform_(bias, -bound, bound);
}

Linear::Linear(int64_t in_features, int64_t out_features, bool bias)
    : Layer("Linear"), in_features_(in_features), out_features_(out_features), bias_(bias) {
  TT_CHECK(in_features >= 0, Status::kShape, "in_features is ", in_features, ", expected 0 or more");
  TT_CHECK(out_features >= 0, Status::kShape, "out_features is ", out_features, ", expected 0 or more");
  const Tensor w = new_parameter({out_features, in_features});
  const Tensor b = bias ? new_parameter({out_features}) : Tensor();
  reset_weight_and_bias(w, b);
  register_parameter("weight", w);
  register_parameter("bias", b);
}

Tensor Linear::forward(const Tensor& input) { return ops::linear(input, needed_parameter(0), parameter(1)); }

Tensor Linear::forward_activated(const Tensor& input, UnaryOp activation) {
  return ops::linear_activated(input, needed_parameter(0), parameter(1), activation);
}

std::string Linear::extra_repr() const {
  return str("in_features=", in_features_, ", out_features=", out_features_, ", bias=", bias_);
}

}  // namespace tt::nn
