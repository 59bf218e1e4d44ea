// Ranges, matrices of a pattern, and grids.
#include <cmath>

#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/index/index_rule.h"
#include "ops/ops.h"
#include "ops/view/view_rule.h"

namespace tt::ops {

namespace {

int64_t arange_length(const Scalar& start, const Scalar& end, const Scalar& step) {
  TT_CHECK(std::isfinite(step.to_double()), Status::kInvalidArgument, "step is ", step.to_double(),
           ", expected a finite number");
  TT_CHECK(step.to_double() != 0, Status::kInvalidArgument, "step must not be 0");
  TT_CHECK(std::isfinite(start.to_double()) && std::isfinite(end.to_double()), Status::kInvalidArgument,
           "start and end must be finite, got ", start.to_double(), " and ", end.to_double());
  const bool up = step.to_double() > 0;
  TT_CHECK(up ? end.to_double() >= start.to_double() : end.to_double() <= start.to_double(),
           Status::kInvalidArgument, "step leads away from end");
  if (!start.is_floating() && !end.is_floating() && !step.is_floating()) {
    // In integers, so that nothing is lost beyond 2^53; the distance of two int64 fits uint64.
    const int64_t first = start.to_int();
    const int64_t last = end.to_int();
    const int64_t by = step.to_int();
    if (up ? last <= first : last >= first) return 0;
    const uint64_t distance = up ? static_cast<uint64_t>(last) - static_cast<uint64_t>(first)
                                 : static_cast<uint64_t>(first) - static_cast<uint64_t>(last);
    const uint64_t stride = up ? static_cast<uint64_t>(by) : -static_cast<uint64_t>(by);
    const uint64_t n = distance / stride + (distance % stride != 0);
    TT_CHECK(n <= INT64_MAX, Status::kInvalidArgument, "there would be more elements than int64 counts");
    return static_cast<int64_t>(n);
  }
  const double n = std::ceil((end.to_double() - start.to_double()) / step.to_double());
  TT_CHECK(n >= 0 && n < 9.2e18, Status::kInvalidArgument, "there would be more elements than int64 counts");
  return static_cast<int64_t>(n);
}

Tensor spaced(double start, double end, int64_t steps, std::optional<double> base, DType dtype,
              Device device) {
  TT_CHECK(steps >= 0, Status::kInvalidArgument, "steps is ", steps, ", expected 0 or more");
  TT_CHECK(dtype != DType::kBool || steps <= 1, Status::kDtype, base.has_value() ? "logspace" : "linspace",
           " is not implemented for bool");
  // The ends are the extremes, of the powers too; of one step only the start is used.
  for (int i = 0; i < std::min<int64_t>(steps, 2); ++i) {
    const char* name = i == 0 ? "start" : "end";
    double& limit = i == 0 ? start : end;
    if (!base && is_integral(dtype)) {
      limit = checked_factor(name, limit, dtype);
      continue;
    }
    check_fits(limit, dtype, name);
    if (is_integral(dtype)) {
      check_fits(std::pow(*base, steps > 1 ? std::trunc(limit) : limit), dtype, "a power of base");
    }
  }
  const Tensor out = empty(Dims{steps}, dtype, device);
  if (steps == 1) {
    const double only = base.has_value() ? std::pow(*base, start) : start;
    run(device, call::Fill{make_loop(out.sizes(), {out}), only});
  } else if (steps > 1) {
    run(device, call::Linspace{out.raw(), dtype, steps, start, end, base});
  }
  return out;
}

Tensor triangle(const Tensor& t, int64_t diagonal, bool upper) {
  const char* op = upper ? "triu" : "tril";
  TT_CHECK(t.ndim() >= 2, Status::kShape, op, ": input tensor must have at least 2 dimensions, but got ",
           t.ndim());
  const Tensor out = empty_like(t);
  if (t.numel() > 0) {
    const Tensor dense = t.is_contiguous() ? t : contiguous_copy(t);
    const int64_t rows = t.size(t.ndim() - 2);
    const int64_t columns = t.size(t.ndim() - 1);
    run(t.device(), call::Triangle{out.raw(), dense.raw(), size_of(t.dtype()), t.numel() / (rows * columns),
                                   rows, columns, diagonal, upper});
  }
  if (needs_grad(t)) {
    record(op, out, {&t}, [diagonal, upper](BackwardContext& context) {
      context.set(0, triangle(context.grad(), diagonal, upper));
    });
  }
  return out;
}

void triangle_(const Tensor& self, int64_t diagonal, bool upper) {
  InplaceWrite write(self, upper ? "triu_" : "tril_");
  if (needs_grad(self)) {
    write.record(upper ? "triu" : "tril", {&self}, [diagonal, upper](BackwardContext& context) {
      context.set(0, triangle(context.grad(), diagonal, upper));
    });
  }
  const GradMode off(false);
  const Tensor result = triangle(self, diagonal, upper);
  write.commit([&] { copy_values(self, result); });
}

}  // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype, Device device) {
  TT_CHECK(dtype != DType::kBool, Status::kDtype, "arange is not implemented for bool");
  const int64_t n = arange_length(start, end, step);
  if (is_integral(dtype)) {
    check_fits(start, DType::kInt64);
    check_fits(step, DType::kInt64);
  }
  const Tensor out = empty(Dims{n}, dtype, device);
  if (n > 0) run(device, call::Arange{out.raw(), dtype, n, start, step});
  return out;
}

Tensor linspace(double start, double end, int64_t steps, DType dtype, Device device) {
  return spaced(start, end, steps, std::nullopt, dtype, device);
}

