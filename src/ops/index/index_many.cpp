// Indexing by several tensors and masks at once, and what is built on it.
#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/overlap.h"
#include "base/warning.h"
#include "ops/autocast.h"
#include "ops/index/index_rule.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// A mask's dense bools.
Tensor dense_mask(const Tensor& mask) {
  const GradMode off(false);
  const Tensor bools = mask.dtype() == DType::kBool ? mask : to_dtype(mask, DType::kBool);
  return bools.is_contiguous() ? bools : contiguous_copy(bools);
}

// One index per dimension of t, undefined where the whole dimension is taken: masks are replaced by the
// indices of their true elements, and all integer ones broadcast together.
struct PerDim {
  Tensor index[kMaxDims];
  Dims broadcast_sizes;
  int count = 0;  // defined ones
};

PerDim per_dim(const Tensor& t, std::span<const Tensor> indices) {
  PerDim out;
  int dim = 0;
  const auto take = [&](const Tensor& index) {
    TT_CHECK(dim < t.ndim(), Status::kInvalidArgument, "indices has more entries than input has dimensions, ",
             t.ndim());
    out.index[dim++] = index;
  };
  for (size_t i = 0; i < indices.size(); ++i) {
    const Tensor& index = indices[i];
    if (!index.defined()) {
      take(index);
      continue;
    }
    check_same_device("index", t, index);
    if (index.dtype() == DType::kInt64 || index.dtype() == DType::kInt32) {
      take(index);
      continue;
    }
    TT_CHECK(index.dtype() == DType::kBool || index.dtype() == DType::kUInt8, Status::kDtype, "indices[",
             static_cast<uint64_t>(i), "] is ", index.dtype(), ", expected int64, int32, uint8 or bool");
    if (index.dtype() == DType::kUInt8) {
      warn("index: indices[", static_cast<uint64_t>(i),
           "] is uint8, which counts as a mask, not as indices: "
           "use bool for masks");
    }
    TT_CHECK(index.ndim() > 0, Status::kInvalidArgument,
             "a mask used as an index must have at least one dimension, got a 0-dim one at index ",
             static_cast<uint64_t>(i));
    TT_CHECK(dim + index.ndim() <= t.ndim(), Status::kInvalidArgument,
             "indices has more entries than input has dimensions, ", t.ndim());
    for (int d = 0; d < index.ndim(); ++d) {
      TT_CHECK(index.size(d) == t.size(dim + d), Status::kShape, "the mask of shape ", index.sizes(),
               " in indices does not match input, of shape ", t.sizes(), ", whose dimensions from ", dim,
               " on it picks from");
    }
    const Tensor where = nonzero(index);
    for (int d = 0; d < index.ndim(); ++d) take(alias(where, Dims{where.size(0)}, Dims{where.stride(0)}, d));
  }
  for (const Tensor& index : out.index) {
    if (!index.defined()) continue;
    if (out.count++ == 0) {
      out.broadcast_sizes = index.sizes();
      continue;
    }
    try {
      out.broadcast_sizes = broadcast(out.broadcast_sizes, index.sizes());
    } catch (const Error&) {
      std::string shapes;
      for (const Tensor& each : out.index) {
        if (each.defined()) shapes += (shapes.empty() ? "" : ", ") + to_string(each.sizes());
      }
      fail(Status::kShape, "the tensors in indices do not broadcast together: ", shapes);
    }
  }
  return out;
}

// An offset of a plan is good unless it is negative.
constexpr int64_t kAnyOffset = INT64_MAX;

// Where the elements that the indices name lie in t's memory: the result's shape, t's strides along it with
// those of the indexed dimensions at 0, and the bytes that the indices add.
struct Plan {
  Dims sizes;
  Dims strides;
  Tensor offsets;
  Dims offset_strides;
};

