/* TinyTorch: modules.
 *
 * A module is a tree of named parameters, buffers and child modules with a forward pass, at most 500 modules
 * deep. New layers have the default dtype, are on the CPU, and draw their initial values from the default
 * generator as PyTorch's do. */
#ifndef TINYTORCH_NN_H_
#define TINYTORCH_NN_H_

#include "tinytorch/base.h"
#include "tinytorch/functional.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- named tensors ----
 * An ordered list of names and tensors: what state dicts are, and what files hold. */

typedef struct tt_state_dict tt_state_dict;

TT_API tt_status tt_state_dict_new(tt_state_dict** out);
TT_API tt_state_dict* tt_state_dict_retain(tt_state_dict* state_dict);
TT_API void tt_state_dict_release(tt_state_dict* state_dict);
TT_API tt_status tt_state_dict_count(const tt_state_dict* state_dict, size_t* out);
/* The name at a place. Borrowed: valid until the list changes or goes. */
TT_API tt_status tt_state_dict_name(const tt_state_dict* state_dict, size_t index, const char** out);
TT_API tt_status tt_state_dict_tensor(const tt_state_dict* state_dict, size_t index, tt_tensor** out);
/* The tensor of a name; TT_ERR_INVALID_ARGUMENT where there is none. */
TT_API tt_status tt_state_dict_get(const tt_state_dict* state_dict, const char* name, tt_tensor** out);
/* Whether there is such a name. */
TT_API tt_status tt_state_dict_has(const tt_state_dict* state_dict, const char* name, int32_t* out);
/* Replaces the tensor of that name or adds it at the end. */
TT_API tt_status tt_state_dict_set(tt_state_dict* state_dict, const char* name, tt_tensor* tensor);
TT_API tt_status tt_state_dict_remove(tt_state_dict* state_dict, const char* name);

/* ---- using modules ---- */

/* One more reference; returns its argument, which may be NULL. */
TT_API tt_module* tt_module_retain(tt_module* module);
/* One reference less; the last takes the module with it. NULL is fine. */
TT_API void tt_module_release(tt_module* module);

/* The forward pass with its hooks, of one tensor. Where a layer fails, those before it have updated their
 * running statistics. A module that returns another number of tensors than one is
 * TT_ERR_INVALID_ARGUMENT, once it has run: use tt_module_forward_multi. */
TT_API tt_status tt_module_forward(tt_module* module, const tt_tensor* input, tt_tensor** out);
/* The same of inputs[0..count), for modules that take several tensors, as losses do, or return several: new
 * references into outputs[0..*output_count), NULL into the rest of outputs[0..capacity). output_count may be
 * NULL. Too little room is TT_ERR_INVALID_ARGUMENT, with *output_count set. For the library's modules that is
 * found before anything runs; a module of the host's own, and a Sequential that ends with one, has to run
 * first: its running statistics have moved on and its hooks have been called by then, and its results are
 * dropped. */
TT_API tt_status tt_module_forward_multi(tt_module* module, tt_tensor* const* inputs, size_t count,
                                         tt_tensor** outputs, size_t capacity, size_t* output_count);

/* "Linear". Borrowed: valid while the module lives. */
TT_API tt_status tt_module_type_name(const tt_module* module, const char** out);
/* The module as PyTorch prints it, into buffer[0..capacity), cut and ended by 0; the whole length without the
 * 0 goes into *length (may be NULL). NULL buffer with capacity 0 asks for the length. */
TT_API tt_status tt_module_repr(const tt_module* module, char* buffer, size_t capacity, size_t* length);

/* Training mode (1) or evaluation mode (0), for the module and all below it: dropout and batch norm behave
 * otherwise. */
