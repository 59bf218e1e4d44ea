// Gather and scatter along one dimension.
#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/overlap.h"
#include "ops/autocast.h"
#include "ops/index/index_rule.h"
#include "ops/ops.h"

namespace tt::ops {

Tensor apart_from(const Tensor& self, const Tensor& t) {
  return t.storage() == self.storage() ? contiguous_copy(t) : t;
}

namespace {

int64_t bytes_along(const Tensor& t, int d) {
  return t.ndim() == 0 ? 0 : t.stride(d) * static_cast<int64_t>(size_of(t.dtype()));
}

// The strides of t with dimension d standing still.
Dims still(const Tensor& t, int d) {
  Dims strides = t.strides();
  if (t.ndim() > 0) strides[d] = 0;
  return strides;
}

void check_ndim(const Tensor& t, const Tensor& index) {
  const int a = t.ndim() == 0 ? 1 : t.ndim();
  const int b = index.ndim() == 0 ? 1 : index.ndim();
  TT_CHECK(a == b, Status::kShape, "index and input must have as many dimensions, got ", index.ndim(),
           " and ", t.ndim());
}

// ---- scatter, by value, tensor and reduction ----

void check_scatter(const char* op, const Tensor& self, int dim, const Tensor& index, const Tensor* src) {
  if (index.numel() > 0) check_index_dtype(index);
  check_same_device(op, self, index);
  if (src != nullptr) {
    check_same_device(op, self, *src);
    TT_CHECK(self.dtype() == src->dtype(), Status::kDtype, "src is ", src->dtype(),
             ", expected input's dtype, ", self.dtype());
  }
  if (index.numel() == 0) return;
  check_ndim(self, index);
  if (src != nullptr) {
    TT_CHECK((src->ndim() == 0 ? 1 : src->ndim()) == (index.ndim() == 0 ? 1 : index.ndim()), Status::kShape,
             "index and src must have as many dimensions, got ", index.ndim(), " and ", src->ndim());
  }
  for (int i = 0; i < index.ndim(); ++i) {
    const int64_t self_size = self.ndim() == 0 ? 1 : self.size(i);
    const bool fits_self = i == dim || index.size(i) <= self_size;
    if (src == nullptr) {
      TT_CHECK(fits_self, Status::kShape, "index of shape ", index.sizes(),
               " must be no larger than input, of shape ", self.sizes(), ", apart from dimension ", dim);
    } else {
      TT_CHECK(fits_self && index.size(i) <= (src->ndim() == 0 ? 1 : src->size(i)), Status::kShape,
               "index of shape ", index.sizes(), " must be no larger than input, of shape ", self.sizes(),
               ", apart from dimension ", dim, ", and no larger than src, of shape ", src->sizes());
    }
  }
  check_index_bounds(index, {0, size_along(self, dim), dim});
}

}  // namespace

// The write itself, after check_scatter: for scatter_reduce too.
void scatter_values(ScatterOp op, const Tensor& self, int dim, const Tensor& index,
                    const LoopOperand& source) {
  if (index.numel() == 0) return;
  const Dims self_strides = still(self, dim);
  run(self.device(),
      call::Scatter{op,
                    make_loop(index.sizes(),
                              {with_geometry(self, index.ndim() == self.ndim() ? index.sizes() : self.sizes(),
                                             self_strides),
                               source, index}),
                    size_along(self, dim), bytes_along(self, dim)});
}

void scatter_tensor(ScatterOp op, const Tensor& self, int dim, const Tensor& index, const Tensor& src) {
  const Dims strides = src.strides();
  scatter_values(op, self, dim, index,
                 with_geometry(src, src.ndim() == index.ndim() ? index.sizes() : src.sizes(), strides));
}

void scatter_number(const Tensor& self, int dim, const Tensor& index, const Scalar& value) {
  if (index.numel() == 0) return;
  const Scalar number = checked_number(value, self.dtype());
  alignas(8) char bytes[8];
  visit_dtype(self.dtype(), [&]<typename T>() { *reinterpret_cast<T*>(bytes) = number.to<T>(); });
  scatter_values(ScatterOp::kAssign, self, dim, index, LoopOperand(bytes, self.dtype()));
}

int prepare_scatter(const char* op, const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const int d = wrap_dim(dim, self.ndim());
  check_scatter(op, self, d, index, &src);
  return d;
}

namespace {

// The gradients of scatter: what was overwritten gets none; a source gets what lies where it went.
struct ScatterBackward {
  int dim;
  SavedTensor index;
  bool add;
  bool has_source;
  Dims src_sizes;