Plan make_plan(const Tensor& t, std::span<const Tensor> indices) {
  const PerDim by_dim = per_dim(t, indices);
  // The indexed dimensions' place is that of the first one, or the front where others lie between them.
  int first = -1;
  int last = -1;
  for (int d = 0; d < t.ndim(); ++d) {
    if (!by_dim.index[d].defined()) continue;
    if (first < 0) first = d;
    last = d;
  }
  const bool adjacent = by_dim.count == 0 || last - first + 1 == by_dim.count;
  const int place = adjacent ? std::max(first, 0) : 0;

  Plan plan;
  plan.offsets = empty(by_dim.broadcast_sizes, DType::kInt64, t.device());
  const auto push_indexed = [&] {
    for (int i = 0; i < by_dim.broadcast_sizes.size(); ++i) {
      plan.sizes.push_back(by_dim.broadcast_sizes[i]);
      plan.strides.push_back(0);
      plan.offset_strides.push_back(plan.offsets.stride(i));
    }
  };
  int seen = 0;
  for (int d = 0; d < t.ndim(); ++d) {
    if (seen++ == place) push_indexed();
    if (by_dim.index[d].defined()) continue;
    plan.sizes.push_back(t.size(d));
    plan.strides.push_back(t.stride(d));
    plan.offset_strides.push_back(0);
  }
  if (t.ndim() == 0) push_indexed();

  // As in PyTorch, where nothing is indexed any number will do, unless the indexed dimension has none.
  const bool any = checked_numel(plan.sizes) > 0;
  bool none = true;
  for (int d = 0; d < t.ndim(); ++d) {
    const Tensor& index = by_dim.index[d];
    if (!index.defined()) continue;
    if (any || t.size(d) == 0) check_index_bounds(index, {-t.size(d), t.size(d), d});
    if (!any) continue;
    if (plan.offsets.numel() == 0) continue;
    run(t.device(), call::IndexOffsets{make_loop(plan.offsets.sizes(), {plan.offsets, index}), t.size(d),
                                       t.stride(d) * static_cast<int64_t>(size_of(t.dtype())), !none});
    none = false;
  }
  if (none && any && plan.offsets.numel() > 0) {
    run(t.device(), call::Fill{make_loop(plan.offsets.sizes(), {plan.offsets}), 0});
  }
  return plan;
}

Loop plan_loop(const Plan& plan, const LoopOperand& out_or_self, const LoopOperand& source) {
  return make_loop(plan.sizes,
                   {out_or_self, source, with_geometry(plan.offsets, plan.sizes, plan.offset_strides)});
}

// The indices kept for backward, and brought back.
struct SavedIndices {
  std::vector<SavedTensor> saved;
  explicit SavedIndices(std::span<const Tensor> indices) {
    saved.reserve(indices.size());
    for (const Tensor& index : indices) saved.push_back(SavedTensor::input(index));
  }
  Tensors unpack(const BackwardContext& context) const {
    Tensors out;
    out.reserve(saved.size());
    for (const SavedTensor& each : saved) out.push_back(context.unpack(each));
    return out;
  }
};

struct PutBackward {
  SavedIndices indices;
  bool accumulate;
  Dims value_sizes;

  void operator()(BackwardContext& context) const {
    const Tensors at = indices.unpack(context);
    const Tensor& grad = context.grad();
    if (context.needs(0)) {
      context.set(0, accumulate ? grad : index_put(grad, at, zeros({}, grad.dtype(), grad.device())));
    }
    if (context.needs(1)) context.set(1, sum_to_size(index(grad, at), value_sizes));
  }
};

void check_values(const Tensor& self, const Plan& plan, const Tensor& values) {
  TT_CHECK(self.dtype() == values.dtype(), Status::kDtype, "values is ", values.dtype(),
           ", expected input's dtype, ", self.dtype());
  check_same_device("index_put_", self, values);
  bool fits = values.ndim() <= plan.sizes.size();
  for (int i = 1; fits && i <= values.ndim(); ++i) {
    const int64_t size = values.size(values.ndim() - i);
    fits = size == 1 || size == plan.sizes[plan.sizes.size() - i];
  }
  TT_CHECK(fits, Status::kShape, "values of shape ", values.sizes(),
           " does not broadcast to what is indexed, of shape ", plan.sizes);
}

void put_values(const Tensor& self, const Plan& plan, const Tensor& values, bool accumulate) {
  const call::Scatter call{accumulate ? ScatterOp::kAdd : ScatterOp::kAssign,
                           plan_loop(plan, with_geometry(self, plan.sizes, plan.strides), values), kAnyOffset,
                           1};
  if (call.loop.numel > 0) run(self.device(), call);
}

