#include "capi/guard.h"
#include "capi/outs.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

#define TT_VIEW(name, expression)    \
  return guard("tt_" #name, [&] {    \
    Out result(out, "out");          \
    const In input_(input, "input"); \
    const Tensor& t = *input_;       \
    result = expression;             \
  })

extern "C" {

tt_status tt_view(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out) {
  TT_VIEW(view, ops::view(t, dims_in(sizes, ndim, "sizes")));
}
tt_status tt_view_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out) {
  TT_VIEW(view_as, ops::view(t, In(other, "other")->sizes()));
}
tt_status tt_reshape(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out) {
  TT_VIEW(reshape, ops::reshape(t, dims_in(sizes, ndim, "sizes")));
}
tt_status tt_reshape_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out) {
  TT_VIEW(reshape_as, ops::reshape(t, In(other, "other")->sizes()));
}
tt_status tt_flatten(const tt_tensor* input, int64_t start_dim, int64_t end_dim, tt_tensor** out) {
  TT_VIEW(flatten, ops::flatten(t, start_dim, end_dim));
}
tt_status tt_unflatten(const tt_tensor* input, int64_t dim, const int64_t* sizes, size_t ndim,
                       tt_tensor** out) {
  TT_VIEW(unflatten, ops::unflatten(t, dim, dims_in(sizes, ndim, "sizes")));
}
tt_status tt_squeeze(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out) {
  TT_VIEW(squeeze, ops::squeeze(t, dims_in(dims, count, "dims")));
}
tt_status tt_unsqueeze(const tt_tensor* input, int64_t dim, tt_tensor** out) {
  TT_VIEW(unsqueeze, ops::unsqueeze(t, dim));
}
tt_status tt_transpose(const tt_tensor* input, int64_t dim0, int64_t dim1, tt_tensor** out) {
  TT_VIEW(transpose, ops::transpose(t, dim0, dim1));
}
tt_status tt_t(const tt_tensor* input, tt_tensor** out) { TT_VIEW(t, ops::t(t)); }
tt_status tt_permute(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out) {
  TT_VIEW(permute, ops::permute(t, dims_in(dims, count, "dims")));
}
tt_status tt_movedim(const tt_tensor* input, const int64_t* source, size_t source_count,
                     const int64_t* destination, size_t destination_count, tt_tensor** out) {
  TT_VIEW(movedim, ops::movedim(t, dims_in(source, source_count, "source"),
                                dims_in(destination, destination_count, "destination")));
}
tt_status tt_expand(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out) {
  TT_VIEW(expand, ops::expand(t, dims_in(sizes, ndim, "sizes")));
}
tt_status tt_expand_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out) {
  TT_VIEW(expand_as, ops::expand(t, In(other, "other")->sizes()));
}
tt_status tt_narrow(const tt_tensor* input, int64_t dim, int64_t start, int64_t length, tt_tensor** out) {
  TT_VIEW(narrow, ops::narrow(t, dim, start, length));
}
tt_status tt_select(const tt_tensor* input, int64_t dim, int64_t index, tt_tensor** out) {
  TT_VIEW(select, ops::select(t, dim, index));
}
tt_status tt_slice(const tt_tensor* input, int64_t dim, const int64_t* start, const int64_t* end,
                   int64_t step, tt_tensor** out) {
  TT_VIEW(slice, ops::slice(t, dim, optional_value(start), optional_value(end), step));
}
tt_status tt_diagonal(const tt_tensor* input, int64_t offset, int64_t dim1, int64_t dim2, tt_tensor** out) {
  TT_VIEW(diagonal, ops::diagonal(t, offset, dim1, dim2));
}
tt_status tt_unfold(const tt_tensor* input, int64_t dim, int64_t size, int64_t step, tt_tensor** out) {
  TT_VIEW(unfold, ops::unfold(t, dim, size, step));
}
tt_status tt_as_strided(const tt_tensor* input, const int64_t* sizes, size_t ndim, const int64_t* strides,
                        size_t stride_count, const int64_t* storage_offset, tt_tensor** out) {
  TT_VIEW(as_strided,
          ops::as_strided(t, dims_in(sizes, ndim, "sizes"), dims_in(strides, stride_count, "strides"),
                          optional_value(storage_offset)));
}

tt_status tt_chunk(const tt_tensor* input, int64_t chunks, int64_t dim, tt_tensor** outs, size_t capacity,
                   size_t* count) {
  return guard("tt_chunk", [&] {
    Outs results(outs, capacity, count);
    const In t(input, "input");
    if (results.wants(static_cast<size_t>(ops::chunk_count(*t, chunks, dim)))) {
      results = ops::chunk(*t, chunks, dim);
    }
  });
}
tt_status tt_split(const tt_tensor* input, int64_t split_size, int64_t dim, tt_tensor** outs, size_t capacity,
                   size_t* count) {
  return guard("tt_split", [&] {
    Outs results(outs, capacity, count);
    const In t(input, "input");
    if (results.wants(static_cast<size_t>(ops::split_count(*t, split_size, dim)))) {
      results = ops::split(*t, split_size, dim);
    }
  });
}
tt_status tt_split_with_sizes(const tt_tensor* input, const int64_t* split_sizes, size_t split_count,
                              int64_t dim, tt_tensor** outs, size_t capacity, size_t* count) {
  return guard("tt_split_with_sizes", [&] {
    Outs results(outs, capacity, count);
    const In t(input, "input");
    Tensors parts = ops::split_with_sizes(*t, list_of(split_sizes, split_count, "split_sizes"), dim);
    if (results.wants(split_count)) results = std::move(parts);
  });
}
tt_status tt_unbind(const tt_tensor* input, int64_t dim, tt_tensor** outs, size_t capacity, size_t* count) {
  return guard("tt_unbind", [&] {
    Outs results(outs, capacity, count);
    const In t(input, "input");
    Tensors parts = ops::unbind(*t, dim);
    if (results.wants(parts.size())) results = std::move(parts);
  });
}

tt_status tt_contiguous(const tt_tensor* input, tt_tensor** out) { TT_VIEW(contiguous, ops::contiguous(t)); }

tt_status tt_squeeze_(tt_tensor* input, const int64_t* dims, size_t count) {
  return guard("tt_squeeze_", [&] { ops::squeeze_(*In(input, "input"), dims_in(dims, count, "dims")); });
}
tt_status tt_unsqueeze_(tt_tensor* input, int64_t dim) {
  return guard("tt_unsqueeze_", [&] { ops::unsqueeze_(*In(input, "input"), dim); });
}
tt_status tt_transpose_(tt_tensor* input, int64_t dim0, int64_t dim1) {
  return guard("tt_transpose_", [&] { ops::transpose_(*In(input, "input"), dim0, dim1); });
}
tt_status tt_t_(tt_tensor* input) {
  return guard("tt_t_", [&] { ops::t_(*In(input, "input")); });
}
tt_status tt_resize_(tt_tensor* input, const int64_t* sizes, size_t ndim) {
  return guard("tt_resize_", [&] { ops::resize_(*In(input, "input"), dims_in(sizes, ndim, "sizes")); });
}

}  // extern "C"
