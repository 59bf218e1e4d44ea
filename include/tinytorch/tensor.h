/* TinyTorch: tensors: making, reading, converting and releasing them; scopes. */
#ifndef TINYTORCH_TENSOR_H_
#define TINYTORCH_TENSOR_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One more reference to the tensor. NULL is fine. Returns its argument. */
TT_API tt_tensor* tt_tensor_retain(tt_tensor* tensor);
/* Gives one reference back; the last one frees the tensor. NULL is fine; any thread, any order. */
TT_API void tt_tensor_release(tt_tensor* tensor);

/* Between begin and end, tensors that calls return on this thread belong to the scope: the reference is the
 * scope's, the caller does not release it, and it is gone after the end. Scopes nest: the innermost one takes
 * what is new.
 *
 *   tt_scope scope;
 *   tt_scope_begin(&scope);
 *   ...
 *   tt_scope_end(scope);
 *
 *  - The end names its scope, and ends those begun within it that are still open, too: a function may return
 * early, without ending its own, where its caller ends one around it. (A warning says so, base.h.) A scope
 * that has ended, or is another thread's, or was begun outside the callback that runs, is
 * TT_ERR_INVALID_ARGUMENT, and nothing is ended.
 *  - At most 1000 are open at a time on a thread, TT_ERR_INVALID_ARGUMENT beyond: a loop that never ends its
 * scope is found. tt_get_memory_stats tells how many are open and what they own.
 *  - What tt_tensor_retain takes meanwhile is the caller's, to be released before or after the end.
 *  - Released once more than that, on the scope's thread, the tensor leaves the scope early. (A release gives
 * back a retained reference first. Whoever hands one to another thread keeps the tensor instead.)
 *  - tt_scope_keep moves the tensor out: the caller owns the scope's reference. */
typedef uint64_t tt_scope;
TT_API tt_status tt_scope_begin(tt_scope* scope);
TT_API tt_status tt_scope_end(tt_scope scope);
TT_API tt_status tt_scope_keep(tt_tensor* tensor);
/* tt_scope_keep where an open scope owns the tensor, else nothing. NULL is fine. For languages whose handles
 * release themselves: of every new handle, so that scopes are no concern of theirs. */
TT_API void tt_scope_disown(tt_tensor* tensor);
/* Hands a reference of the caller's to the innermost open scope, which releases it at its end. For what a
 * callback returns in a language whose own handles are gone by then. Of a tensor that a scope owns already it
 * must be a retained one. */
TT_API tt_status tt_scope_give(tt_tensor* tensor);

/* ---- making tensors ----
 * On the CPU, contiguous. `dtype` TT_DTYPE_NONE: the default dtype, or the input's for *_like. A number that
 * the dtype cannot hold is TT_ERR_INVALID_ARGUMENT; a whole one counts as an integer, of which uint8 also
 * takes those from -255 on, modulo 256. */