TT_API tt_status tt_module_train(tt_module* module, int32_t mode);
/* Evaluation mode. */
TT_API tt_status tt_module_eval(tt_module* module);
/* Whether the module itself is in training mode, as new ones are. */
TT_API tt_status tt_module_is_training(const tt_module* module, int32_t* out);
/* Drops the parameters' gradients, or fills them with zeros (set_to_none 0). */
TT_API tt_status tt_module_zero_grad(tt_module* module, int32_t set_to_none);
/* Asks for (1) or forgoes (0) the gradients of all parameters of the tree. */
TT_API tt_status tt_module_requires_grad_(tt_module* module, int32_t requires_grad);
/* Converts floating-point parameters, gradients and buffers of the tree. The parameters stay the same
 * tensors. TT_ERR_DTYPE unless floating. */
TT_API tt_status tt_module_to_dtype(tt_module* module, tt_dtype dtype);
/* Moves the parameters, gradients and buffers of the tree. The parameters stay the same tensors. */
TT_API tt_status tt_module_to_device(tt_module* module, tt_device_type type, int32_t index);

/* ---- the tree ---- */

/* The parameters of the whole tree, each once, in PyTorch's order: new references into parameters[0..*count),
 * NULL into the rest of parameters[0..capacity). (NULL, 0) asks for their number alone; too little room is
 * TT_ERR_INVALID_ARGUMENT, with *count set. */
TT_API tt_status tt_module_parameters(const tt_module* module, tt_tensor** parameters, size_t capacity,
                                      size_t* count);
/* The same with their paths, "0.weight". */
TT_API tt_status tt_module_named_parameters(const tt_module* module, tt_state_dict** out);
TT_API tt_status tt_module_named_buffers(const tt_module* module, tt_state_dict** out);
/* One of them by its path. */
TT_API tt_status tt_module_get_parameter(const tt_module* module, const char* path, tt_tensor** out);
TT_API tt_status tt_module_get_buffer(const tt_module* module, const char* path, tt_tensor** out);
/* A module below this one by its path; "" is the module itself. */
TT_API tt_status tt_module_get_submodule(tt_module* module, const char* path, tt_module** out);
TT_API tt_status tt_module_child_count(const tt_module* module, size_t* out);
/* A direct child; *name (may be NULL) is borrowed: valid until the module's children change or it goes. */
TT_API tt_status tt_module_child(const tt_module* module, size_t index, const char** name, tt_module** out);

/* Registering under a name without dots. The same kind replaces what had the name; a NULL tensor keeps the
 * name as None. A parameter must be a floating-point leaf, and requires a gradient from here on. A buffer
 * that is not persistent is not part of the state dict. */
TT_API tt_status tt_module_register_parameter(tt_module* module, const char* name, tt_tensor* parameter);
TT_API tt_status tt_module_register_buffer(tt_module* module, const char* name, tt_tensor* buffer,
                                           int32_t persistent);
TT_API tt_status tt_module_register_module(tt_module* module, const char* name, tt_module* child);

/* Calls fn for every module below this one, children first, and then for itself. */
TT_API tt_status tt_module_apply(tt_module* module, tt_status (*fn)(tt_module* module, void* user),
                                 void* user);

/* ---- state ---- */

/* Parameters and persistent buffers by path, without history, sharing memory with the module. */
TT_API tt_status tt_module_state_dict(const tt_module* module, tt_state_dict** out);
/* Copies the values into the module's tensors. With strict, names must match (TT_ERR_INVALID_ARGUMENT);
 * shapes always must (TT_ERR_SHAPE). *missing and *unexpected (may be NULL) count the names that only the
 * module, and only the state dict has, also when the call fails for what does not match; nothing else has
 * changed then. */
TT_API tt_status tt_module_load_state_dict(tt_module* module, const tt_state_dict* state_dict, int32_t strict,
                                           size_t* missing, size_t* unexpected);

/* ---- hooks ---- (autograd.h says how callbacks run and fail) */

/* The room that a callback has at least for the tensors it hands over in a list. */
#define TT_CALLBACK_CAPACITY 16

