#include "ops/pointwise/activation.h"

#include "ops/autocast.h"
#include "ops/create/create.h"
#include "ops/view/view.h"

namespace tt::ops {

namespace {

PointwiseParams celu_params(double alpha) {
  TT_CHECK(alpha != 0, Status::kInvalidArgument, "alpha must not be 0");
  return {alpha, 1.0, 1 / alpha};
}

PointwiseParams hardtanh_params(DType dtype, double min, double max) {
  TT_CHECK(!(min > max), Status::kInvalidArgument, "min_val is ", min,
           ", expected no more than max_val, which is ", max);
  if (is_floating(dtype)) {
    check_fits(min, dtype, "min_val");
    check_fits(max, dtype, "max_val");
  }
  return {min, max, 0};
}

PointwiseParams lambda_params(DType dtype, double lambda) {
  return {is_floating(dtype) ? checked_param("lambda", lambda, dtype) : lambda, 0, 0};
}

PointwiseParams threshold_params(DType dtype, double threshold, double value) {
  if (is_integral(dtype))
    return {checked_factor("threshold", threshold, dtype), checked_factor("value", value, dtype), 0};
  check_fits(threshold, dtype, "threshold");
  check_fits(value, dtype);
  return {threshold, value, 0};
}

}  // namespace

Tensor relu6(const Tensor& x) { return hardtanh(x, PointwiseParams{0, 6, 0}); }
void relu6_(const Tensor& self) { hardtanh_(self, PointwiseParams{0, 6, 0}); }

Tensor leaky_relu(const Tensor& x, double slope) { return leaky_relu(x, PointwiseParams{slope, 0, 0}); }
void leaky_relu_(const Tensor& self, double slope) { leaky_relu_(self, PointwiseParams{slope, 0, 0}); }

Tensor elu(const Tensor& x, double alpha) { return elu(x, PointwiseParams{alpha, 1, 1}); }
void elu_(const Tensor& self, double alpha) { elu_(self, PointwiseParams{alpha, 1, 1}); }
Tensor celu(const Tensor& x, double alpha) { return elu(x, celu_params(alpha)); }
void celu_(const Tensor& self, double alpha) { elu_(self, celu_params(alpha)); }

Tensor gelu(const Tensor& x, bool tanh_approximation) { return tanh_approximation ? gelu_tanh(x) : gelu(x); }

Tensor softplus(const Tensor& x, double beta, double threshold) {
  return softplus(x, PointwiseParams{beta, threshold, 0});
}

Tensor hardtanh(const Tensor& x, double min, double max) {
  return hardtanh(x, hardtanh_params(x.dtype(), min, max));
}
void hardtanh_(const Tensor& self, double min, double max) {
  hardtanh_(self, hardtanh_params(self.dtype(), min, max));
}

Tensor threshold(const Tensor& x, double threshold, double value) {
  return ops::threshold(x, threshold_params(x.dtype(), threshold, value));
}
void threshold_(const Tensor& self, double threshold, double value) {
  ops::threshold_(self, threshold_params(self.dtype(), threshold, value));
}

Tensor softshrink(const Tensor& x, double lambda) {
  TT_CHECK(lambda >= 0, Status::kInvalidArgument, "lambd is ", lambda, ", expected 0 or more");
  return softshrink(x, lambda_params(x.dtype(), lambda));
}
Tensor hardshrink(const Tensor& x, double lambda) { return hardshrink(x, lambda_params(x.dtype(), lambda)); }

// Of integers, 1 + |x| is one too, and wraps around, as in PyTorch.
Tensor softsign(const Tensor& x) { return div(x, add(abs(x), 1)); }
Tensor tanhshrink(const Tensor& x) { return sub(x, tanh(x)); }

Tensor prelu(const Tensor& x, const Tensor& weight) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&x, &weight});
    return prelu(cast(x), cast(weight));
  }
  TT_CHECK(weight.dtype() == x.dtype(), Status::kDtype, "input and weight must have one dtype, got ",
           x.dtype(), " and ", weight.dtype());
  TT_CHECK(weight.ndim() <= 1, Status::kShape, "weight must have 0 or 1 dimensions, got shape ",
           weight.sizes());
  if (weight.numel() == 1) return prelu_kernel(x, reshape(weight, {}));
  const int64_t channels = x.ndim() == 0 ? 0 : x.ndim() == 1 ? 1 : x.size(1);
  TT_CHECK(x.ndim() > 0, Status::kShape, "input has no dimensions, so weight must have one element, but has ",
           weight.numel());
  TT_CHECK(channels == weight.numel(), Status::kShape, "weight has ", weight.numel(),
           " elements, expected 1 or one for each of the ", channels, " channels of input");
  Dims shape = Dims::filled(x.ndim(), 1);
  shape[x.ndim() > 1 ? 1 : 0] = weight.numel();
  return prelu_kernel(x, view(weight, shape));
}

Tensor glu(const Tensor& x, int64_t dim) {
  TT_CHECK(is_floating(x.dtype()), Status::kDtype, "glu is not implemented for ", x.dtype());
  TT_CHECK(x.ndim() > 0, Status::kShape, "glu does not support 0-dimensional tensors");
  const int d = wrap_dim(dim, x.ndim());
  TT_CHECK(x.size(d) % 2 == 0, Status::kShape, "the size of dimension ", d, " of input must be even, got ",
           x.size(d));
  Dims half = x.sizes();
  half[d] /= 2;
  const Tensor values = as_strided(x, half, x.strides(), x.offset());
  const Tensor gate = as_strided(x, half, x.strides(), x.offset() + half[d] * x.stride(d));
  return mul(values, sigmoid(gate));
}

}  // namespace tt::ops
