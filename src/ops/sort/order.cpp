#include "ops/sort/order.h"

#include <cmath>
#include <cstring>

#include "autograd/meta.h"
#include "tensor/layout.h"
#include "ops/autocast.h"
#include "ops/reduce/reduce_detail.h"

namespace tt::ops {

using namespace detail;

namespace {

Dims with_size(const Dims& sizes, int dim, int64_t size) {
  Dims out = sizes;
  if (out.size() > 0) out[dim] = size;
  return out;
}

int64_t length_of(const Tensor& t, int dim) { return t.ndim() == 0 ? 1 : t.size(dim); }

// The dtype of running sums and products.
DType scan_dtype(const Tensor& t, OptionalDType dtype) {
  return dtype.value_or(is_integral(t.dtype()) ? DType::kInt64 : t.dtype());
}

Tensor run_scan(ScanOp op, const Tensor& t, int dim, bool reverse) {
  const Tensor out = empty_like(t);
  if (t.numel() > 0) run(t.device(), call::Scan{op, make_lines(dim, {&out, &t}), reverse});
  return out;
}

Tensor sum_scan(const Tensor& t, int dim, bool reverse) {
  const Tensor out = run_scan(ScanOp::kSum, t, dim, reverse);
  if (needs_grad(t)) {
    record("cumsum", out, {&t}, [dim, reverse](BackwardContext& context) {
      context.set(0, sum_scan(context.grad(), dim, !reverse));
    });
  }
  return out;
}

// y[k] = x[k] * y[k - 1]. With l[k] = g[k] + x[k + 1] * l[k + 1], the gradient of x[k] is l[k] * y[k - 1]:
// linear in time, and right where x is zero.
Tensor prod_scan_gradient(const Tensor& grad, const Tensor& x, const Tensor& y, int dim, bool reverse) {
  const int back = reverse ? 1 : -1;
  return mul(affine_scan(shift(x, dim, back, 0), grad, dim, !reverse), shift(y, dim, -back, 1));
}

Tensor prod_scan(const Tensor& t, int dim, bool reverse) {
  const Tensor out = run_scan(ScanOp::kProd, t, dim, reverse);
  if (needs_grad(t)) {
    record(
        "cumprod", out, {&t},
        [t = SavedTensor::input(t), out = SavedTensor::output(out), dim, reverse](BackwardContext& context) {
          context.set(
              0, prod_scan_gradient(context.grad(), context.unpack(t), context.unpack(out), dim, reverse));
        });
  }
  return out;
}

void scan_inplace(ScanOp op, const char* title, const Tensor& self, int64_t dim) {
  check_inplace(self, title);
  if (op == ScanOp::kSum) return copy_(self, cumsum(self, dim, self.dtype()));
  // The product's gradient needs the values before the write.
  copy_(self, cumprod(needs_grad(self) ? clone(self) : self, dim, self.dtype()));
}

}  // namespace

Tensor cumsum(const Tensor& t, int64_t dim, OptionalDType dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return cumsum(cast(t), dim, dtype);
  }
  const int d = wrap_dim(dim, t.ndim());
  return sum_scan(to_dtype(t, scan_dtype(t, dtype)), d, false);
}
Tensor cumprod(const Tensor& t, int64_t dim, OptionalDType dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&t});
    return cumprod(cast(t), dim, dtype);
  }
  const int d = wrap_dim(dim, t.ndim());
  return prod_scan(to_dtype(t, scan_dtype(t, dtype)), d, false);
}
Tensor reverse_cumsum(const Tensor& t, int64_t dim) { return sum_scan(t, wrap_dim(dim, t.ndim()), true); }
Tensor reverse_cumprod(const Tensor& t, int64_t dim) { return prod_scan(t, wrap_dim(dim, t.ndim()), true); }
void cumsum_(const Tensor& self, int64_t dim) { scan_inplace(ScanOp::kSum, "cumsum_", self, dim); }
void cumprod_(const Tensor& self, int64_t dim) { scan_inplace(ScanOp::kProd, "cumprod_", self, dim); }

Tensor affine_scan(const Tensor& a, const Tensor& b, int64_t dim, bool reverse) {
  const int d = wrap_dim(dim, b.ndim());
  const Tensor out = empty_like(b);
  const Tensor ready_a = a.sizes() == b.sizes() ? a : expand(a, b.sizes());
  if (out.numel() > 0) run(b.device(), call::AffineScan{make_lines(d, {&out, &ready_a, &b}), reverse});
  if (needs_grad(ready_a, b)) {
    record("affine_scan", out, {&ready_a, &b},
           [a = SavedTensor::input(ready_a), out = SavedTensor::output(out), d,
            reverse](BackwardContext& context) {
             const int back = reverse ? 1 : -1;
             const Tensor adjoint =
                 affine_scan(shift(context.unpack(a), d, back, 0), context.grad(), d, !reverse);
             if (context.needs(0)) {
               context.set(0, mul(adjoint, shift(context.unpack(out), d, -back, 0)));
             }
             if (context.needs(1)) context.set(1, adjoint);
           });
  }
  return out;
}