/* Sees a module's inputs before forward. To pass on others, it sets replacements[0..n), all NULL on entry,
 * and *replacement_count to n, which is 0 on entry: the inputs are kept. n need not be count; capacity is
 * count or TT_CALLBACK_CAPACITY, whichever is more. TT_ERR_CALLBACK for a larger n and for a NULL among the
 * n. */
typedef tt_status (*tt_forward_pre_hook)(tt_module* module, tt_tensor* const* inputs, size_t count,
                                         tt_tensor** replacements, size_t capacity, size_t* replacement_count,
                                         void* user);
/* Sees a module's inputs, as the pre-hooks left them, and its outputs after forward. A tensor put into
 * replacements[i], of output_count that are NULL on entry, is passed on instead of outputs[i]. */
typedef tt_status (*tt_forward_hook)(tt_module* module, tt_tensor* const* inputs, size_t count,
                                     tt_tensor* const* outputs, size_t output_count, tt_tensor** replacements,
                                     void* user);
/* Calls the hook before each forward pass of the module, after those that were registered before it. destroy
 * (may be NULL) runs once when the hook is gone. *id (id may be NULL: it stays for good) removes it. */
TT_API tt_status tt_module_register_forward_pre_hook(tt_module* module, tt_forward_pre_hook hook, void* user,
                                                     void (*destroy)(void* user), uint64_t* id);
/* The same after each forward pass. */
TT_API tt_status tt_module_register_forward_hook(tt_module* module, tt_forward_hook hook, void* user,
                                                 void (*destroy)(void* user), uint64_t* id);
/* Removes a hook of either kind. Unknown ids are ignored. */
TT_API tt_status tt_module_remove_hook(tt_module* module, uint64_t id);

/* ---- modules of your own ---- */

/* What a module of the host's own is: its names, and its forward pass. */
typedef struct tt_module_callbacks {
  size_t struct_size;
  const char* type_name;  /* "Net"; copied */
  const char* extra_repr; /* what tt_module_repr puts between the parentheses; NULL is ""; copied */
  /* Puts its results into outputs[0..capacity), all NULL on entry, and their number into *output_count, which
   * is 1 on entry: for one result only outputs[0] is to be set. An input may be a result. TT_ERR_CALLBACK for
   * more results than capacity and for a NULL among them. Recorded as the ops it calls are. */
  tt_status (*forward)(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                       size_t capacity, size_t* output_count, void* user);
  void* user;
  void (*destroy)(void* user); /* may be NULL; runs once, when the module goes */
  size_t capacity; /* 0; how many results forward has room for, at most 65536; 0: TT_CALLBACK_CAPACITY */
} tt_module_callbacks;
#define TT_MODULE_CALLBACKS_INIT \
  { sizeof(tt_module_callbacks), NULL, NULL, NULL, NULL, NULL, 0 }
/* TT_MODULE_CALLBACKS_INIT as a function. */
TT_API tt_status tt_module_callbacks_init(size_t struct_size, tt_module_callbacks* callbacks);
/* A module without parameters or children; register those. */
TT_API tt_status tt_nn_module_new(const tt_module_callbacks* callbacks, tt_module** out);

/* ---- containers ---- */

/* Calls its children in order. What one returns, one tensor or several, are the inputs of the next; those of
 * the first are the Sequential's, and the last one's results are. Where one fails, the message begins with
 * its place, name and type: "layer 2 (Linear): ...". They are named "0", "1", ...; more can be appended, or
 * registered under names of their own. */
TT_API tt_status tt_nn_sequential_new(tt_module* const* children, size_t count, tt_module** out);
/* Holds modules; has no forward pass. */
TT_API tt_status tt_nn_module_list_new(tt_module* const* children, size_t count, tt_module** out);
/* Adds a child to a Sequential or ModuleList, named by its place. */
TT_API tt_status tt_module_append(tt_module* module, tt_module* child);

