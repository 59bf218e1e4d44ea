#include "nn/shape.h"

#include "ops/ops.h"

namespace tt::nn {

Tensor Flatten::forward(const Tensor& input) { return ops::flatten(input, start_dim_, end_dim_); }
std::string Flatten::extra_repr() const { return str("start_dim=", start_dim_, ", end_dim=", end_dim_); }

Tensor Unflatten::forward(const Tensor& input) { return ops::unflatten(input, dim_, sizes_); }
std::string Unflatten::extra_repr() const {
  return str("dim=", dim_, ", unflattened_size=", tuple_text(sizes_));
}

Dropout::Dropout(double p) : Layer("Dropout"), p_(p) {
  TT_CHECK(p >= 0 && p <= 1, Status::kInvalidArgument, "p is ", p, ", expected a number from 0 to 1");
}
Tensor Dropout::forward(const Tensor& input) { return ops::dropout(input, p_, training()); }
std::string Dropout::extra_repr() const { return str("p=", float_text(p_), ", inplace=False"); }

}  // namespace tt::nn