Tensor shift(const Tensor& t, int64_t dim, int by, double fill) {
  const int d = wrap_dim(dim, t.ndim());
  const Tensor out = full(t.sizes(), fill, t.dtype(), t.device());
  const int64_t n = length_of(t, d);
  if (n > 1 && t.numel() > 0) {
    const Dims sizes = with_size(t.sizes(), d, n - 1);
    const Tensor from = alias(t, sizes, t.strides(), t.offset() + (by > 0 ? 0 : t.stride(d)));
    const Tensor to = alias(out, sizes, out.strides(), by > 0 ? out.stride(d) : 0);
    copy_values(to, from);
  }
  if (needs_grad(t)) {
    record("shift", out, {&t},
           [d, by](BackwardContext& context) { context.set(0, shift(context.grad(), d, -by, 0)); });
  }
  return out;
}

// ---- moves by index ----

Tensor pick_along(const Tensor& t, const Tensor& indices, int dim) {
  const Tensor out = empty(indices.sizes(), t.dtype(), t.device());
  if (out.numel() > 0) run(t.device(), call::Pick{make_lines(dim, {&out, &t, &indices})});
  if (needs_grad(t)) {
    const int64_t size = length_of(t, dim);
    record("pick_along", out, {&t},
           [indices = SavedTensor::input(indices), dim, size](BackwardContext& context) {
             context.set(0, place_along(context.grad(), context.unpack(indices), dim, size));
           });
  }
  return out;
}

Tensor place_along(const Tensor& values, const Tensor& indices, int dim, int64_t size) {
  const Tensor out = zeros(with_size(indices.sizes(), dim, size), values.dtype(), values.device());
  const Tensor from = values.sizes() == indices.sizes() ? values : expand(values, indices.sizes());
  if (from.numel() > 0) run(values.device(), call::Place{make_lines(dim, {&out, &from, &indices})});
  if (needs_grad(from)) {
    record("place_along", out, {&from},
           [indices = SavedTensor::input(indices), dim](BackwardContext& context) {
             context.set(0, pick_along(context.grad(), context.unpack(indices), dim));
           });
  }
  return out;
}

// ---- order ----

namespace {

// Makes `out.values` the elements of t that out.indices name. `kept`: the shape of both with the dimension.
void record_selection(const char* op, const ValuesAndIndices& out, const Tensor& t, int dim,
                      const Dims& kept) {
  if (!needs_grad(t)) return;
  const int64_t size = length_of(t, dim);
  const Tensor indices =
      out.indices.sizes() == kept ? out.indices : alias(out.indices, kept, contiguous_strides(kept), 0);
  record(op, out.values, {&t},
         [indices = SavedTensor::input(indices), dim, size, kept](BackwardContext& context) {
           context.set(0, place_along(restore(context.grad(), kept), context.unpack(indices), dim, size));
         });
}

ValuesAndIndices make_outputs(const Tensor& t, const Dims& sizes) {
  return {empty(sizes, t.dtype(), t.device()), empty(sizes, DType::kInt64, t.device())};
}

ValuesAndIndices select_kth(const char* op, const Tensor& t, int d, bool keepdim, int64_t k, bool nan_first) {
  const uint32_t mask = (1u << d) & full_mask(t.ndim());
  const Dims kept = kept_sizes(t.sizes(), mask);
  const ValuesAndIndices wide = make_outputs(t, kept);
  if (t.numel() > 0)
    run(t.device(), call::KthValue{make_lines(d, {&wide.values, &wide.indices, &t}), k, nan_first});
  const Dims sizes = result_sizes(t.sizes(), mask, keepdim);
  const Dims strides = contiguous_strides(sizes);
  const ValuesAndIndices out = {alias(wide.values, sizes, strides, 0),
                                alias(wide.indices, sizes, strides, 0)};
  record_selection(op, out, t, d, kept);
  return out;
}

void refuse_bool(const Tensor& t, const char* op) {
  TT_CHECK(t.dtype() != DType::kBool, Status::kDtype, op, " is not implemented for bool");
}

}  // namespace

ValuesAndIndices sort(const Tensor& t, int64_t dim, bool descending) {
  const int d = wrap_dim(dim, t.ndim());
  const ValuesAndIndices out = {empty_preserving(t), empty_preserving(t, DType::kInt64, t.device())};
  if (t.numel() > 0) run(t.device(), call::Sort{make_lines(d, {&out.values, &out.indices, &t}), descending});
  record_selection("sort", out, t, d, t.sizes());
  return out;
}