  void operator()(BackwardContext& context) const {
    const Tensor where = context.unpack(index);
    if (context.needs(0)) {
      context.set(0, add ? context.grad() : scatter(context.grad(), dim, where, Scalar(0)));
    }
    if (!has_source || !context.needs(1)) return;
    Tensor grad = gather(context.grad(), dim, where);
    // Only the part of the source that the index covers was used.
    if (grad.sizes() != src_sizes) {
      const Dims covered = grad.sizes();
      const int n = covered.size();
      if (n == src_sizes.size()) {
        int64_t amounts[2 * kMaxDims] = {};
        for (int i = 0; i < n; ++i) amounts[2 * (n - 1 - i) + 1] = src_sizes[i] - covered[i];
        grad = pad(grad, std::span<const int64_t>(amounts, 2 * static_cast<size_t>(n)));
      } else {
        grad = reshape(grad, src_sizes);
      }
    }
    context.set(1, grad);
  }
};

ScatterBackward scatter_rule(int dim, const Tensor& index, bool add, const Tensor* src,
                             const InplaceWrite* write = nullptr) {
  const bool used = !add || (src != nullptr && needs_grad(*src));
  return {dim, write != nullptr ? write->save_if(used, index) : SavedTensor::input_if(used, index), add,
          src != nullptr, src != nullptr ? src->sizes() : Dims()};
}

}  // namespace

Tensor gather(const Tensor& t, int64_t dim, const Tensor& index) {
  const int d = wrap_dim(dim, t.ndim());
  if (index.numel() > 0) check_index_dtype(index);
  check_same_device("gather", t, index);
  const Tensor out = empty(index.sizes(), t.dtype(), t.device());
  if (index.numel() > 0) {
    check_ndim(t, index);
    for (int i = 0; i < index.ndim(); ++i) {
      TT_CHECK(i == d || index.size(i) <= (t.ndim() == 0 ? 1 : t.size(i)), Status::kShape, "index of shape ",
               index.sizes(), " must be no larger than input, of shape ", t.sizes(),
               ", apart from dimension ", d, "; dimension ", i, " is");
    }
    check_index_bounds(index, {0, size_along(t, d), d});
    const Dims strides = still(t, d);
    run(t.device(),
        call::Gather{
            make_loop(index.sizes(),
                      {out, with_geometry(t, t.ndim() == index.ndim() ? index.sizes() : t.sizes(), strides),
                       index}),
            size_along(t, d), bytes_along(t, d)});
  }
  if (needs_grad(t)) {
    record("gather", out, {&t},
           [sizes = t.sizes(), d, saved = SavedTensor::input(index)](BackwardContext& context) {
             const Tensor& grad = context.grad();
             context.set(
                 0, scatter_add(zeros(sizes, grad.dtype(), grad.device()), d, context.unpack(saved), grad));
           });
  }
  return out;
}

Tensor take_along_dim(const Tensor& t, const Tensor& indices, std::optional<int64_t> dim) {
  check_same_device("take_along_dim", t, indices);
  TT_CHECK(indices.dtype() == DType::kInt64, Status::kDtype, "indices is ", indices.dtype(),
           ", expected int64");
  if (!dim) return gather(reshape(t, Dims{-1}), 0, reshape(indices, Dims{-1}));
  TT_CHECK(t.ndim() == indices.ndim(), Status::kShape, "input and indices must have as many dimensions, got ",
           t.ndim(), " and ", indices.ndim());
  const int d = wrap_dim(*dim, t.ndim());
  if (t.ndim() == 0) return gather(t, d, indices);
  // Negative ones count from the end.
  const int64_t n = t.size(d);
  check_index_bounds(indices, {-n, n, d});
  const Tensor wrapped = where(lt(indices, 0), add(indices, n), indices);
  // Both broadcast to each other everywhere but along dim.
  Dims t_sizes = t.sizes();
  Dims index_sizes = wrapped.sizes();
  t_sizes[d] = 1;
  index_sizes[d] = 1;
  Dims common = broadcast(t_sizes, index_sizes);
  common[d] = t.size(d);
  const Tensor wide = expand(t, common);
  common[d] = wrapped.size(d);
  return gather(wide, d, expand(wrapped, common));
}

Tensor index_select(const Tensor& t, int64_t dim, const Tensor& index) {
  const int d = wrap_dim(dim, t.ndim());
  TT_CHECK(index.ndim() <= 1, Status::kShape, "index must be a vector, got shape ", index.sizes());
  check_index_dtype(index);
  check_same_device("index_select", t, index);
  TT_CHECK(t.ndim() > 0 || index.numel() == 1, Status::kShape,
           "input has no dimensions, so index must have one element, but has ", index.numel());
  check_index_bounds(index, {0, size_along(t, d), d});
  Dims sizes = t.sizes();
  if (t.ndim() > 0) sizes[d] = index.numel();
  const Tensor out = empty(sizes, t.dtype(), t.device());
  if (out.numel() > 0) {
    const Dims strides = still(t, d);
    Dims index_strides = Dims::filled(sizes.size(), 0);
    if (t.ndim() > 0) index_strides[d] = index.ndim() == 0 ? 0 : index.stride(0);
    run(t.device(), call::Gather{make_loop(sizes, {out, with_geometry(t, sizes, strides),
                                                   with_geometry(index, sizes, index_strides)}),
                                 size_along(t, d), bytes_along(t, d)});
  }
  if (needs_grad(t)) {
    record("index_select", out, {&t},
           [in_sizes = t.sizes(), d, saved = SavedTensor::input(index)](BackwardContext& context) {
             const Tensor& grad = context.grad();
             context.set(
                 0, index_add(zeros(in_sizes, grad.dtype(), grad.device()), d, context.unpack(saved), grad));
           });
  }
  return out;
}

namespace {

int check_index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                    double alpha) {
  const int d = wrap_dim(dim, self.ndim());
  TT_CHECK(index.ndim() <= 1, Status::kShape, "index must be a vector, got shape ", index.sizes());
  check_index_dtype(index);
  check_same_device("index_add_", self, index);
  check_same_device("index_add_", self, source);
  TT_CHECK(self.dtype() == source.dtype(), Status::kDtype, "input and source must have one dtype, got ",
           self.dtype(), " and ", source.dtype());
  const int64_t source_size = source.ndim() == 0 ? 1 : d < source.ndim() ? source.size(d) : -1;
  TT_CHECK(index.numel() == source_size, Status::kShape, "index has ", index.numel(),
           " elements, but source has size ", source_size, " along dimension ", d);
  bool match = self.ndim() == source.ndim();
  for (int i = 0; match && self.ndim() == source.ndim() && i < self.ndim(); ++i) {
    match = i == d || self.size(i) == source.size(i);
  }
  TT_CHECK(match, Status::kShape, "source must have input's shape but along dim, got ", source.sizes(),
           " for input of shape ", self.sizes());
  checked_factor("alpha", alpha, self.dtype());
  if (source.numel() > 0) check_index_bounds(index, {0, size_along(self, d), d});
  return d;
}

// self[index] += source * alpha.
void add_values(const Tensor& self, int d, const Tensor& index, const Tensor& source, double alpha) {
  if (source.numel() == 0) return;
  const GradMode off(false);
  const Tensor scaled =
      alpha == 1 ? source
                 : to_dtype(mul(source, source.dtype() == DType::kBool ? Scalar(alpha != 0)
                                        : is_integral(source.dtype())  ? Scalar(static_cast<int64_t>(alpha))
                                                                       : Scalar(alpha)),
                            source.dtype());
  const Dims shape = scaled.sizes();
  const Dims strides = self.ndim() == shape.size() ? still(self, d) : Dims::filled(shape.size(), 0);
  Dims index_strides = Dims::filled(shape.size(), 0);
  if (shape.size() > 0) index_strides[d] = index.ndim() == 0 ? 0 : index.stride(0);
  run(self.device(), call::Scatter{ScatterOp::kAdd,
                                   make_loop(shape, {with_geometry(self, shape, strides), scaled,
                                                     with_geometry(index, shape, index_strides)}),
                                   size_along(self, d), bytes_along(self, d)});
}

struct IndexAddBackward {
  int dim;
  SavedTensor index;
  double alpha;
  Dims source_sizes;

