#include "capi/enums.h"
#include "capi/outs.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

namespace {

Tensors tensors_in(tt_tensor* const* handles, size_t count, const char* argument) {
  return list_in(const_cast<tt_tensor* const*>(handles), count, argument);
}

// Indices: NULL entries stand for whole dimensions.
Tensors indices_in(tt_tensor* const* handles, size_t count) {
  check_list(handles, count, sizeof *handles, "indices");
  Tensors out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) out.push_back(optional_in(handles[i], "indices"));
  return out;
}

ops::ScatterReduce reduce_in(tt_reduce reduce) {
  return enum_in<ops::ScatterReduce>(
      reduce, "reduce",
      {"TT_REDUCE_SUM", "TT_REDUCE_PROD", "TT_REDUCE_MEAN", "TT_REDUCE_AMAX", "TT_REDUCE_AMIN"});
}
ops::PadMode pad_mode_in(tt_pad_mode mode) {
  return enum_in<ops::PadMode>(mode, "mode",
                               {"TT_PAD_CONSTANT", "TT_PAD_REFLECT", "TT_PAD_REPLICATE", "TT_PAD_CIRCULAR"});
}

}  // namespace

#define TT_INDEX_OP(name, expression) \
  return guard("tt_" #name, [&] {     \
    Out result(out, "out");           \
    const In input_(input, "input");  \
    const Tensor& t = *input_;        \
    result = expression;              \
  })
#define TT_INDEX_OP_(name, statement) \
  return guard("tt_" #name, [&] {     \
    const In input_(input, "input");  \
    const Tensor& t = *input_;        \
    statement;                        \
  })
#define TT_JOIN_OP(name, expression)                            \
  return guard("tt_" #name, [&] {                               \
    Out result(out, "out");                                     \
    const Tensors list = tensors_in(tensors, count, "tensors"); \
    result = expression;                                        \
  })

extern "C" {

tt_status tt_gather(const tt_tensor* input, int64_t dim, const tt_tensor* index, tt_tensor** out) {
  TT_INDEX_OP(gather, ops::gather(t, dim, *In(index, "index")));
}
tt_status tt_take_along_dim(const tt_tensor* input, const tt_tensor* indices, const int64_t* dim,
                            tt_tensor** out) {
  TT_INDEX_OP(take_along_dim, ops::take_along_dim(t, *In(indices, "indices"), optional_value(dim)));
}
tt_status tt_index_select(const tt_tensor* input, int64_t dim, const tt_tensor* index, tt_tensor** out) {
  TT_INDEX_OP(index_select, ops::index_select(t, dim, *In(index, "index")));
}
tt_status tt_index_add(const tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* source,
                       double alpha, tt_tensor** out) {
  TT_INDEX_OP(index_add, ops::index_add(t, dim, *In(index, "index"), *In(source, "source"), alpha));
}
tt_status tt_index_add_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* source,
                        double alpha) {
  TT_INDEX_OP_(index_add_, ops::index_add_(t, dim, *In(index, "index"), *In(source, "source"), alpha));
}
tt_status tt_scatter(const tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src,
                     tt_tensor** out) {
  TT_INDEX_OP(scatter, ops::scatter(t, dim, *In(index, "index"), *In(src, "src")));
}
tt_status tt_scatter_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src) {
  TT_INDEX_OP_(scatter_, ops::scatter_(t, dim, *In(index, "index"), *In(src, "src")));
}
tt_status tt_scatter_value(const tt_tensor* input, int64_t dim, const tt_tensor* index, double value,
                           tt_tensor** out) {
  TT_INDEX_OP(scatter_value, ops::scatter(t, dim, *In(index, "index"), Scalar(value)));
}
tt_status tt_scatter_value_(tt_tensor* input, int64_t dim, const tt_tensor* index, double value) {
  TT_INDEX_OP_(scatter_value_, ops::scatter_(t, dim, *In(index, "index"), Scalar(value)));
}
tt_status tt_scatter_add(const tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src,
                         tt_tensor** out) {
  TT_INDEX_OP(scatter_add, ops::scatter_add(t, dim, *In(index, "index"), *In(src, "src")));
}
tt_status tt_scatter_add_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src) {
  TT_INDEX_OP_(scatter_add_, ops::scatter_add_(t, dim, *In(index, "index"), *In(src, "src")));
}
tt_status tt_scatter_reduce(const tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src,
                            tt_reduce reduce, int32_t include_self, tt_tensor** out) {
  TT_INDEX_OP(scatter_reduce, ops::scatter_reduce(t, dim, *In(index, "index"), *In(src, "src"),
                                                  reduce_in(reduce), include_self != 0));
}
tt_status tt_scatter_reduce_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src,
                             tt_reduce reduce, int32_t include_self) {
  TT_INDEX_OP_(scatter_reduce_, ops::scatter_reduce_(t, dim, *In(index, "index"), *In(src, "src"),
                                                     reduce_in(reduce), include_self != 0));
}

