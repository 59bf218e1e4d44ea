#include "ops/reduce/reduce.h"

#include <limits>

#include "autograd/meta.h"
#include "ops/autocast.h"
#include "ops/reduce/reduce_detail.h"

namespace tt {

namespace {
#define TT_ROW_NAME(name, ...) #name,
constexpr std::string_view kReduceNames[] = {TT_REDUCE_OPS(TT_ROW_NAME)};
#undef TT_ROW_NAME
}  // namespace

std::string_view name(ReduceOp op) { return kReduceNames[static_cast<int>(op)]; }

namespace ops {

namespace detail {

uint32_t dim_mask(std::span<const int64_t> dims, int ndim) {
  if (dims.empty()) return full_mask(ndim);
  uint32_t mask = 0;
  for (const int64_t dim : dims) {
    const int d = wrap_dim(dim, ndim);
    TT_CHECK(!(mask & (1u << d)), Status::kInvalidArgument, "dim ", d,
             " appears multiple times in the list of dims");
    mask |= 1u << d;
  }
  return mask & full_mask(ndim);
}

Dims kept_sizes(const Dims& sizes, uint32_t mask) {
  Dims out = sizes;
  for (int i = 0; i < sizes.size(); ++i) {
    if (mask & (1u << i)) out[i] = 1;
  }
  return out;
}

Dims dropped_sizes(const Dims& sizes, uint32_t mask) {
  Dims out;
  if (mask == full_mask(sizes.size())) return out;
  for (int i = 0; i < sizes.size(); ++i) {
    if (!(mask & (1u << i))) out.push_back(sizes[i]);
  }
  return out;
}

int64_t reduced_count(const Dims& sizes, uint32_t mask) {
  int64_t count = 1;
  for (int i = 0; i < sizes.size(); ++i) {
    if (mask & (1u << i)) count *= sizes[i];
  }
  return count;
}

Tensor run_reduce(ReduceOp op, const Tensor& t, uint32_t mask, const Dims& out_sizes, DType out_dtype,
                  const Scalar& empty_value, const ReduceParams& params) {
  if (t.numel() == 0) return full(out_sizes, empty_value, out_dtype, t.device());
  const Tensor out = empty(out_sizes, out_dtype, t.device());
  LoopOperand result(out);
  Dims kept, strides;
  if (mask == full_mask(t.ndim())) {
    result.sizes = result.strides = &kept;  // a single value broadcasts whatever the shape
  } else {
    kept = kept_sizes(t.sizes(), mask);
    strides = contiguous_strides(kept);
    result.sizes = &kept;
    result.strides = &strides;
  }
  run(t.device(), call::Reduce{op, make_reduce_loop({result, t}), params});
  return out;
}

Tensor restore(const Tensor& result, const Dims& kept) {
  return result.ndim() == 0 || result.sizes() == kept ? result : reshape(result, kept);
}

Tensor distribute_evenly(const Tensor& grad, const Tensor& input, const Tensor& value, uint32_t mask,
                         bool nan_equal) {
  Tensor chosen;
  {
    const GradMode off(false);
    chosen = eq(input, value);
    if (nan_equal && is_floating(input.dtype())) chosen = add(chosen, mul(isnan(input), isnan(value)));
    chosen = to_dtype(chosen, grad.dtype());
  }
  const Dims kept = kept_sizes(input.sizes(), mask);
  const Tensor count =
      run_reduce(ReduceOp::sum, chosen, mask, value.ndim() == 0 ? Dims() : kept, grad.dtype(), 0);
  return mul(div(grad, count), chosen);
}

void check_not_empty(const char* op, const Tensor& t, uint32_t mask, bool dims_given) {
  if (t.numel() > 0) return;
  TT_CHECK(dims_given, Status::kShape, "input is empty, so there must be a dim, of a size other than 0");
  for (int i = 0; i < t.ndim(); ++i) {
    TT_CHECK(!(mask & (1u << i)) || t.size(i) > 0, Status::kShape, "dimension ", i,
             " of input has size 0, and ", op, " of nothing is not defined");
  }
}

}  // namespace detail

using namespace detail;

namespace {

// The gradient of a sum: the result's, for every element that went into it.
void record_sum(const char* op, const Tensor& out, const Tensor& t, uint32_t mask) {
  if (!needs_grad(t)) return;
  const Dims sizes = t.sizes();
  record(op, out, {&t}, [sizes, mask](BackwardContext& context) {
    context.set(0, expand(restore(context.grad(), kept_sizes(sizes, mask)), sizes));
  });
}

Tensor sum_masked(const Tensor& t, uint32_t mask, const Dims& out_sizes) {
  const DType out_dtype = is_integral(t.dtype()) ? DType::kInt64 : t.dtype();
  const Tensor out = run_reduce(ReduceOp::sum, t, mask, out_sizes, out_dtype, 0);
  record_sum("sum", out, t, mask);
  return out;
}

// The dtype that a sum's operand is brought to: the one asked for, else its own.
Tensor operand(const Tensor& t, OptionalDType dtype) { return to_dtype(t, dtype.value_or(t.dtype())); }
// And what is left to do: integers have been added up as int64.
Tensor narrowed(const Tensor& out, OptionalDType dtype) { return dtype ? to_dtype(out, *dtype) : out; }

}  // namespace

Tensor sum(const Tensor& t, DimList dims, bool keepdim, OptionalDType dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return sum(cast(t), dims, keepdim, dtype);
  }
  const uint32_t mask = dim_mask(dims, t.ndim());
  const Dims out_sizes = result_sizes(t.sizes(), mask, keepdim);
  if (!dtype) return sum_masked(t, mask, out_sizes);
  return narrowed(sum_masked(operand(t, dtype), mask, out_sizes), dtype);
}

Tensor nansum(const Tensor& t, DimList dims, bool keepdim, OptionalDType dtype) {
  if (is_integral(t.dtype())) return sum(t, dims, keepdim, dtype);
  if (dtype && is_integral(*dtype)) {
    const GradMode off(false);
    return to_dtype(nansum(t, dims, keepdim), *dtype);
  }
  const Tensor x = operand(t, dtype);
  const uint32_t mask = dim_mask(dims, t.ndim());
  const Tensor out =
      run_reduce(ReduceOp::nansum, x, mask, result_sizes(x.sizes(), mask, keepdim), x.dtype(), 0);
  if (needs_grad(x)) {
    record("nansum", out, {&x}, [x = SavedTensor::input(x), mask](BackwardContext& context) {
      const Tensor input = context.unpack(x);
      const Tensor numbers = eq(input, input);
      context.set(0, mul(restore(context.grad(), kept_sizes(input.sizes(), mask)),
                         indicator(numbers, input.dtype())));
    });
  }
  return out;
}

Tensor mean(const Tensor& t, DimList dims, bool keepdim, OptionalDType dtype) {
  TT_CHECK(is_floating(dtype.value_or(t.dtype())), Status::kDtype, dtype ? "dtype is " : "input is ",
           dtype.value_or(t.dtype()), ", expected a floating dtype");
  const Tensor x = operand(t, dtype);
  const uint32_t mask = dim_mask(dims, t.ndim());
  const Tensor out = run_reduce(ReduceOp::mean, x, mask, result_sizes(x.sizes(), mask, keepdim), x.dtype(),
                                std::numeric_limits<double>::quiet_NaN());
  if (needs_grad(x)) {
    const Dims sizes = x.sizes();
    record("mean", out, {&x}, [sizes, mask](BackwardContext& context) {
      const Tensor share = div(context.grad(), static_cast<double>(reduced_count(sizes, mask)));
      context.set(0, expand(restore(share, kept_sizes(sizes, mask)), sizes));
    });
  }
  return out;
}

Tensor prod_dim(const Tensor& t, int64_t dim, bool keepdim, OptionalDType dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return prod_dim(cast(t), dim, keepdim, dtype);
  }
  const Tensor x = operand(t, dtype);
  const int64_t dims[] = {dim};
  const uint32_t mask = dim_mask(dims, t.ndim());
  const DType out_dtype = is_integral(x.dtype()) ? DType::kInt64 : x.dtype();
  const Tensor out =
      run_reduce(ReduceOp::prod, x, mask, result_sizes(x.sizes(), mask, keepdim), out_dtype, 1);
  if (needs_grad(x)) {
    const int d = wrap_dim(dim, x.ndim());
    record("prod", out, {&x}, [x = SavedTensor::input(x), mask, d](BackwardContext& context) {
      // The product of all other elements is that of those before and that of those after: no division, so
      // zeros are no special case.
      const Tensor input = context.unpack(x);
      const Tensor others =
          mul(shift(cumprod(input, d), d, 1, 1), shift(reverse_cumprod(input, d), d, -1, 1));
      context.set(0, mul(restore(context.grad(), kept_sizes(input.sizes(), mask)), others));
    });
  }
  return narrowed(out, dtype);
}

