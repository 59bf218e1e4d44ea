/* TinyTorch: indexing, joining and rearranging.
 *
 * Index tensors are int32 or int64. Indices are checked before anything is written: one that is out of range
 * is TT_ERR_INVALID_ARGUMENT. (A CUDA device reports it in a later call, see tinytorch/cuda.h; it reads zero
 * and writes nothing.) Where nothing is gathered or scattered, an index without elements may be of any dtype.
 * What is written to in place must not share memory with the other arguments (TT_ERR_INVALID_ARGUMENT). Every
 * result is new memory. */
#ifndef TINYTORCH_INDEX_H_
#define TINYTORCH_INDEX_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* out[i][j] = input[index[i][j]][j] for dim 0, and so on; index is no larger than input in other dims. */
TT_API tt_status tt_gather(const tt_tensor* input, int64_t dim, const tt_tensor* index, tt_tensor** out);
/* gather with indices (int64) and input broadcast to each other, negative ones from the end; NULL dim: both
 * flattened, and no negative ones. */
TT_API tt_status tt_take_along_dim(const tt_tensor* input, const tt_tensor* indices, const int64_t* dim,
                                   tt_tensor** out);
/* The slices along `dim` that the vector `index` names. */
TT_API tt_status tt_index_select(const tt_tensor* input, int64_t dim, const tt_tensor* index,
                                 tt_tensor** out);
/* input with alpha * source's slices added at `index` along `dim`. alpha as in tt_addmm. */
TT_API tt_status tt_index_add(const tt_tensor* input, int64_t dim, const tt_tensor* index,
                              const tt_tensor* source, double alpha, tt_tensor** out);
TT_API tt_status tt_index_add_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* source,
                               double alpha);
/* input with self[index[i][j]][j] = src[i][j] for dim 0, and so on; a repeated index keeps the last. */
TT_API tt_status tt_scatter(const tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src,
                            tt_tensor** out);
TT_API tt_status tt_scatter_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src);
TT_API tt_status tt_scatter_value(const tt_tensor* input, int64_t dim, const tt_tensor* index, double value,
                                  tt_tensor** out);
TT_API tt_status tt_scatter_value_(tt_tensor* input, int64_t dim, const tt_tensor* index, double value);
/* The same, adding. */
TT_API tt_status tt_scatter_add(const tt_tensor* input, int64_t dim, const tt_tensor* index,
                                const tt_tensor* src, tt_tensor** out);
TT_API tt_status tt_scatter_add_(tt_tensor* input, int64_t dim, const tt_tensor* index, const tt_tensor* src);

/* What becomes of the values that meet in one place: PyTorch's `reduce`. */
typedef int32_t tt_reduce;
enum { TT_REDUCE_SUM = 0, TT_REDUCE_PROD = 1, TT_REDUCE_MEAN = 2, TT_REDUCE_AMAX = 3, TT_REDUCE_AMIN = 4 };
/* tt_scatter, reducing; include_self 0: a place that takes values forgets its own. No mean of bools. */
TT_API tt_status tt_scatter_reduce(const tt_tensor* input, int64_t dim, const tt_tensor* index,
                                   const tt_tensor* src, tt_reduce reduce, int32_t include_self,
                                   tt_tensor** out);
TT_API tt_status tt_scatter_reduce_(tt_tensor* input, int64_t dim, const tt_tensor* index,
                                    const tt_tensor* src, tt_reduce reduce, int32_t include_self);

/* input[indices[0], indices[1], ...]: integer tensors, which broadcast together and may be negative; bool
 * masks, each for as many dimensions as it has, at least one; NULL for a whole dimension. */
TT_API tt_status tt_index(const tt_tensor* input, tt_tensor* const* indices, size_t count, tt_tensor** out);
/* input with values, broadcast, at that place; with accumulate 1 they are added, repeated indices too. values
 * has input's dtype, but a single one for a bool mask is converted. */
TT_API tt_status tt_index_put(const tt_tensor* input, tt_tensor* const* indices, size_t count,
                              const tt_tensor* values, int32_t accumulate, tt_tensor** out);
TT_API tt_status tt_index_put_(tt_tensor* input, tt_tensor* const* indices, size_t count,
                               const tt_tensor* values, int32_t accumulate);
/* The elements where the bool mask, broadcast with input, is true, as a vector. */
TT_API tt_status tt_masked_select(const tt_tensor* input, const tt_tensor* mask, tt_tensor** out);
/* The indices of the elements that are not zero: int64, one row each. */
TT_API tt_status tt_nonzero(const tt_tensor* input, tt_tensor** out);
/* The same as one vector per dimension (0-dim counts as 1-dim), which tt_index takes: where(condition).
 * `outs` and `count` as in view.h. */
TT_API tt_status tt_nonzero_tuple(const tt_tensor* input, tt_tensor** outs, size_t capacity, size_t* count);

/* Along `dim`; dtypes promote; a vector without elements joins anything. */
TT_API tt_status tt_cat(tt_tensor* const* tensors, size_t count, int64_t dim, tt_tensor** out);
/* Tensors of one shape along a new dimension `dim`. */
TT_API tt_status tt_stack(tt_tensor* const* tensors, size_t count, int64_t dim, tt_tensor** out);
TT_API tt_status tt_hstack(tt_tensor* const* tensors, size_t count, tt_tensor** out);
TT_API tt_status tt_vstack(tt_tensor* const* tensors, size_t count, tt_tensor** out);
/* In reverse order along `dims`. */
TT_API tt_status tt_flip(const tt_tensor* input, const int64_t* dims, size_t count, tt_tensor** out);
/* Moved by shifts[i] along dims[i], round the end; no dims and one shift: of the flattened tensor. */
TT_API tt_status tt_roll(const tt_tensor* input, const int64_t* shifts, size_t shift_count,
                         const int64_t* dims, size_t dim_count, tt_tensor** out);
/* The whole tensor repeats[i] times along dimension i; more repeats than dimensions add dimensions in front.
 */
TT_API tt_status tt_repeat(const tt_tensor* input, const int64_t* repeats, size_t count, tt_tensor** out);
/* repeat with ones put before too few repeats. */
TT_API tt_status tt_tile(const tt_tensor* input, const int64_t* repeats, size_t count, tt_tensor** out);
/* Each element `repeats` times along `dim`; NULL dim: of the flattened tensor. */
TT_API tt_status tt_repeat_interleave(const tt_tensor* input, int64_t repeats, const int64_t* dim,
                                      tt_tensor** out);
/* Element i repeats[i] times; `repeats` is an integer vector, or one number for all. */
TT_API tt_status tt_repeat_interleave_tensor(const tt_tensor* input, const tt_tensor* repeats,
                                             const int64_t* dim, tt_tensor** out);

/* What is put around a tensor: a value; the elements mirrored at its edge; the outermost one; those of the
 * other end. */
typedef int32_t tt_pad_mode;
enum { TT_PAD_CONSTANT = 0, TT_PAD_REFLECT = 1, TT_PAD_REPLICATE = 2, TT_PAD_CIRCULAR = 3 };
/* pad[0], pad[1] elements before and after along the last dimension, pad[2], pad[3] along the one before it,
 * and so on; negative amounts cut. `value` fills in the constant mode; the others pad 1 to 3 dimensions of a
 * tensor with one or two more; reflection and replication not of bools. */
TT_API tt_status tt_pad(const tt_tensor* input, const int64_t* pad, size_t count, tt_pad_mode mode,
                        double value, tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