/* Of `ndim` sizes: not initialised; zeros; ones; all `value`. */
TT_API tt_status tt_empty(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_zeros(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_ones(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_full(const int64_t* sizes, size_t ndim, double value, tt_dtype dtype, tt_tensor** out);
/* Of the input's sizes and device. */
TT_API tt_status tt_empty_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_zeros_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_ones_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_full_like(const tt_tensor* input, double value, tt_dtype dtype, tt_tensor** out);
/* Not initialised, with the given strides (in elements, not negative). */
TT_API tt_status tt_empty_strided(const int64_t* sizes, size_t ndim, const int64_t* strides,
                                  size_t stride_count, tt_dtype dtype, tt_tensor** out);
/* 0-dim. The second form is exact for every int64; its dtype TT_DTYPE_NONE is int64. */
TT_API tt_status tt_scalar(double value, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_scalar_int64(int64_t value, tt_dtype dtype, tt_tensor** out);
/* start + i * step for i < ceil((end - start) / step). An integer dtype truncates start and step first;
 * values that it cannot hold wrap around, as in PyTorch. The second form is exact for every int64; its
 * dtype TT_DTYPE_NONE is int64. */
TT_API tt_status tt_arange(double start, double end, double step, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_arange_int(int64_t start, int64_t end, int64_t step, tt_dtype dtype, tt_tensor** out);
/* `steps` values in equal distances, start and end included; logspace: `base` to their power. An integer
 * dtype truncates start and end first. */
TT_API tt_status tt_linspace(double start, double end, int64_t steps, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_logspace(double start, double end, int64_t steps, double base, tt_dtype dtype,
                             tt_tensor** out);
/* n x m with ones on the diagonal. */
TT_API tt_status tt_eye(int64_t n, int64_t m, tt_dtype dtype, tt_tensor** out);
/* A tensor with a copy of the caller's values: contiguous, row-major, of `dtype`, which they have already:
 * TT_DTYPE_NONE is TT_ERR_DTYPE here and in tt_from_memory. A bool is true where its byte is not 0. NULL data
 * is fine when there are no elements. */
TT_API tt_status tt_from_data(const void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype,
                              tt_tensor** out);
/* A tensor over the caller's memory, without a copy: contiguous, row-major, aligned to the element's size; of
 * bools every byte must be 0 or 1, now and later.
 * `deleter` (may be NULL) gets data and user once, when the last tensor over the memory is gone, on whichever
 * thread that is; it is not called when this call fails. */
TT_API tt_status tt_from_memory(void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype,
                                void (*deleter)(void* data, void* user), void* user, tt_tensor** out);

/* The last two dimensions with zeros above (tril) or below (triu) the diagonal `diagonal` above the main one.
 */
TT_API tt_status tt_tril(const tt_tensor* input, int64_t diagonal, tt_tensor** out);
TT_API tt_status tt_triu(const tt_tensor* input, int64_t diagonal, tt_tensor** out);
TT_API tt_status tt_tril_(tt_tensor* input, int64_t diagonal);
TT_API tt_status tt_triu_(tt_tensor* input, int64_t diagonal);
/* A vector as the diagonal of a matrix, or a matrix's diagonal (a copy). */
TT_API tt_status tt_diag(const tt_tensor* input, int64_t diagonal, tt_tensor** out);
/* int64 class numbers as rows with a 1, int64. num_classes -1: one more than the largest. */
TT_API tt_status tt_one_hot(const tt_tensor* input, int64_t num_classes, tt_tensor** out);
/* Which dimension of a grid the first two vectors run along: the first along the first, or along the second
 * (x, y). */
typedef int32_t tt_meshgrid_indexing;
enum { TT_INDEXING_IJ = 0, TT_INDEXING_XY = 1 };
/* `count` vectors, each expanded (a view) over the others' dimensions; `outs` takes `count` tensors. */
TT_API tt_status tt_meshgrid(tt_tensor* const* tensors, size_t count, tt_meshgrid_indexing indexing,
                             tt_tensor** outs);

/* ---- copying and converting ---- */

TT_API tt_status tt_clone(const tt_tensor* input, tt_tensor** out);
/* The tensor itself (a new reference) where it has the dtype or is on the device already. */
TT_API tt_status tt_to(const tt_tensor* input, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_to_device(const tt_tensor* input, tt_device_type type, int32_t index, tt_tensor** out);
/* input = src, broadcast and converted. The two must not partly overlap in memory (TT_ERR_INVALID_ARGUMENT).
 */
TT_API tt_status tt_copy_(tt_tensor* input, const tt_tensor* src);
TT_API tt_status tt_fill_(tt_tensor* input, double value);
TT_API tt_status tt_zero_(tt_tensor* input);
/* The same as tt_to_device and tt_copy_, but the host does not wait where its side is contiguous pinned
 * memory of the device's dtype: it must leave that memory alone, or not read it yet, until the device's
 * stream has come so far (tt_cuda_synchronize, or an event). A copy to the CPU makes such memory. */
TT_API tt_status tt_to_device_non_blocking(const tt_tensor* input, tt_device_type type, int32_t index,
                                           tt_tensor** out);
TT_API tt_status tt_copy_non_blocking_(tt_tensor* input, const tt_tensor* src);
/* A copy in page-locked memory, which CUDA devices read and write faster and without the host. TT_ERR_DEVICE
 * where there is no CUDA backend, or the input is not on the CPU. */
TT_API tt_status tt_pin_memory(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_tensor_is_pinned(const tt_tensor* tensor, int32_t* out);
/* The dtype that an op on the two computes in: dimensions decide before 0-dim tensors do. */
TT_API tt_status tt_result_type(const tt_tensor* input, const tt_tensor* other, tt_dtype* out);
TT_API tt_status tt_promote_types(tt_dtype a, tt_dtype b, tt_dtype* out);
/* 1 unless a kind is lost: floating to integer or bool, integer to bool. */
TT_API tt_status tt_can_cast(tt_dtype from, tt_dtype to, int32_t* out);

/* ---- reading tensors ---- */

TT_API tt_status tt_tensor_ndim(const tt_tensor* tensor, int64_t* out);
TT_API tt_status tt_tensor_numel(const tt_tensor* tensor, int64_t* out);
TT_API tt_status tt_tensor_dtype(const tt_tensor* tensor, tt_dtype* out);
/* Borrowed: ndim values, valid while the tensor lives and is not resized. */
TT_API tt_status tt_tensor_sizes(const tt_tensor* tensor, const int64_t** out);
TT_API tt_status tt_tensor_strides(const tt_tensor* tensor, const int64_t** out);
/* The address of the first element, in the tensor's device's memory. Borrowed. */
TT_API tt_status tt_tensor_data(const tt_tensor* tensor, void** out);
/* The value of a tensor with one element, as a double. TT_ERR_SHAPE when it has more or none. */
TT_API tt_status tt_tensor_item(const tt_tensor* tensor, double* out);
/* The same for integers and bool, exactly; TT_ERR_DTYPE for floating tensors. */
TT_API tt_status tt_tensor_item_int64(const tt_tensor* tensor, int64_t* out);
/* Copies the values into the caller's memory, row-major, whatever the strides and the device. `nbytes` must
 * be numel times the element's size. */
TT_API tt_status tt_tensor_copy_data(const tt_tensor* tensor, void* buffer, size_t nbytes);
TT_API tt_status tt_tensor_device(const tt_tensor* tensor, tt_device_type* type, int32_t* index);
TT_API tt_status tt_tensor_is_contiguous(const tt_tensor* tensor, int32_t* out);
/* Elements between the storage's start and the tensor's first element. */
TT_API tt_status tt_tensor_offset(const tt_tensor* tensor, int64_t* out);
TT_API tt_status tt_tensor_element_size(const tt_tensor* tensor, int64_t* out);

#ifdef __cplusplus
}
#endif

#endif