Tensor argsort(const Tensor& t, int64_t dim, bool descending) {
  const GradMode off(false);
  return sort(t, dim, descending).indices;
}

ValuesAndIndices topk(const Tensor& t, int64_t k, int64_t dim, bool largest, bool sorted) {
  const int d = wrap_dim(dim, t.ndim());
  TT_CHECK(k >= 0 && k <= length_of(t, d), Status::kInvalidArgument, "k is ", k, ", but dimension ", d,
           " of input has size ", length_of(t, d));
  refuse_bool(t, "topk");
  const Dims sizes = with_size(t.sizes(), d, k);
  const ValuesAndIndices out = make_outputs(t, sizes);
  if (k > 0 && t.numel() > 0) {
    run(t.device(), call::TopK{make_lines(d, {&out.values, &out.indices, &t}), k, largest, sorted});
  }
  record_selection("topk", out, t, d, sizes);
  return out;
}

ValuesAndIndices kthvalue(const Tensor& t, int64_t k, int64_t dim, bool keepdim) {
  const int d = wrap_dim(dim, t.ndim());
  refuse_bool(t, "kthvalue");
  check_not_empty("kthvalue", t, (1u << d) & full_mask(t.ndim()), true);
  TT_CHECK(k >= 1 && k <= length_of(t, d), Status::kInvalidArgument, "k is ", k, ", but dimension ", d,
           " of input has size ", length_of(t, d));
  return select_kth("kthvalue", t, d, keepdim, k - 1, false);
}

ValuesAndIndices median_dim(const Tensor& t, int64_t dim, bool keepdim) {
  const int d = wrap_dim(dim, t.ndim());
  refuse_bool(t, "median");
  check_not_empty("median", t, (1u << d) & full_mask(t.ndim()), true);
  return select_kth("median", t, d, keepdim, (length_of(t, d) - 1) / 2, true);
}

Tensor median(const Tensor& t) {
  refuse_bool(t, "median");
  if (t.numel() == 0) {
    TT_CHECK(is_floating(t.dtype()), Status::kShape, "an empty ", t.dtype(), " tensor has no median");
    const Tensor out = full(Dims(), std::nan(""), t.dtype(), t.device());
    if (needs_grad(t)) {
      record("median", out, {&t},
             [sizes = t.sizes(), dtype = t.dtype(), device = t.device()](BackwardContext& context) {
               context.set(0, zeros(sizes, dtype, device));
             });
    }
    return out;
  }
  Tensor out;
  {
    const GradMode off(false);
    out = median_dim(reshape(t, Dims{t.numel()}), 0).values;
  }
  if (needs_grad(t)) {
    record("median", out, {&t},
           [t = SavedTensor::input(t), out = SavedTensor::output(out)](BackwardContext& context) {
             const Tensor input = context.unpack(t);
             context.set(0, distribute_evenly(context.grad(), input, context.unpack(out),
                                              full_mask(input.ndim()), true));
           });
  }
  return out;
}

// ---- distinct values ----

namespace {

// `rows` is dense, (count, ...): its distinct rows.
Unique unique_rows(const Tensor& rows, bool consecutive, const Dims& inverse_sizes, bool return_inverse,
                   bool return_counts) {
  const int64_t n = rows.size(0);
  const int64_t cols = n == 0 ? 0 : rows.numel() / n;
  const Tensor values = empty(rows.sizes(), rows.dtype(), rows.device());
  Unique out;
  if (return_inverse) out.inverse = empty(inverse_sizes, DType::kInt64, rows.device());
  if (return_counts) out.counts = empty(Dims{n}, DType::kInt64, rows.device());
  int64_t found = 0;
  if (rows.numel() > 0) {
    run(rows.device(), call::Unique{rows.dtype(), rows.raw(), n, cols, consecutive, values.raw(),
                                    return_inverse ? out.inverse.data<int64_t>() : nullptr,
                                    return_counts ? out.counts.data<int64_t>() : nullptr, &found});
  } else {
    TT_CHECK(n == 0, Status::kShape,
             "unique: there are 0 sized dimensions, and they are not the dimension asked for, got shape ",
             rows.sizes());
  }
  // Memory of the result's size, not of the input's.
  const auto trimmed = [found](const Tensor& t) {
    Dims sizes = t.sizes();
    sizes[0] = found;
    return contiguous_copy(alias(t, sizes, t.strides(), 0));
  };
  out.values = trimmed(values);
  if (return_counts) out.counts = trimmed(out.counts);
  return out;
}

Unique unique_flat(const Tensor& t, bool consecutive, bool return_inverse, bool return_counts) {
  const GradMode off(false);
  return unique_rows(contiguous(reshape(t, Dims{t.numel()})), consecutive, t.sizes(), return_inverse,
                     return_counts);
}

Unique unique_along(const Tensor& t, int64_t dim, bool consecutive, bool return_inverse, bool return_counts) {
  const GradMode off(false);
  TT_CHECK(t.ndim() > 0, Status::kShape, "unique: a 0-dim tensor has no dimension to go along");
  const int d = wrap_dim(dim, t.ndim());
  // The other dimensions keep their order: slices are compared element by element as they are written.
  const int64_t along[] = {d}, first[] = {0};
  Unique out = unique_rows(contiguous(movedim(t, along, first)), consecutive, Dims{t.size(d)}, return_inverse,
                           return_counts);
  out.values = movedim(out.values, first, along);
  return out;
}

}  // namespace