Tensor prod(const Tensor& t, OptionalDType dtype) {
  const Dims flat{t.numel()};
  return prod_dim(t.ndim() == 1 ? t : reshape(t, flat), 0, false, dtype);
}

Tensor sum_to_size(const Tensor& t, const Dims& sizes) {
  if (t.sizes() == sizes) return t;
  const int lead = t.ndim() - sizes.size();
  TT_CHECK(lead >= 0, Status::kShape, "a gradient of shape ", t.sizes(), " does not come from shape ", sizes);
  uint32_t mask = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    if (i < lead) {
      mask |= 1u << i;
      continue;
    }
    TT_CHECK(sizes[i - lead] == t.size(i) || sizes[i - lead] == 1, Status::kShape, "a gradient of shape ",
             t.sizes(), " does not come from shape ", sizes);
    if (sizes[i - lead] != t.size(i)) mask |= 1u << i;
  }
  if (mask == 0) return t;
  const DType dtype = t.dtype();
  const Tensor out = sum_masked(t, mask, sizes);
  return out.dtype() == dtype ? out : to_dtype(out, dtype);
}

// ---- extremes ----

namespace {

// `whole`: max and min, of whose gradients NaNs take their shares; with amax and amin nothing equals a NaN.
Tensor extreme(ReduceOp op, const char* title, const Tensor& t, DimList dims, bool keepdim,
               bool whole = false) {
  const uint32_t mask = dim_mask(dims, t.ndim());
  check_not_empty(title, t, mask, !dims.empty());
  const Tensor out = run_reduce(op, t, mask, result_sizes(t.sizes(), mask, keepdim), t.dtype(), 0);
  if (needs_grad(t)) {
    record(
        title, out, {&t},
        [t = SavedTensor::input(t), out = SavedTensor::output(out), mask, whole](BackwardContext& context) {
          const Tensor input = context.unpack(t);
          const Dims kept = kept_sizes(input.sizes(), mask);
          context.set(0, distribute_evenly(restore(context.grad(), kept), input,
                                           restore(context.unpack(out), kept), mask, whole));
        });
  }
  return out;
}

// One line along all of t.
Tensor flattened(const Tensor& t) { return reshape(t, Dims{t.numel()}); }

ValuesAndIndices extreme_dim(bool largest, const Tensor& t, int64_t dim, bool keepdim) {
  const char* title = largest ? "max" : "min";
  const int d = wrap_dim(dim, t.ndim());
  const uint32_t mask = (1u << d) & full_mask(t.ndim());
  check_not_empty(title, t, mask, true);
  const Dims kept = kept_sizes(t.sizes(), mask);
  const Dims sizes = result_sizes(t.sizes(), mask, keepdim);
  const Tensor values = empty(kept, t.dtype(), t.device());
  const Tensor indices = empty(kept, DType::kInt64, t.device());
  if (t.numel() > 0) {
    run(t.device(), call::ArgReduce{make_lines(d, {&values, &indices, &t}), largest});
  }
  const ValuesAndIndices out = {alias(values, sizes, contiguous_strides(sizes), 0),
                                alias(indices, sizes, contiguous_strides(sizes), 0)};
  if (needs_grad(t)) {
    const int64_t length = t.ndim() == 0 ? 1 : t.size(d);
    record(title, out.values, {&t},
           [indices = SavedTensor::input(indices), kept, d, length](BackwardContext& context) {
             context.set(0, place_along(restore(context.grad(), kept), context.unpack(indices), d, length));
           });
  }
  return out;
}

Tensor arg_extreme(bool largest, const Tensor& t, std::optional<int64_t> dim, bool keepdim) {
  const char* title = largest ? "argmax" : "argmin";
  TT_CHECK(t.dtype() != DType::kBool, Status::kDtype, title, " is not implemented for bool");
  const GradMode off(false);
  if (!dim) {
    TT_CHECK(t.numel() > 0, Status::kShape, "input is empty, so there must be a dim, of a size other than 0");
    const Tensor indices = arg_extreme(largest, flattened(t), 0, false);
    return keepdim ? alias(indices, kept_sizes(t.sizes(), full_mask(t.ndim())), Dims::filled(t.ndim(), 1), 0)
                   : indices;
  }
  const int d = wrap_dim(*dim, t.ndim());
  const uint32_t mask = (1u << d) & full_mask(t.ndim());
  check_not_empty(title, t, mask, true);
  const Tensor indices = empty(kept_sizes(t.sizes(), mask), DType::kInt64, t.device());
  if (t.numel() > 0) {
    Lines lines = make_lines(d, {&indices, &indices, &t});
    // No values are wanted: the address stays null wherever the loop goes.
    lines.outer.data[0] = nullptr;
    lines.outer.dtype[0] = t.dtype();
    for (int i = 0; i < lines.outer.ndim; ++i) lines.outer.strides[0][i] = 0;
    run(t.device(), call::ArgReduce{lines, largest});
  }
  const Dims sizes = result_sizes(t.sizes(), mask, keepdim);
  return alias(indices, sizes, contiguous_strides(sizes), 0);
}

}  // namespace