tt_status tt_index(const tt_tensor* input, tt_tensor* const* indices, size_t count, tt_tensor** out) {
  TT_INDEX_OP(index, ops::index(t, indices_in(indices, count)));
}
tt_status tt_index_put(const tt_tensor* input, tt_tensor* const* indices, size_t count,
                       const tt_tensor* values, int32_t accumulate, tt_tensor** out) {
  TT_INDEX_OP(index_put,
              ops::index_put(t, indices_in(indices, count), *In(values, "values"), accumulate != 0));
}
tt_status tt_index_put_(tt_tensor* input, tt_tensor* const* indices, size_t count, const tt_tensor* values,
                        int32_t accumulate) {
  TT_INDEX_OP_(index_put_,
               ops::index_put_(t, indices_in(indices, count), *In(values, "values"), accumulate != 0));
}
tt_status tt_masked_select(const tt_tensor* input, const tt_tensor* mask, tt_tensor** out) {
  TT_INDEX_OP(masked_select, ops::masked_select(t, *In(mask, "mask")));
}
tt_status tt_nonzero(const tt_tensor* input, tt_tensor** out) { TT_INDEX_OP(nonzero, ops::nonzero(t)); }
tt_status tt_nonzero_tuple(const tt_tensor* input, tt_tensor** outs, size_t capacity, size_t* count) {
  return guard("tt_nonzero_tuple", [&] {
    Outs results(outs, capacity, count);
    const In t(input, "input");
    if (results.wants(t->ndim() == 0 ? 1 : static_cast<size_t>(t->ndim()))) {
      results = ops::nonzero_tuple(*t);
    }
  });
}

tt_status tt_cat(tt_tensor* const* tensors, size_t count, int64_t dim, tt_tensor** out) {
  TT_JOIN_OP(cat, ops::cat(list, dim));
}
tt_status tt_stack(tt_tensor* const* tensors, size_t count, int64_t dim, tt_tensor** out) {
  TT_JOIN_OP(stack, ops::stack(list, dim));
}
tt_status tt_hstack(tt_tensor* const* tensors, size_t count, tt_tensor** out) {
  TT_JOIN_OP(hstack, ops::hstack(list));
}
tt_status tt_vstack(tt_tensor* const* tensors, size_t count, tt_tensor** out) {
  TT_JOIN_OP(vstack, ops::vstack(list));
}
tt_status tt_flip(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out) {
  TT_INDEX_OP(flip, ops::flip(t, dims_in(dims, count, "dims")));
}
tt_status tt_roll(const tt_tensor* input, const int64_t* shifts, size_t shift_count, const int64_t* dims,
                  size_t dim_count, tt_tensor** out) {
  TT_INDEX_OP(roll, ops::roll(t, list_of(shifts, shift_count, "shifts"), list_of(dims, dim_count, "dims")));
}
tt_status tt_repeat(const tt_tensor* input, const int64_t* repeats, size_t count, tt_tensor** out) {
  TT_INDEX_OP(repeat, ops::repeat(t, dims_in(repeats, count, "repeats")));
}
tt_status tt_tile(const tt_tensor* input, const int64_t* repeats, size_t count, tt_tensor** out) {
  TT_INDEX_OP(tile, ops::tile(t, dims_in(repeats, count, "repeats")));
}
tt_status tt_repeat_interleave(const tt_tensor* input, int64_t repeats, const int64_t* dim, tt_tensor** out) {
  TT_INDEX_OP(repeat_interleave, ops::repeat_interleave(t, repeats, optional_value(dim)));
}
tt_status tt_repeat_interleave_tensor(const tt_tensor* input, const tt_tensor* repeats, const int64_t* dim,
                                      tt_tensor** out) {
  TT_INDEX_OP(repeat_interleave_tensor,
              ops::repeat_interleave(t, *In(repeats, "repeats"), optional_value(dim)));
}
tt_status tt_pad(const tt_tensor* input, const int64_t* pad, size_t count, tt_pad_mode mode, double value,
                 tt_tensor** out) {
  return guard("tt_pad", [&] {
    Out result(out, "out");
    const In t(input, "input");
    result = ops::pad(*t, list_of(pad, count, "pad"), pad_mode_in(mode), value);
  });
}

}  // extern "C"
