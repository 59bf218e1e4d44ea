/* TinyTorch: views: the same memory under another shape.
 *
 * A view shares its tensor's memory: a write through either is seen through both, and gradients follow. Dims
 * count from the end where negative; TT_ERR_SHAPE when out of range. Several outputs: `outs` has room for
 * `capacity` handles and *count becomes their number; (NULL, 0) asks for the number alone; too little room is
 * TT_ERR_INVALID_ARGUMENT, with *count set. */
#ifndef TINYTORCH_VIEW_H_
#define TINYTORCH_VIEW_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The same elements as `sizes`, one of which may be -1. TT_ERR_SHAPE when the strides do not allow a view. */
TT_API tt_status tt_view(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out);
TT_API tt_status tt_view_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* A view where possible, else a copy. */
TT_API tt_status tt_reshape(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out);
TT_API tt_status tt_reshape_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* Dimensions start_dim to end_dim, both included, as one; 0-dim becomes 1-dim. PyTorch's defaults: 0, -1. */
TT_API tt_status tt_flatten(const tt_tensor* input, int64_t start_dim, int64_t end_dim, tt_tensor** out);
/* Dimension `dim` as several, one of whose sizes may be -1. */
TT_API tt_status tt_unflatten(const tt_tensor* input, int64_t dim, const int64_t* sizes, size_t ndim,
                              tt_tensor** out);
/* Without the dimensions of size 1 among `dims`; (NULL, 0): without any of size 1. */
TT_API tt_status tt_squeeze(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out);
/* With a dimension of size 1 before `dim`, which is in [-ndim - 1, ndim]. */
TT_API tt_status tt_unsqueeze(const tt_tensor* input, int64_t dim, tt_tensor** out);
TT_API tt_status tt_transpose(const tt_tensor* input, int64_t dim0, int64_t dim1, tt_tensor** out);
/* transpose(0, 1) of a matrix; vectors and 0-dim tensors as they are. */
TT_API tt_status tt_t(const tt_tensor* input, tt_tensor** out);
/* Dimension i of the result is dims[i] of the input; `dims` names each once. */
TT_API tt_status tt_permute(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out);
/* Dimension source[i] goes to destination[i]; the others keep their order. */
TT_API tt_status tt_movedim(const tt_tensor* input, const int64_t* source, size_t source_count,
                            const int64_t* destination, size_t destination_count, tt_tensor** out);
/* Dimensions of size 1 repeated without copying, new ones in front; -1 keeps a size. */
TT_API tt_status tt_expand(const tt_tensor* input, const int64_t* sizes, size_t ndim, tt_tensor** out);
TT_API tt_status tt_expand_as(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);

/* Elements start to start + length along `dim`; a negative start counts from the end. */
TT_API tt_status tt_narrow(const tt_tensor* input, int64_t dim, int64_t start, int64_t length,
                           tt_tensor** out);
/* Element `index` along `dim`, which goes. */
TT_API tt_status tt_select(const tt_tensor* input, int64_t dim, int64_t index, tt_tensor** out);
/* input[start:end:step] along `dim`. NULL start or end: the beginning or the end. Both are clamped; step > 0.
 */
TT_API tt_status tt_slice(const tt_tensor* input, int64_t dim, const int64_t* start, const int64_t* end,
                          int64_t step, tt_tensor** out);
/* The diagonal `offset` above the main one, as the last dimension. PyTorch's defaults: 0, 0, 1. */
TT_API tt_status tt_diagonal(const tt_tensor* input, int64_t offset, int64_t dim1, int64_t dim2,
                             tt_tensor** out);
/* Windows of `size` elements, `step` apart, along `dim`; the window becomes the last dimension. */
TT_API tt_status tt_unfold(const tt_tensor* input, int64_t dim, int64_t size, int64_t step, tt_tensor** out);
/* Any geometry over the tensor's storage, in elements. NULL storage_offset: the tensor's own.
 * TT_ERR_INVALID_ARGUMENT when it reaches beyond the storage. */
TT_API tt_status tt_as_strided(const tt_tensor* input, const int64_t* sizes, size_t ndim,
                               const int64_t* strides, size_t stride_count, const int64_t* storage_offset,
                               tt_tensor** out);

/* At most `chunks` parts of equal size along `dim`, the last may be smaller. */
TT_API tt_status tt_chunk(const tt_tensor* input, int64_t chunks, int64_t dim, tt_tensor** outs,
                          size_t capacity, size_t* count);
/* Parts of split_size along `dim`, the last may be smaller. */
TT_API tt_status tt_split(const tt_tensor* input, int64_t split_size, int64_t dim, tt_tensor** outs,
                          size_t capacity, size_t* count);
/* Parts of the given sizes, which sum to the dimension's. */
TT_API tt_status tt_split_with_sizes(const tt_tensor* input, const int64_t* split_sizes, size_t split_count,
                                     int64_t dim, tt_tensor** outs, size_t capacity, size_t* count);
/* select(dim, i) for every i. */
TT_API tt_status tt_unbind(const tt_tensor* input, int64_t dim, tt_tensor** outs, size_t capacity,
                           size_t* count);

/* The tensor itself (a new reference) where it is dense and row-major, else a copy that is. */
TT_API tt_status tt_contiguous(const tt_tensor* input, tt_tensor** out);

/* In place: the tensor itself takes the new shape. */
TT_API tt_status tt_squeeze_(tt_tensor* input, const int64_t* dims, size_t count);
TT_API tt_status tt_unsqueeze_(tt_tensor* input, int64_t dim);
TT_API tt_status tt_transpose_(tt_tensor* input, int64_t dim0, int64_t dim1);
TT_API tt_status tt_t_(tt_tensor* input);
/* Contiguous with `sizes`; the storage grows where it is too small, and what is new in it is not initialised.
 * TT_ERR_AUTOGRAD for tensors that take a gradient, TT_ERR_INVALID_ARGUMENT for memory of the caller's that
 * is too small. */
TT_API tt_status tt_resize_(tt_tensor* input, const int64_t* sizes, size_t ndim);

#ifdef __cplusplus
}
#endif

#endif