  void operator()(BackwardContext& context) const {
    context.set(0, context.grad());
    if (!context.needs(1)) return;
    const Tensor grad = index_select(context.grad(), dim, context.unpack(index));
    context.set(1, reshape(alpha == 1 ? grad : mul(grad, alpha), source_sizes));
  }
};

}  // namespace

Tensor index_add(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& source, double alpha) {
  const int d = check_index_add(t, dim, index, source, alpha);
  const Tensor out = contiguous_copy(t);
  add_values(out, d, index, source, alpha);
  if (needs_grad(t, source)) {
    record("index_add", out, {&t, &source},
           IndexAddBackward{d, SavedTensor::input_if(needs_grad(source), index), alpha, source.sizes()});
  }
  return out;
}

void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source, double alpha) {
  InplaceWrite write(self, "index_add_", needs_grad(source));
  check_no_overlap(self, index);
  check_no_overlap(self, source);
  const int d = check_index_add(self, dim, index, source, alpha);
  if (needs_grad(self, source)) {
    write.record("index_add", {&self, &source},
                 IndexAddBackward{d, write.save_if(needs_grad(source), index), alpha, source.sizes()});
  }
  const Tensor at = apart_from(self, index), from = apart_from(self, source);
  write.commit([&] { add_values(self, d, at, from, alpha); });
}

