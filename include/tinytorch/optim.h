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
 * options are the defaults, which stand beside each member with its range; values out of range are
 * TT_ERR_INVALID_ARGUMENT. Booleans are 0 or not. */

/* What tt_optim_sgd_new takes. */
typedef struct tt_sgd_options {
  size_t struct_size;
  double lr;           /* 1e-3; 0 or more */
  double momentum;     /* 0; 0 or more */
  double dampening;    /* 0; any number */
  double weight_decay; /* 0; 0 or more */
  int32_t nesterov;    /* 0; a boolean; wants a momentum above 0 and a dampening of 0 */
  int32_t maximize;    /* 0; a boolean: goes up the gradient instead of down */
} tt_sgd_options;
#define TT_SGD_OPTIONS_INIT \
  { sizeof(tt_sgd_options), 1e-3, 0.0, 0.0, 0.0, 0, 0 }
/* TT_SGD_OPTIONS_INIT as a function (base.h says how). */
TT_API tt_status tt_sgd_options_init(size_t struct_size, tt_sgd_options* options);
/* Stochastic gradient descent: p -= lr * g, where g = grad + weight_decay * p; with momentum buf = momentum *
 * buf + (1 - dampening) * g (the first buf is g), and g = buf, or g + momentum * buf with nesterov. */
TT_API tt_status tt_optim_sgd_new(tt_tensor* const* params, size_t count, const tt_sgd_options* options,
                                  tt_optimizer** out);

/* What tt_optim_adam_new and tt_optim_adamw_new take. */
typedef struct tt_adam_options {
  size_t struct_size;
  double lr;           /* 1e-3; 0 or more */
  double beta1;        /* 0.9; from 0 to less than 1 */
  double beta2;        /* 0.999; from 0 to less than 1 */
  double eps;          /* 1e-8; 0 or more */
  double weight_decay; /* Adam: 0, AdamW: 1e-2; 0 or more */
  int32_t amsgrad;     /* 0; a boolean: divides by the largest second moment so far */
  int32_t maximize;    /* 0; a boolean: goes up the gradient instead of down */
} tt_adam_options;
#define TT_ADAM_OPTIONS_INIT \
  { sizeof(tt_adam_options), 1e-3, 0.9, 0.999, 1e-8, 0.0, 0, 0 }
#define TT_ADAMW_OPTIONS_INIT \
  { sizeof(tt_adam_options), 1e-3, 0.9, 0.999, 1e-8, 1e-2, 0, 0 }
/* TT_ADAM_OPTIONS_INIT as a function. */
TT_API tt_status tt_adam_options_init(size_t struct_size, tt_adam_options* options);
/* TT_ADAMW_OPTIONS_INIT as a function. */
TT_API tt_status tt_adamw_options_init(size_t struct_size, tt_adam_options* options);
/* Kingma and Ba, "Adam: A Method for Stochastic Optimization". NULL options are TT_ADAM_OPTIONS_INIT. */
TT_API tt_status tt_optim_adam_new(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                                   tt_optimizer** out);
/* The same, but it decays the parameters instead of the gradients (Loshchilov and Hutter, "Decoupled Weight
 * Decay Regularization"). NULL options are TT_ADAMW_OPTIONS_INIT. */
TT_API tt_status tt_optim_adamw_new(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                                    tt_optimizer** out);

/* What tt_optim_adamax_new takes. */
typedef struct tt_adamax_options {
  size_t struct_size;
  double lr;           /* 2e-3; 0 or more */
  double beta1;        /* 0.9; from 0 to less than 1 */
  double beta2;        /* 0.999; from 0 to less than 1 */
  double eps;          /* 1e-8; 0 or more */
  double weight_decay; /* 0; 0 or more */
  int32_t maximize;    /* 0; a boolean: goes up the gradient instead of down */
} tt_adamax_options;
#define TT_ADAMAX_OPTIONS_INIT \
  { sizeof(tt_adamax_options), 2e-3, 0.9, 0.999, 1e-8, 0.0, 0 }
/* TT_ADAMAX_OPTIONS_INIT as a function. */
TT_API tt_status tt_adamax_options_init(size_t struct_size, tt_adamax_options* options);
/* Adam with the infinity norm, from the same paper: p -= lr / (1 - beta1^step) * exp_avg / exp_inf, where
 * exp_inf = max(beta2 * exp_inf, |g| + eps) and g = grad + weight_decay * p. NULL options are
 * TT_ADAMAX_OPTIONS_INIT. */
TT_API tt_status tt_optim_adamax_new(tt_tensor* const* params, size_t count, const tt_adamax_options* options,
                                     tt_optimizer** out);