/* ---- layers ---- */

/* y = x weight^T + bias; weight (out_features, in_features). */
TT_API tt_status tt_nn_linear_new(int64_t in_features, int64_t out_features, int32_t bias, tt_module** out);

/* tt_conv2d with a weight (out_channels, in_channels / groups, kernel_size[0], kernel_size[1]); kernel_size
 * is two values, the vertical one first. The layers below take options, NULL for the defaults
 * (functional.h). */
TT_API tt_status tt_nn_conv2d_new(int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
                                  const tt_conv_options* options, tt_module** out);
/* tt_conv1d with a weight (out_channels, in_channels / groups, kernel_size). */
TT_API tt_status tt_nn_conv1d_new(int64_t in_channels, int64_t out_channels, int64_t kernel_size,
                                  const tt_conv_options* options, tt_module** out);
/* tt_max_pool2d. */
TT_API tt_status tt_nn_max_pool2d_new(const int64_t* kernel_size, const tt_pool_options* options,
                                      tt_module** out);
/* tt_avg_pool2d. */
TT_API tt_status tt_nn_avg_pool2d_new(const int64_t* kernel_size, const tt_pool_options* options,
                                      tt_module** out);
/* tt_adaptive_avg_pool2d. output_size: two values; -1 keeps the input's. */
TT_API tt_status tt_nn_adaptive_avg_pool2d_new(const int64_t* output_size, tt_module** out);

/* tt_batch_norm of input (N, C) or (N, C, L), where C is num_features. Parameters weight and bias, buffers
 * running_mean, running_var and num_batches_tracked, or those of them that the options ask for. */
TT_API tt_status tt_nn_batch_norm1d_new(int64_t num_features, const tt_norm_options* options,
                                        tt_module** out);
/* The same of input (N, C, H, W). */
TT_API tt_status tt_nn_batch_norm2d_new(int64_t num_features, const tt_norm_options* options,
                                        tt_module** out);

/* tt_dropout with a probability p in [0, 1]. Draws from the default generator while training. */
TT_API tt_status tt_nn_dropout_new(double p, tt_module** out);
/* tt_flatten. PyTorch's defaults: 1, -1. */
TT_API tt_status tt_nn_flatten_new(int64_t start_dim, int64_t end_dim, tt_module** out);
/* tt_unflatten: dimension `dim` as `count` ones, one of whose sizes may be -1. */
TT_API tt_status tt_nn_unflatten_new(int64_t dim, const int64_t* sizes, size_t count, tt_module** out);
/* Its input. */
TT_API tt_status tt_nn_identity_new(tt_module** out);

/* ---- activations (functional.h has the formulas) ---- */