namespace {

Tensor scatter_out(const char* name, ScatterOp op, const Tensor& t, int64_t dim, const Tensor& index,
                   const Tensor& src) {
  const int d = prepare_scatter(name, t, dim, index, src);
  const Tensor out = contiguous_copy(t);
  scatter_tensor(op, out, d, index, src);
  if (needs_grad(t, src)) {
    record(name, out, {&t, &src}, scatter_rule(d, index, op == ScatterOp::kAdd, &src));
  }
  return out;
}

void scatter_inplace(const char* name, ScatterOp op, const Tensor& self, int64_t dim, const Tensor& index,
                     const Tensor& src) {
  InplaceWrite write(self, name, needs_grad(src));
  check_no_overlap(self, index);
  check_no_overlap(self, src);
  const int d = prepare_scatter(name, self, dim, index, src);
  if (needs_grad(self, src)) {
    write.record(name, {&self, &src}, scatter_rule(d, index, op == ScatterOp::kAdd, &src, &write));
  }
  const Tensor at = apart_from(self, index), from = apart_from(self, src);
  write.commit([&] { scatter_tensor(op, self, d, at, from); });
}

}  // namespace

Tensor scatter(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src) {
  return scatter_out("scatter", ScatterOp::kAssign, t, dim, index, src);
}
void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  scatter_inplace("scatter", ScatterOp::kAssign, self, dim, index, src);
}
Tensor scatter_add(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kPromote, {&t, &src});
    return scatter_add(cast(t), dim, index, cast(src));
  }
  return scatter_out("scatter_add", ScatterOp::kAdd, t, dim, index, src);
}
void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  scatter_inplace("scatter_add", ScatterOp::kAdd, self, dim, index, src);
}

Tensor scatter(const Tensor& t, int64_t dim, const Tensor& index, const Scalar& value) {
  const int d = wrap_dim(dim, t.ndim());
  check_scatter("scatter", t, d, index, nullptr);
  const Tensor out = contiguous_copy(t);
  scatter_number(out, d, index, value);
  if (needs_grad(t)) record("scatter", out, {&t}, scatter_rule(d, index, false, nullptr));
  return out;
}

void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  InplaceWrite write(self, "scatter_");
  check_no_overlap(self, index);
  const int d = wrap_dim(dim, self.ndim());
  check_scatter("scatter", self, d, index, nullptr);
  if (needs_grad(self)) write.record("scatter", {&self}, scatter_rule(d, index, false, nullptr, &write));
  const Tensor at = apart_from(self, index);
  write.commit([&] { scatter_number(self, d, at, value); });
}

}  // namespace tt::ops