/* One more reference; returns its argument, which may be NULL. */
TT_API tt_optimizer* tt_optimizer_retain(tt_optimizer* optimizer);
/* One reference less; the last takes the optimizer with it. NULL is fine. */
TT_API void tt_optimizer_release(tt_optimizer* optimizer);

/* ---- training ---- */

/* Updates every parameter that has a gradient. Not recorded; counts as a write to each parameter. */
TT_API tt_status tt_optimizer_step(tt_optimizer* optimizer);
/* Computes a loss and its gradients: zeroes those there are, runs forward and backward, and puts the loss
 * into *loss, which is NULL on entry and may stay so. Fails as every callback does (autograd.h). */
typedef tt_status (*tt_optimizer_closure)(tt_tensor** loss, void* user);
/* PyTorch's step(closure): calls the closure, with gradients on and with `user`, and then steps. Optimizers
 * that need the loss more than once call it several times; those there are call it once. *loss is what
 * its first call returned; `loss` may be NULL. Where the closure fails the call fails with TT_ERR_CALLBACK
 * and no parameter has changed; the gradients are as the closure has left them. */
TT_API tt_status tt_optimizer_step_closure(tt_optimizer* optimizer, tt_optimizer_closure closure, void* user,
                                           tt_tensor** loss);
/* Drops the parameters' gradients, or fills them with zeros (set_to_none 0). */
TT_API tt_status tt_optimizer_zero_grad(tt_optimizer* optimizer, int32_t set_to_none);

/* ---- parameter groups ---- */

/* One more group, with the optimizer's options as they were given; *group (may be NULL) is its number. Other
 * options are set afterwards. */
TT_API tt_status tt_optimizer_add_param_group(tt_optimizer* optimizer, tt_tensor* const* params, size_t count,
                                              int64_t* group);
/* How many groups there are; they are numbered from 0. */
TT_API tt_status tt_optimizer_group_count(const tt_optimizer* optimizer, int64_t* out);

/* What kind of value an option has. By name all are doubles: an integer is a whole number, a boolean 0 or 1.
 */
typedef int32_t tt_option_kind;
enum { TT_OPTION_REAL = 0, TT_OPTION_INTEGER = 1, TT_OPTION_BOOLEAN = 2 };
/* How many options the optimizer's groups have, for who does not know them. */
TT_API tt_status tt_optimizer_option_count(const tt_optimizer* optimizer, size_t* out);
/* The name of option `index`, "lr", in the order of the options struct. Static. TT_ERR_INVALID_ARGUMENT for
 * an index that is out of range. */
TT_API tt_status tt_optimizer_option_name(const tt_optimizer* optimizer, size_t index, const char** out);
/* The kind of option `index`. TT_ERR_INVALID_ARGUMENT for an index that is out of range. */
TT_API tt_status tt_optimizer_option_kind(const tt_optimizer* optimizer, size_t index, tt_option_kind* out);
/* An option of a group by its name in the options struct: "lr", "momentum", ... TT_ERR_INVALID_ARGUMENT for a
 * group or name that is not there. */
TT_API tt_status tt_optimizer_get_option(const tt_optimizer* optimizer, int64_t group, const char* name,
                                         double* out);
/* Sets it. TT_ERR_INVALID_ARGUMENT also for a value that is not of the option's kind, as 1.5 for a boolean,
 * or out of the range that stands beside the struct's member; nothing has changed then. */
TT_API tt_status tt_optimizer_set_option(tt_optimizer* optimizer, int64_t group, const char* name,
                                         double value);
/* The option "lr" of a group. */
TT_API tt_status tt_optimizer_get_lr(const tt_optimizer* optimizer, int64_t group, double* out);
/* Sets it; -1 as the group: of every one. */
TT_API tt_status tt_optimizer_set_lr(tt_optimizer* optimizer, int64_t group, double lr);

/* The optimizer as text, group by group: see tt_module_repr for the buffer. */
TT_API tt_status tt_optimizer_repr(const tt_optimizer* optimizer, char* buffer, size_t capacity,
                                   size_t* length);

/* ---- state ---- */

/* "state.<parameter>.<name>" ("momentum_buffer", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "exp_inf",
 * "step"), "param_groups.<group>.<option>" and "param_groups.<group>.params". The state tensors share memory
 * with the optimizer: copy or save them before the next step. */
TT_API tt_status tt_optimizer_state_dict(const tt_optimizer* optimizer, tt_state_dict** out);
/* Takes over state and options, by copy; a run that goes on from there goes on bit for bit. The groups must
 * have as many parameters, of the same shapes. */
TT_API tt_status tt_optimizer_load_state_dict(tt_optimizer* optimizer, const tt_state_dict* state_dict);

#ifdef __cplusplus
}
#endif

#endif
