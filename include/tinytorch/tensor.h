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

/* Between begin and end, tensors that calls return on this thread belong to the scope: the caller does not
 * release them, and they are gone after the end. tt_scope_keep moves one out: the caller owns it again.
 * Scopes nest. A tensor that is released while its scope is open leaves the scope. */
TT_API tt_status tt_scope_begin(void);
TT_API tt_status tt_scope_end(void);
TT_API tt_status tt_scope_keep(tt_tensor* tensor);

/* A tensor of `ndim` sizes filled with zeros, ones or a value. The device is the CPU. */
TT_API tt_status tt_zeros(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_ones(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out);
TT_API tt_status tt_full(const int64_t* sizes, size_t ndim, double value, tt_dtype dtype, tt_tensor** out);
/* A tensor with a copy of the caller's values: contiguous, row-major, of `dtype`. NULL data is fine when
 * there are no elements. */
TT_API tt_status tt_from_data(const void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype,
                              tt_tensor** out);

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

#ifdef __cplusplus
}
#endif

#endif
