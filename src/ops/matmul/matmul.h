// Matrix products.
#pragma once

#include <string_view>

#include "device/pointwise.h"
#include "tensor/tensor.h"

namespace tt::ops {

Tensor mm(const Tensor& a, const Tensor& b);      // (n, k) x (k, m)
Tensor bmm(const Tensor& a, const Tensor& b);     // (b, n, k) x (b, k, m)
Tensor matmul(const Tensor& a, const Tensor& b);  // vectors, matrices, broadcast batches of matrices
Tensor mv(const Tensor& a, const Tensor& v);      // (n, k) x (k)
Tensor dot(const Tensor& a, const Tensor& b);     // (k) x (k)
Tensor outer(const Tensor& a, const Tensor& b);   // (n) x (m)

// beta * input + alpha * (a x b), input broadcast to the result. beta 0 ignores NaN in input. `name_` forms
// write into input.
Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta = 1, double alpha = 1);
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta = 1, double alpha = 1);
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& v, double beta = 1, double alpha = 1);
void addmm_(const Tensor& self, const Tensor& a, const Tensor& b, double beta = 1, double alpha = 1);
void baddbmm_(const Tensor& self, const Tensor& a, const Tensor& b, double beta = 1, double alpha = 1);
void addmv_(const Tensor& self, const Tensor& a, const Tensor& v, double beta = 1, double alpha = 1);

// x (.., in) x weight (out, in) transposed + bias (out); bias may be undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);
// activation(linear(x, weight, bias)), recorded as one op; activation is relu, sigmoid or tanh.
Tensor linear_activated(const Tensor& x, const Tensor& weight, const Tensor& bias, UnaryOp activation);
inline Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_activated(x, weight, bias, UnaryOp::relu);
}
// y[.., o] = x1[.., i] weight[o, i, j] x2[.., j] + bias[o]; bias may be undefined.
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias);

// Sums over dims_a of a paired with dims_b of b; the other dimensions of a, then those of b.
Tensor tensordot(const Tensor& a, const Tensor& b, std::span<const int64_t> dims_a,
                 std::span<const int64_t> dims_b);
// Einstein summation with PyTorch's equation syntax.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);

}  // namespace tt::ops
