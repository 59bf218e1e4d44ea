// Activations with parameters. (Those without are rows of the op table: relu, selu, silu, ...)
#pragma once

#include "ops/pointwise/pointwise.h"

namespace tt::ops {

Tensor relu6(const Tensor& x);
void relu6_(const Tensor& self);
Tensor leaky_relu(const Tensor& x, double negative_slope);
void leaky_relu_(const Tensor& self, double negative_slope);
Tensor elu(const Tensor& x, double alpha);
void elu_(const Tensor& self, double alpha);
Tensor celu(const Tensor& x, double alpha);
void celu_(const Tensor& self, double alpha);
Tensor gelu(const Tensor& x, bool tanh_approximation);
Tensor softplus(const Tensor& x, double beta, double threshold);
Tensor hardtanh(const Tensor& x, double min, double max);
void hardtanh_(const Tensor& self, double min, double max);
Tensor threshold(const Tensor& x, double threshold, double value);
void threshold_(const Tensor& self, double threshold, double value);
Tensor softshrink(const Tensor& x, double lambda);
Tensor hardshrink(const Tensor& x, double lambda);
Tensor softsign(const Tensor& x);
Tensor tanhshrink(const Tensor& x);
// `weight`: one element, or one for each index of x's dimension 1.
Tensor prelu(const Tensor& x, const Tensor& weight);
Tensor glu(const Tensor& x, int64_t dim);

}  // namespace tt::ops
