/* TinyTorch: optimizers. The arithmetic is PyTorch's, operation by operation; but for half
 * types, whose roundings may differ. */
#ifndef TINYTORCH_OPTIM_H_
#define TINYTORCH_OPTIM_H_

#include "tinytorch/base.h"
#include "tinytorch/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- making one ----
 * params: floating-point leaves, at least one, none twice. The optimizer holds references to them. NULL
 * options are the defaults. Values out of range are TT_ERR_INVALID_ARGUMENT. */

typedef struct tt_sgd_options {
  size_t struct_size;
  double lr;           /* 1e-3 */
  double momentum;     /* 0 */
  double dampening;    /* 0 */
  double weight_decay; /* 0 */
  int32_t nesterov;    /* 0; wants a momentum and zero dampening */
  int32_t maximize;    /* 0 */
} tt_sgd_options;
#define TT_SGD_OPTIONS_INIT \
  { sizeof(tt_sgd_options), 1e-3, 0.0, 0.0, 0.0, 0, 0 }
TT_API tt_status tt_sgd_options_init(size_t struct_size, tt_sgd_options* options);
/* p -= lr * g, where g = grad + weight_decay * p; with momentum buf = momentum * buf + (1 - dampening) * g
 * (the first buf is g), and g = buf, or g + momentum * buf with nesterov. */
TT_API tt_status tt_optim_sgd(tt_tensor* const* params, size_t count, const tt_sgd_options* options,
                              tt_optimizer** out);

typedef struct tt_adam_options {
  size_t struct_size;
  double lr;           /* 1e-3 */
  double beta1;        /* 0.9 */
  double beta2;        /* 0.999 */
  double eps;          /* 1e-8 */
  double weight_decay; /* Adam: 0; AdamW: 1e-2 */
  int32_t amsgrad;     /* 0 */
  int32_t maximize;    /* 0 */
} tt_adam_options;
#define TT_ADAM_OPTIONS_INIT \
  { sizeof(tt_adam_options), 1e-3, 0.9, 0.999, 1e-8, 0.0, 0, 0 }
#define TT_ADAMW_OPTIONS_INIT \
  { sizeof(tt_adam_options), 1e-3, 0.9, 0.999, 1e-8, 1e-2, 0, 0 }
TT_API tt_status tt_adam_options_init(size_t struct_size, tt_adam_options* options);
TT_API tt_status tt_adamw_options_init(size_t struct_size, tt_adam_options* options);
/* Kingma and Ba, "Adam: A Method for Stochastic Optimization". AdamW decays the parameters instead of the
 * gradients (Loshchilov and Hutter, "Decoupled Weight Decay Regularization"). */
TT_API tt_status tt_optim_adam(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                               tt_optimizer** out);
TT_API tt_status tt_optim_adamw(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                                tt_optimizer** out);

TT_API tt_optimizer* tt_optimizer_retain(tt_optimizer* optimizer);
TT_API void tt_optimizer_release(tt_optimizer* optimizer);

/* ---- training ---- */

/* Updates every parameter that has a gradient. Not recorded; counts as a write to each parameter. */
TT_API tt_status tt_optimizer_step(tt_optimizer* optimizer);
/* Drops the parameters' gradients, or fills them with zeros (set_to_none 0). */
TT_API tt_status tt_optimizer_zero_grad(tt_optimizer* optimizer, int32_t set_to_none);

/* ---- parameter groups ---- */

/* One more group, with the optimizer's options as they were given; *group (may be NULL) is its number. Other
 * options are set afterwards. */
TT_API tt_status tt_optimizer_add_param_group(tt_optimizer* optimizer, tt_tensor* const* params, size_t count,
                                              int64_t* group);
TT_API tt_status tt_optimizer_group_count(const tt_optimizer* optimizer, int64_t* out);
/* An option of a group by its name in the options struct: "lr", "momentum", ...; booleans are 0 or 1. */
TT_API tt_status tt_optimizer_get_option(const tt_optimizer* optimizer, int64_t group, const char* name,
                                         double* out);
TT_API tt_status tt_optimizer_set_option(tt_optimizer* optimizer, int64_t group, const char* name,
                                         double value);
/* "lr". set: of every group where `group` is -1. */
TT_API tt_status tt_optimizer_get_lr(const tt_optimizer* optimizer, int64_t group, double* out);
TT_API tt_status tt_optimizer_set_lr(tt_optimizer* optimizer, int64_t group, double lr);

/* The optimizer as text, group by group: see tt_module_repr for the buffer. */
TT_API tt_status tt_optimizer_repr(const tt_optimizer* optimizer, char* buffer, size_t capacity,
                                   size_t* length);

/* ---- state ---- */

/* "state.<parameter>.<name>" ("momentum_buffer", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step"),
 * "param_groups.<group>.<option>" and "param_groups.<group>.params". The state tensors share memory with the
 * optimizer: copy or save them before the next step. */
TT_API tt_status tt_optimizer_state_dict(const tt_optimizer* optimizer, tt_state_dict** out);
/* Takes over state and options, by copy; a run that goes on from there goes on bit for bit. The groups must
 * have as many parameters, of the same shapes. */
TT_API tt_status tt_optimizer_load_state_dict(tt_optimizer* optimizer, const tt_state_dict* state_dict);

#ifdef __cplusplus
}
#endif

#endif
