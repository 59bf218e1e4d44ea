/* TinyTorch: automatic mixed precision. Under autocast, matrix products and convolutions run in float16 or
 * bfloat16, what needs range or exact sums (losses, softmax, exp, pow, sums, norms) in float32, and the rest
 * in the dtype of its arguments: PyTorch's policy for CUDA, on every device. Parameters stay float32; so do
 * their gradients. In-place ops and float64 tensors are left alone, and backward runs in the dtypes of the
 * forward. */
#ifndef TINYTORCH_AMP_H_
#define TINYTORCH_AMP_H_

#include "tinytorch/base.h"
#include "tinytorch/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_autocast {
  size_t struct_size;
  int32_t enabled;
  tt_dtype dtype; /* TT_FLOAT16, TT_BFLOAT16; TT_DTYPE_NONE: the device's default, float16 on CUDA, bfloat16
                     on CPUs */
  int32_t cache_enabled; /* cast a parameter once until autocast is turned off, not for every use */
} tt_autocast;
#define TT_AUTOCAST_INIT \
  { sizeof(tt_autocast), 1, TT_DTYPE_NONE, 1 }
TT_API tt_status tt_autocast_init(size_t struct_size, tt_autocast* autocast);

/* Sets the thread's autocast for tensors on devices of that type; NULL turns it off, which it is at start.
 * `previous` may be NULL. PyTorch's `with autocast():` is: set it, run the forward, set back what was there.
 * TT_ERR_DTYPE for another dtype. */
TT_API tt_status tt_set_autocast(tt_device_type type, const tt_autocast* autocast, tt_autocast* previous);
TT_API tt_status tt_get_autocast(tt_device_type type, tt_autocast* out);

/* ---- scaling of the loss ----
 * Gradients in float16 vanish where they are small. A scaler multiplies the loss, so that they do not, takes
 * the factor out of the gradients before the step, leaves steps with infinite gradients out, and adapts the
 * factor.
 *
 *   tt_grad_scaler_scale(scaler, loss, &scaled);
 *   tt_backward(scaled);
 *   tt_grad_scaler_step(scaler, optimizer, NULL);
 *   tt_grad_scaler_update(scaler);
 *
 * PyTorch's torch.amp.GradScaler; of one thread at a time. */
typedef struct tt_grad_scaler tt_grad_scaler;

typedef struct tt_grad_scaler_options {
  size_t struct_size;
  double init_scale;
  double growth_factor;  /* the scale's, after growth_interval updates in a row without infinities; above 1 */
  double backoff_factor; /* the scale's, after an update with some; between 0 and 1 */
  int64_t growth_interval; /* at least 1 */
  int32_t enabled;         /* 0: scale, unscale and update do nothing, and step steps */
} tt_grad_scaler_options;
#define TT_GRAD_SCALER_OPTIONS_INIT \
  { sizeof(tt_grad_scaler_options), 65536.0, 2.0, 0.5, 2000, 1 }
TT_API tt_status tt_grad_scaler_options_init(size_t struct_size, tt_grad_scaler_options* options);

/* options: NULL for the defaults. TT_ERR_INVALID_ARGUMENT for factors or intervals out of range. */
TT_API tt_status tt_grad_scaler_new(const tt_grad_scaler_options* options, tt_grad_scaler** out);
TT_API tt_grad_scaler* tt_grad_scaler_retain(tt_grad_scaler* scaler);
TT_API void tt_grad_scaler_release(tt_grad_scaler* scaler);

/* The outputs times the scale, differentiable; half types become float32, which holds it. */
TT_API tt_status tt_grad_scaler_scale(const tt_grad_scaler* scaler, const tt_tensor* outputs,
                                      tt_tensor** out);
/* Divides the gradients of the optimizer's parameters by the scale, for whoever clips them before the step.
 * Once for each optimizer between updates. TT_ERR_DTYPE for float16 gradients: parameters stay float32. */
TT_API tt_status tt_grad_scaler_unscale(tt_grad_scaler* scaler, tt_optimizer* optimizer);
/* Unscales if that was not done yet, and steps unless a gradient is infinite or NaN. *stepped (may be NULL):
 * 1 if it did. Once for each optimizer between updates. Waits for the gradients. */
TT_API tt_status tt_grad_scaler_step(tt_grad_scaler* scaler, tt_optimizer* optimizer, int32_t* stepped);
/* Adapts the scale to what the steps since the last update met. */
TT_API tt_status tt_grad_scaler_update(tt_grad_scaler* scaler);

/* 1 where the scaler is not enabled. */
TT_API tt_status tt_grad_scaler_get_scale(const tt_grad_scaler* scaler, double* out);
/* A positive number; also ends the steps since the last update, as tt_grad_scaler_update does. */
TT_API tt_status tt_grad_scaler_set_scale(tt_grad_scaler* scaler, double scale);
/* "scale", "growth_factor", "backoff_factor", "growth_interval" and "_growth_tracker". Loading changes
 * nothing when it fails. */
TT_API tt_status tt_grad_scaler_state_dict(const tt_grad_scaler* scaler, tt_state_dict** out);
TT_API tt_status tt_grad_scaler_load_state_dict(tt_grad_scaler* scaler, const tt_state_dict* state_dict);

#ifdef __cplusplus
}
#endif

#endif