Tensor logspace(double start, double end, int64_t steps, double base, DType dtype, Device device) {
  return spaced(start, end, steps, base, dtype, device);
}

Tensor eye(int64_t rows, int64_t columns, DType dtype, Device device) {
  TT_CHECK(rows >= 0, Status::kInvalidArgument, "n is ", rows, ", expected 0 or more");
  TT_CHECK(columns >= 0, Status::kInvalidArgument, "m is ", columns, ", expected 0 or more");
  const Tensor out = zeros(Dims{rows, columns}, dtype, device);
  const int64_t length = std::min(rows, columns);
  if (length > 0) {
    const Tensor line = alias(out, Dims{length}, Dims{columns + 1}, 0);
    run(device, call::Fill{make_loop(line.sizes(), {line}), 1});
  }
  return out;
}

Tensor empty_strided(const Dims& sizes, const Dims& strides, DType dtype, Device device) {
  TT_CHECK(sizes.size() == strides.size(), Status::kShape,
           "sizes and strides must have as many entries, got ", sizes, " and ", strides);
  int64_t end = checked_numel(sizes) > 0 ? 1 : 0;
  for (int i = 0; i < sizes.size(); ++i) {
    TT_CHECK(strides[i] >= 0, Status::kInvalidArgument, "empty_strided: strides must not be negative, got ",
             strides);
    int64_t reach = 0;
    TT_CHECK(end == 0 || (!__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) &&
                          !__builtin_add_overflow(end, reach, &end)),
             Status::kShape, "sizes ", sizes, " and strides ", strides, " overflow int64");
  }
  return alias(empty(Dims{end}, dtype, device), sizes, strides, 0);
}

Tensor tril(const Tensor& t, int64_t diagonal) { return triangle(t, diagonal, false); }
Tensor triu(const Tensor& t, int64_t diagonal) { return triangle(t, diagonal, true); }
void tril_(const Tensor& self, int64_t diagonal) { triangle_(self, diagonal, false); }
void triu_(const Tensor& self, int64_t diagonal) { triangle_(self, diagonal, true); }

Tensor diag(const Tensor& t, int64_t k) {
  TT_CHECK(t.ndim() == 1 || t.ndim() == 2, Status::kShape, "input must have 1 or 2 dimensions, got ",
           t.ndim());
  if (t.ndim() == 2) return clone(diagonal(t, k));
  int64_t n;
  TT_CHECK(k != INT64_MIN && !__builtin_add_overflow(t.size(0), k < 0 ? -k : k, &n), Status::kShape,
           "diagonal ", k, " overflows int64");
  return embed("diag", t, Dims{n, n}, [k](const Tensor& whole) { return diagonal(whole, k); });
}

Tensor one_hot(const Tensor& t, int64_t num_classes) {
  TT_CHECK(t.dtype() == DType::kInt64, Status::kDtype, "input is ", t.dtype(), ", expected int64");
  Dims sizes = t.sizes();
  if (t.numel() == 0) {
    TT_CHECK(num_classes > 0, Status::kInvalidArgument, "input is empty, so num_classes must be given");
    sizes.push_back(num_classes);
    return zeros(sizes, DType::kInt64, t.device());
  }
  int64_t classes = num_classes;
  if (num_classes > 0) {
    check_index_bounds(t, {0, num_classes, IndexBounds::kClasses});
  } else {
    int64_t min;
    run(t.device(), call::IndexRange{make_loop(t.sizes(), {t}), &min, &classes});
    TT_CHECK(min >= 0, Status::kInvalidArgument, "input has the class ", min, ", expected 0 or more");
    TT_CHECK(num_classes == -1, Status::kInvalidArgument, "num_classes is ", num_classes,
             ", expected 1 or more, or -1");
    TT_CHECK(classes < INT64_MAX, Status::kInvalidArgument, "class value ", classes, " is too large");
    ++classes;
  }
  sizes.push_back(classes);
  const Tensor out = zeros(sizes, DType::kInt64, t.device());
  scatter_number(out, t.ndim(), unsqueeze(t, t.ndim()), 1);
  return out;
}

Tensors meshgrid(std::span<const Tensor> tensors, bool xy) {
  TT_CHECK(!tensors.empty(), Status::kInvalidArgument, "tensors is empty");
  const int n = static_cast<int>(tensors.size());
  TT_CHECK(tensors.size() <= kMaxDims, Status::kShape, "meshgrid: a tensor has at most ", kMaxDims,
           " dimensions, got ", n, " tensors");
  const bool swap = xy && n >= 2;
  Dims shape;
  for (int i = 0; i < n; ++i) {
    const Tensor& t = tensors[static_cast<size_t>(i)];
    TT_CHECK(t.ndim() <= 1, Status::kShape, "tensors must have 0 or 1 dimensions, got a ", describe(t));
    TT_CHECK(t.dtype() == tensors[0].dtype(), Status::kDtype, "the tensors must have one dtype, got ",
             tensors[0].dtype(), " and ", t.dtype());
    TT_CHECK(t.device() == tensors[0].device(), Status::kDevice, "the tensors must be on one device, got ",
             tensors[0].device(), " and ", t.device());
    shape.push_back(t.numel());
  }
  if (swap) std::swap(shape[0], shape[1]);
  Tensors out;
  for (int i = 0; i < n; ++i) {
    const int at = swap && i < 2 ? 1 - i : i;
    Dims sizes = Dims::filled(n, 1);
    sizes[at] = shape[at];
    out.push_back(expand(reshape(tensors[static_cast<size_t>(i)], sizes), shape));
  }
  return out;
}

}  // namespace tt::ops