Tensor amax(const Tensor& t, DimList dims, bool keepdim) {
  return extreme(ReduceOp::amax, "amax", t, dims, keepdim);
}
Tensor amin(const Tensor& t, DimList dims, bool keepdim) {
  return extreme(ReduceOp::amin, "amin", t, dims, keepdim);
}
Tensor max(const Tensor& t) { return extreme(ReduceOp::amax, "max", t, {}, false, true); }
Tensor min(const Tensor& t) { return extreme(ReduceOp::amin, "min", t, {}, false, true); }
ValuesAndIndices max_dim(const Tensor& t, int64_t dim, bool keepdim) {
  return extreme_dim(true, t, dim, keepdim);
}
ValuesAndIndices min_dim(const Tensor& t, int64_t dim, bool keepdim) {
  return extreme_dim(false, t, dim, keepdim);
}
Tensor argmax(const Tensor& t, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme(true, t, dim, keepdim);
}
Tensor argmin(const Tensor& t, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme(false, t, dim, keepdim);
}

// ---- logic ----

namespace {
Tensor logical(ReduceOp op, const Tensor& t, DimList dims, bool keepdim) {
  const uint32_t mask = dim_mask(dims, t.ndim());
  const DType dtype = t.dtype() == DType::kUInt8 ? DType::kUInt8 : DType::kBool;
  return run_reduce(op, t, mask, result_sizes(t.sizes(), mask, keepdim), dtype, op == ReduceOp::all);
}
}  // namespace