/* tt_relu. */
TT_API tt_status tt_nn_relu_new(tt_module** out);
/* tt_relu6. */
TT_API tt_status tt_nn_relu6_new(tt_module** out);
/* tt_sigmoid. */
TT_API tt_status tt_nn_sigmoid_new(tt_module** out);
/* tt_tanh. */
TT_API tt_status tt_nn_tanh_new(tt_module** out);
/* tt_selu. */
TT_API tt_status tt_nn_selu_new(tt_module** out);
/* tt_silu. */
TT_API tt_status tt_nn_silu_new(tt_module** out);
/* tt_mish. */
TT_API tt_status tt_nn_mish_new(tt_module** out);
/* tt_hardsigmoid. */
TT_API tt_status tt_nn_hardsigmoid_new(tt_module** out);
/* tt_hardswish. */
TT_API tt_status tt_nn_hardswish_new(tt_module** out);
/* tt_softsign. */
TT_API tt_status tt_nn_softsign_new(tt_module** out);
/* tt_logsigmoid. */
TT_API tt_status tt_nn_logsigmoid_new(tt_module** out);
/* tt_tanhshrink. */
TT_API tt_status tt_nn_tanhshrink_new(tt_module** out);
/* tt_leaky_relu. PyTorch's default: 0.01. */
TT_API tt_status tt_nn_leaky_relu_new(double negative_slope, tt_module** out);
/* tt_elu. PyTorch's default: 1. */
TT_API tt_status tt_nn_elu_new(double alpha, tt_module** out);
/* tt_celu. PyTorch's default: 1. */
TT_API tt_status tt_nn_celu_new(double alpha, tt_module** out);
/* tt_gelu. PyTorch's default: TT_GELU_NONE. */
TT_API tt_status tt_nn_gelu_new(tt_gelu_approximate approximate, tt_module** out);
/* tt_softplus. PyTorch's defaults: 1, 20. */
TT_API tt_status tt_nn_softplus_new(double beta, double threshold, tt_module** out);
/* tt_hardtanh. PyTorch's defaults: -1, 1. */
TT_API tt_status tt_nn_hardtanh_new(double min_val, double max_val, tt_module** out);
/* tt_threshold. */
TT_API tt_status tt_nn_threshold_new(double threshold, double value, tt_module** out);
/* tt_softshrink. PyTorch's default: 0.5. */
TT_API tt_status tt_nn_softshrink_new(double lambd, tt_module** out);
/* tt_hardshrink. PyTorch's default: 0.5. */
TT_API tt_status tt_nn_hardshrink_new(double lambd, tt_module** out);
/* tt_prelu with a learnt slope for each of num_parameters channels, or one for all; `init` is what they begin
 * as. PyTorch's defaults: 1, 0.25. */
TT_API tt_status tt_nn_prelu_new(int64_t num_parameters, double init, tt_module** out);
/* tt_glu. PyTorch's default: -1. */
TT_API tt_status tt_nn_glu_new(int64_t dim, tt_module** out);
/* tt_softmax in the input's dtype. */
TT_API tt_status tt_nn_softmax_new(int64_t dim, tt_module** out);
/* tt_log_softmax in the input's dtype. */
TT_API tt_status tt_nn_log_softmax_new(int64_t dim, tt_module** out);
/* tt_softmin in the input's dtype. */
TT_API tt_status tt_nn_softmin_new(int64_t dim, tt_module** out);

/* ---- losses: modules of (input, target), for tt_module_forward_multi ----
 * functional.h has the formulas and the options (NULL for the defaults). weight and pos_weight may be NULL;
 * they become buffers of the module. */

/* tt_mse_loss. */
TT_API tt_status tt_nn_mse_loss_new(const tt_loss_options* options, tt_module** out);
/* tt_l1_loss. */
TT_API tt_status tt_nn_l1_loss_new(const tt_loss_options* options, tt_module** out);
/* tt_smooth_l1_loss. */
TT_API tt_status tt_nn_smooth_l1_loss_new(const tt_loss_options* options, tt_module** out);
/* tt_huber_loss. */
TT_API tt_status tt_nn_huber_loss_new(const tt_loss_options* options, tt_module** out);
/* tt_binary_cross_entropy. */
TT_API tt_status tt_nn_bce_loss_new(tt_tensor* weight, const tt_loss_options* options, tt_module** out);
/* tt_binary_cross_entropy_with_logits. */
TT_API tt_status tt_nn_bce_with_logits_loss_new(tt_tensor* weight, tt_tensor* pos_weight,
                                                const tt_loss_options* options, tt_module** out);
/* tt_nll_loss. */
TT_API tt_status tt_nn_nll_loss_new(tt_tensor* weight, const tt_loss_options* options, tt_module** out);
/* tt_cross_entropy. */
TT_API tt_status tt_nn_cross_entropy_loss_new(tt_tensor* weight, const tt_loss_options* options,
                                              tt_module** out);

/* ---- gradients ---- */

