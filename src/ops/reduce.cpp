#include "ops/reduce.h"

#include "autograd/meta.h"
#include "core/backend.h"
#include "ops/ops.h"

namespace tt {

namespace {
#define TT_ROW_NAME(name, ...) #name,
constexpr std::string_view kReduceNames[] = {TT_REDUCE_OPS(TT_ROW_NAME)};
#undef TT_ROW_NAME
}  // namespace

std::string_view name(ReduceOp op) { return kReduceNames[static_cast<int>(op)]; }

namespace ops {

namespace {

// Bit i: dimension i is reduced. No dims given means all.
uint32_t dim_mask(std::span<const int64_t> dims, int ndim) {
  if (dims.empty()) return (1u << ndim) - 1;
  uint32_t mask = 0;
  for (const int64_t dim : dims) {
    const int d = wrap_dim(dim, ndim);
    TT_CHECK(!(mask & (1u << d)), Status::kInvalidArgument, "dim ", d,
             " appears multiple times in the list of dims");
    mask |= 1u << d;
  }
  return mask & ((1u << ndim) - 1);
}

Dims keepdim_sizes(const Dims& sizes, uint32_t mask) {
  Dims out = sizes;
  for (int i = 0; i < sizes.size(); ++i) {
    if (mask & (1u << i)) out[i] = 1;
  }
  return out;
}

Dims dropped_sizes(const Dims& sizes, uint32_t mask) {
  Dims out;
  for (int i = 0; i < sizes.size(); ++i) {
    if (!(mask & (1u << i))) out.push_back(sizes[i]);
  }
  return out;
}

}  // namespace

Tensor sum(const Tensor& t, std::span<const int64_t> dims, bool keepdim, std::optional<DType> dtype) {
  const DType out_dtype = dtype.value_or(is_integral(t.dtype()) ? DType::kInt64 : t.dtype());
  if (t.dtype() != out_dtype) return sum(to_dtype(t, out_dtype), dims, keepdim);
  const uint32_t mask = dim_mask(dims, t.ndim());
  const Dims kept = keepdim_sizes(t.sizes(), mask);
  const Tensor wide = empty(kept, out_dtype, t.device());
  if (wide.numel() > 0) backend_of(t.device()).reduce->reduce(ReduceOp::sum, make_reduce_loop({wide, t}));
  const Tensor out = keepdim ? wide
                             : alias(wide, dropped_sizes(t.sizes(), mask),
                                     contiguous_strides(dropped_sizes(t.sizes(), mask)), 0);
  if (needs_grad(t)) {
    const Dims sizes = t.sizes();
    record("sum", out, {&t}, [sizes, kept](BackwardContext& context) {
      context.set(0, expand(reshape(context.grad(), kept), sizes));
    });
  }
  return out;
}

Tensor sum_to_size(const Tensor& t, const Dims& sizes) {
  if (t.sizes() == sizes) return t;
  const int lead = t.ndim() - sizes.size();
  int64_t dims[kMaxDims];
  size_t count = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    if (i < lead || (sizes[i - lead] == 1 && t.size(i) != 1)) dims[count++] = i;
  }
  const Tensor summed = count > 0 ? sum(t, std::span<const int64_t>(dims, count), true) : t;
  return lead > 0 ? view(summed, sizes) : summed;
}

}  // namespace ops
}  // namespace tt