Tensor all(const Tensor& t, DimList dims, bool keepdim) { return logical(ReduceOp::all, t, dims, keepdim); }
Tensor any(const Tensor& t, DimList dims, bool keepdim) { return logical(ReduceOp::any, t, dims, keepdim); }

Tensor count_nonzero(const Tensor& t, DimList dims) {
  const uint32_t mask = dim_mask(dims, t.ndim());
  return run_reduce(ReduceOp::count_nonzero, t, mask, dropped_sizes(t.sizes(), mask), DType::kInt64, 0);
}

// ---- comparisons ----

bool equal(const Tensor& a, const Tensor& b) {
  const Arg both[] = {a, b};
  common_device(both);
  TT_CHECK(a.device() == b.device(), Status::kDevice, "input is on ", a.device(), ", but other is on ",
           b.device());
  if (a.sizes() != b.sizes()) return false;
  if (a.numel() == 0) return true;
  const GradMode off(false);
  const DType dtype = result_type(a, b);
  const Tensor x = to_dtype(a, dtype), y = to_dtype(b, dtype);
  bool equal = false;
  run(a.device(), call::Equal{make_loop(x.sizes(), {x, y}), &equal});
  return equal;
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  TT_CHECK(a.dtype() == b.dtype(), Status::kDtype, "input is ", a.dtype(), ", but other is ", b.dtype());
  TT_CHECK(rtol >= 0, Status::kInvalidArgument, "rtol is ", rtol, ", expected 0 or more");
  TT_CHECK(atol >= 0, Status::kInvalidArgument, "atol is ", atol, ", expected 0 or more");
  TT_CHECK(a.device() == b.device(), Status::kDevice,
           "expected all tensors to be on the same device, but found at least two devices, ", a.device(),
           " and ", b.device(), "!");
  const Tensor out = empty(broadcast(a.sizes(), b.sizes()), DType::kBool, a.device());
  if (out.numel() > 0) {
    run(a.device(), call::IsClose{make_loop(out.sizes(), {out, a, b}), rtol, atol, equal_nan});
  }
  return out;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  const Tensor result = to_host(all(isclose(a, b, rtol, atol, equal_nan)));
  return *result.data<bool>();
}

}  // namespace ops
}  // namespace tt