/* Scales the gradients of the parameters so that their norm together is at most max_norm, which is not
 * negative; *total_norm (may be NULL) is what it was, 0-dim. norm_type may be infinite. With
 * error_if_nonfinite, a norm that is not finite is an error, and nothing is scaled. */
TT_API tt_status tt_clip_grad_norm_(tt_tensor* const* parameters, size_t count, double max_norm,
                                    double norm_type, int32_t error_if_nonfinite, tt_tensor** total_norm);
/* Clamps every gradient to [-clip_value, clip_value]; clip_value is not negative. */
TT_API tt_status tt_clip_grad_value_(tt_tensor* const* parameters, size_t count, double clip_value);

/* ---- initialisation ----
 * In place, never recorded, from the default generator. */

/* Which sizes of a weight decide its spread: what an element sees (the values keep their spread on the way
 * forward), or what sees it (gradients keep theirs). */
typedef int32_t tt_fan_mode;
enum { TT_FAN_IN = 0, TT_FAN_OUT = 1 };
/* Whose gain to use; convolutions count as linear. */
typedef int32_t tt_nonlinearity;
enum {
  TT_NONLINEARITY_LINEAR = 0,
  TT_NONLINEARITY_SIGMOID = 1,
  TT_NONLINEARITY_TANH = 2,
  TT_NONLINEARITY_RELU = 3,
  TT_NONLINEARITY_LEAKY_RELU = 4,
  TT_NONLINEARITY_SELU = 5
};
/* What keeps the values' spread through a layer and its activation. param: leaky_relu's negative slope, else
 * ignored. */
TT_API tt_status tt_init_calculate_gain(tt_nonlinearity nonlinearity, double param, double* out);
/* Uniform in [a, b). PyTorch's defaults: 0, 1. */
TT_API tt_status tt_init_uniform_(tt_tensor* tensor, double a, double b);
/* Normal. PyTorch's defaults: 0, 1. */
TT_API tt_status tt_init_normal_(tt_tensor* tensor, double mean, double std);
/* Normal values within [a, b]. TT_ERR_INVALID_ARGUMENT where nearly all draws would be rejected: bounds far
 * out in a tail, and much further apart than the values that are likely there. PyTorch's defaults: 0, 1, -2,
 * 2. */
TT_API tt_status tt_init_trunc_normal_(tt_tensor* tensor, double mean, double std, double a, double b);
/* All `value`. */
TT_API tt_status tt_init_constant_(tt_tensor* tensor, double value);
/* All 1. */
TT_API tt_status tt_init_ones_(tt_tensor* tensor);
/* All 0. */
TT_API tt_status tt_init_zeros_(tt_tensor* tensor);
/* The identity matrix; two dimensions. */
TT_API tt_status tt_init_eye_(tt_tensor* tensor);
/* Convolution weights that pass their input through; three to five dimensions. */
TT_API tt_status tt_init_dirac_(tt_tensor* tensor, int64_t groups);
/* Glorot and Bengio: uniform with std = gain * sqrt(2 / (fan_in + fan_out)). Two dimensions or more. */
TT_API tt_status tt_init_xavier_uniform_(tt_tensor* tensor, double gain);
/* The same, normal. */
TT_API tt_status tt_init_xavier_normal_(tt_tensor* tensor, double gain);
/* He et al.: uniform with std = gain / sqrt(fan). a: leaky_relu's negative slope. Two dimensions or more.
 * PyTorch's defaults: 0, TT_FAN_IN, TT_NONLINEARITY_LEAKY_RELU. */
TT_API tt_status tt_init_kaiming_uniform_(tt_tensor* tensor, double a, tt_fan_mode mode,
                                          tt_nonlinearity nonlinearity);
/* The same, normal. */
TT_API tt_status tt_init_kaiming_normal_(tt_tensor* tensor, double a, tt_fan_mode mode,
                                         tt_nonlinearity nonlinearity);

#ifdef __cplusplus
}
#endif

#endif
