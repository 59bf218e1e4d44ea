// Reductions with a smooth nonlinearity: var, std, vector_norm, logsumexp.
#include <cmath>
#include <limits>

#include "autograd/meta.h"
#include "base/warning.h"
#include "ops/autocast.h"
#include "ops/reduce/reduce_detail.h"

namespace tt::ops {

using namespace detail;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// x with zeros replaced by ones, and where they were: for quotients whose value at zero is defined to be
// zero.
struct Safe {
  Tensor value;
  Tensor nonzero;  // 1 or 0
  explicit Safe(const Tensor& x) {
    const Tensor zero = indicator(eq(x, 0), x.dtype());
    value = add(x, zero);
    nonzero = rsub(1.0, zero);
  }
};

Tensor var_gradient(const Tensor& grad, const Tensor& x, uint32_t mask, double correction) {
  int64_t dims[kMaxDims];
  size_t n = 0;
  for (int i = 0; i < x.ndim(); ++i) {
    if (mask & (1u << i)) dims[n++] = i;
  }
  const double scale = 2.0 / (static_cast<double>(reduced_count(x.sizes(), mask)) - correction);
  return mul(mul(grad, scale), sub(x, mean(x, DimList(dims, n), true)));
}

Tensor spread(ReduceOp op, const char* title, const Tensor& t, DimList dims, double correction,
              bool keepdim) {
  TT_CHECK(is_floating(t.dtype()), Status::kDtype, "input is ", t.dtype(), ", expected a floating dtype");
  const uint32_t mask = dim_mask(dims, t.ndim());
  const int64_t count = reduced_count(t.sizes(), mask);
  if (t.numel() > 0 && static_cast<double>(count) <= correction) {
    warn(title, ": ", count, " elements with a correction of ", correction,
         " leave no degree of freedom: the result is not finite");
  }
  ReduceParams params;
  params.correction = correction;
  const Tensor out = run_reduce(op, t, mask, result_sizes(t.sizes(), mask, keepdim), t.dtype(),
                                std::numeric_limits<double>::quiet_NaN(), params);
  if (!needs_grad(t)) return out;
  if (op == ReduceOp::var) {
    record(title, out, {&t}, [t = SavedTensor::input(t), mask, correction](BackwardContext& context) {
      const Tensor x = context.unpack(t);
      context.set(0, var_gradient(restore(context.grad(), kept_sizes(x.sizes(), mask)), x, mask, correction));
    });
  } else {
    record(title, out, {&t},
           [t = SavedTensor::input(t), out = SavedTensor::output(out), mask,
            correction](BackwardContext& context) {
             const Tensor x = context.unpack(t);
             const Safe y(context.unpack(out));
             const Tensor grad = mul(div(context.grad(), mul(y.value, 2.0)), y.nonzero);
             context.set(0, var_gradient(restore(grad, kept_sizes(x.sizes(), mask)), x, mask, correction));
           });
  }
  return out;
}

// |x|^p, 0 where x is 0; its gradient is that of the power elsewhere.
Tensor magnitude_power(const Tensor& x, double p) {
  if (p == 0) return ones_like(x);
  const Safe safe(abs(x));
  return mul(exp(mul(log(safe.value), p)), safe.nonzero);
}

Tensor norm_gradient(const Tensor& grad, const Tensor& x, const Tensor& norm, double ord, uint32_t mask) {
  if (ord == 0) return zeros_like(x);
  if (ord == 1) return mul(sign(x), grad);
  if (ord == 2) {
    const Safe y(norm);
    return mul(x, mul(div(grad, y.value), y.nonzero));
  }
  if (std::isinf(ord)) return mul(sign(x), distribute_evenly(grad, abs(x), norm, mask, true));
  const Safe y(norm);
  const Tensor scale = mul(mul(grad, magnitude_power(y.value, 1 - ord)), y.nonzero);
  return mul(mul(sign(x), magnitude_power(x, ord - 1)), scale);
}

}  // namespace

Tensor var(const Tensor& t, DimList dims, double correction, bool keepdim) {
  return spread(ReduceOp::var, "var", t, dims, correction, keepdim);
}

Tensor stddev(const Tensor& t, DimList dims, double correction, bool keepdim) {
  return spread(ReduceOp::std, "std", t, dims, correction, keepdim);
}

Tensor vector_norm(const Tensor& t, double ord, DimList dims, bool keepdim, OptionalDType dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return vector_norm(cast(t), ord, dims, keepdim, dtype);
  }
  TT_CHECK(is_floating(t.dtype()), Status::kDtype, "input is ", t.dtype(), ", expected a floating dtype");
  if (dtype) {
    TT_CHECK(is_floating(*dtype), Status::kDtype, "dtype is ", *dtype, ", expected a floating dtype");
    TT_CHECK(promote(t.dtype(), *dtype) == *dtype, Status::kDtype, "dtype is ", *dtype,
             ", narrower than input's, ", t.dtype());
  }
  const uint32_t mask = dim_mask(dims, t.ndim());
  if (t.numel() == 0 && (ord < 0 || ord == kInfinity)) {
    TT_CHECK(!dims.empty(), Status::kShape, "input is empty, and there is no norm of order ", ord,
             " of nothing");
    for (int i = 0; i < t.ndim(); ++i) {
      TT_CHECK(!(mask & (1u << i)) || t.size(i) > 0, Status::kShape, "dimension ", i,
               " of input is empty, and there is no norm of order ", ord, " of nothing");
    }
  }
  const Tensor x = to_dtype(t, dtype.value_or(t.dtype()));
  ReduceParams params;
  params.ord = ord;
  const Tensor out =
      run_reduce(ReduceOp::norm, x, mask, result_sizes(x.sizes(), mask, keepdim), x.dtype(), 0, params);
  if (needs_grad(x)) {
    record("linalg_vector_norm", out, {&x},
           [x = SavedTensor::input(x), out = SavedTensor::output(out), ord, mask](BackwardContext& context) {
             const Tensor input = context.unpack(x);
             const Dims kept = kept_sizes(input.sizes(), mask);
             context.set(0, norm_gradient(restore(context.grad(), kept), input,
                                          restore(context.unpack(out), kept), ord, mask));
           });
  }
  return out;
}

Tensor logsumexp(const Tensor& t, DimList dims, bool keepdim) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return logsumexp(cast(t), dims, keepdim);
  }
  const Tensor x = is_floating(t.dtype()) ? t : to_dtype(t, default_dtype());
  const uint32_t mask = dim_mask(dims, t.ndim());
  const Tensor out =
      run_reduce(ReduceOp::logsumexp, x, mask, result_sizes(x.sizes(), mask, keepdim), x.dtype(), -kInfinity);
  if (needs_grad(x)) {
    record("logsumexp", out, {&x},
           [x = SavedTensor::input(x), out = SavedTensor::output(out), mask](BackwardContext& context) {
             const Tensor input = context.unpack(x);
             const Dims kept = kept_sizes(input.sizes(), mask);
             context.set(
                 0, mul(restore(context.grad(), kept), exp(sub(input, restore(context.unpack(out), kept)))));
           });
  }
  return out;
}

}  // namespace tt::ops