Unique unique(const Tensor& t, bool return_inverse, bool return_counts) {
  return unique_flat(t, false, return_inverse, return_counts);
}
Unique unique_dim(const Tensor& t, int64_t dim, bool return_inverse, bool return_counts) {
  return unique_along(t, dim, false, return_inverse, return_counts);
}
Unique unique_consecutive(const Tensor& t, bool return_inverse, bool return_counts,
                          std::optional<int64_t> dim) {
  return dim ? unique_along(t, *dim, true, return_inverse, return_counts)
             : unique_flat(t, true, return_inverse, return_counts);
}

// ---- counting ----

namespace {
// The value of a one-element tensor.
double value_of(const Tensor& t) {
  const Tensor local = to_host(t);
  double value = 0;
  visit_dtype(local.dtype(), [&]<typename T>() { value = static_cast<double>(*local.data<T>()); });
  return value;
}
}  // namespace

Tensor bincount(const Tensor& t, const Tensor& weights, int64_t minlength) {
  const GradMode off(false);
  TT_CHECK(is_integral(t.dtype()) && t.dtype() != DType::kBool, Status::kDtype,
           "bincount is not implemented for ", t.dtype());
  TT_CHECK(minlength >= 0, Status::kInvalidArgument, "minlength is ", minlength, ", expected 0 or more");
  if (t.ndim() == 1 && t.numel() == 0) return zeros(Dims{minlength}, DType::kInt64, t.device());
  TT_CHECK(t.ndim() == 1, Status::kShape, "input must be a vector, got shape ", t.sizes());
  const double least = value_of(min(t));
  TT_CHECK(least >= 0, Status::kInvalidArgument, "input has the value ", least, ", expected 0 or more");
  DType dtype = DType::kInt64;
  Tensor w;
  if (weights.defined()) {
    TT_CHECK(weights.ndim() == 1 && weights.numel() == t.numel(), Status::kShape, "weights has shape ",
             weights.sizes(), ", expected input's, ", t.sizes());
    TT_CHECK(weights.device() == t.device(), Status::kDevice, "input and weights must be on one device, got ",
             t.device(), " and ", weights.device());
    dtype = weights.dtype() == DType::kFloat32 ? DType::kFloat32 : DType::kFloat64;
    w = contiguous(to_dtype(weights, dtype));
  }
  const Tensor wide = to_dtype(max(t), DType::kInt64);
  const Tensor local = to_host(wide);
  const int64_t greatest = *local.data<int64_t>();
  TT_CHECK(greatest < INT64_MAX, Status::kInvalidArgument, "bincount: the value ", greatest, " is too large");
  const int64_t bins = std::max(greatest + 1, minlength);
  const Tensor out = empty(Dims{bins}, dtype, t.device());
  const Tensor in = contiguous(t);
  run(t.device(), call::Bincount{in.dtype(), in.raw(), in.numel(), w.defined() ? w.raw() : nullptr, dtype,
                                 out.raw(), bins});
  return out;
}

Tensor histc(const Tensor& t, int64_t bins, double min, double max) {
  const GradMode off(false);
  TT_CHECK(is_floating(t.dtype()), Status::kDtype, "histc is not implemented for ", t.dtype());
  TT_CHECK(bins > 0, Status::kInvalidArgument, "bins is ", bins, ", expected 1 or more");
  double low = min, high = max;
  if (low == high && t.numel() > 0) {
    low = value_of(ops::min(t));
    high = value_of(ops::max(t));
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  TT_CHECK(std::isfinite(low) && std::isfinite(high), Status::kInvalidArgument, "range of [", low, ", ", high,
           "] is not finite");
  TT_CHECK(low < high, Status::kInvalidArgument, "min is ", low, ", expected no more than max, which is ",
           high);
  const Tensor in = contiguous(t);
  if (in.numel() == 0) return zeros(Dims{bins}, t.dtype(), t.device());
  const Tensor out = empty(Dims{bins}, t.dtype(), t.device());
  run(t.device(), call::Histc{in.dtype(), in.raw(), in.numel(), low, high, out.raw(), bins});
  return out;
}

}  // namespace tt::ops
