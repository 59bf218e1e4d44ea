/* TinyTorch: automatic mixed precision. Under autocast, matrix products and convolutions run in float16 or bfloat16,
 * what needs range or exact sums (losses, softmax, exp, pow, sums, norms) in float32, and the rest in the
 * dtype of its arguments: PyTorch's policy for CUDA, on every device. Parameters stay float32; so do their
 * gradients. In-place ops and float64 tensors are left alone, and backward runs in the dtypes of the forward. */
#ifndef TINYTORCH_AMP_H_
#define TINYTORCH_AMP_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_autocast {
  size_t struct_size;
  int32_t enabled;
  tt_dtype dtype;        /* TT_FLOAT16, TT_BFLOAT16; -1: the device's default, float16 on CUDA, bfloat16 on CPUs */
  int32_t cache_enabled; /* cast a parameter once until autocast is turned off, not for every use */
} tt_autocast;
#define TT_AUTOCAST_INIT \
  { sizeof(tt_autocast), 1, -1, 1 }
TT_API void tt_autocast_init(tt_autocast* autocast);

/* Sets the thread's autocast for tensors on devices of that type; NULL turns it off, which it is at start.
 * `previous` may be NULL. PyTorch's `with autocast():` is: set it, run the forward, set back what was there.
 * TT_ERR_DTYPE for another dtype. */
TT_API tt_status tt_set_autocast(tt_device_type type, const tt_autocast* autocast, tt_autocast* previous);
TT_API tt_status tt_get_autocast(tt_device_type type, tt_autocast* out);

#ifdef __cplusplus
}
#endif

#endif