// One element goes where a mask says in any dtype, as masked_fill takes it.
Tensor as_fill(const Tensor& self, std::span<const Tensor> indices, const Tensor& values, bool accumulate) {
  if (values.dtype() == self.dtype() || values.numel() != 1 || accumulate) return values;
  int defined = 0;
  bool mask = false;
  for (const Tensor& index : indices) {
    if (!index.defined()) continue;
    mask = index.dtype() == DType::kBool;
    ++defined;
  }
  return defined == 1 && mask ? reshape(to_dtype(values, self.dtype()), {}) : values;
}

}  // namespace

Tensor index(const Tensor& t, std::span<const Tensor> indices) {
  const Plan plan = make_plan(t, indices);
  const Tensor out = empty(plan.sizes, t.dtype(), t.device());
  if (out.numel() > 0) {
    run(t.device(),
        call::Gather{plan_loop(plan, out, with_geometry(t, plan.sizes, plan.strides)), kAnyOffset, 1});
  }
  if (needs_grad(t)) {
    record("index", out, {&t}, [sizes = t.sizes(), saved = SavedIndices(indices)](BackwardContext& context) {
      const Tensor& grad = context.grad();
      context.set(0, index_put(zeros(sizes, grad.dtype(), grad.device()), saved.unpack(context), grad, true));
    });
  }
  return out;
}

Tensor index_put(const Tensor& t, std::span<const Tensor> indices, const Tensor& given, bool accumulate) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kPromote, {&t, &given});
    return index_put(cast(t), indices, cast(given), accumulate);
  }
  const Tensor values = as_fill(t, indices, given, accumulate);
  const Tensor out = contiguous_copy(t);
  const Plan plan = make_plan(out, indices);
  check_values(out, plan, values);
  put_values(out, plan, values, accumulate);
  if (needs_grad(t, values)) {
    record("index_put", out, {&t, &values}, PutBackward{SavedIndices(indices), accumulate, values.sizes()});
  }
  return out;
}

void index_put_(const Tensor& self, std::span<const Tensor> indices, const Tensor& given, bool accumulate) {
  InplaceWrite write(self, "index_put_", needs_grad(given));
  check_no_overlap(self, given);
  for (const Tensor& index : indices) check_no_overlap(self, index);
  const Tensor values = as_fill(self, indices, given, accumulate);
  const Plan plan = make_plan(self, indices);
  check_values(self, plan, values);
  if (needs_grad(self, values)) {
    write.record("index_put", {&self, &values},
                 PutBackward{SavedIndices(indices), accumulate, values.sizes()});
  }
  const Tensor from = apart_from(self, values);
  write.commit([&] { put_values(self, plan, from, accumulate); });
}

Tensor masked_select(const Tensor& t, const Tensor& mask) {
  TT_CHECK(mask.dtype() == DType::kBool, Status::kDtype, "mask is ", mask.dtype(), ", expected bool");
  check_same_device("masked_select", t, mask);
  const Dims sizes = broadcast(mask.sizes(), t.sizes());
  if (sizes.empty()) return masked_select(reshape(t, Dims{1}), view(mask, Dims{1}));
  const Tensor at[] = {expand(mask, sizes)};
  return index(expand(t, sizes), at);
}

Tensor nonzero(const Tensor& t) {
  const Tensor mask = dense_mask(t);
  int64_t count = 0;
  if (mask.numel() > 0) run(t.device(), call::CountTrue{mask.data<bool>(), mask.numel(), &count});
  const Tensor out = empty(Dims{count, t.ndim()}, DType::kInt64, t.device());
  if (out.numel() > 0) run(t.device(), call::NonZero{mask.data<bool>(), mask.sizes(), out.data<int64_t>()});
  return out;
}

Tensors nonzero_tuple(const Tensor& t) {
  const GradMode off(false);
  return unbind(nonzero(t.ndim() == 0 ? view(t, Dims{1}) : t), 1);
}

}  // namespace tt::ops
