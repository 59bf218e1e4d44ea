/* TinyTorch: gradients. The graph is recorded as ops run, on tensors that require gradients, and used up by
 * backward unless it is retained. */
#ifndef TINYTORCH_AUTOGRAD_H_
#define TINYTORCH_AUTOGRAD_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a tensor's place in the graph ---- */

/* Asks for (1) or forgoes (0) the gradient of a leaf. TT_ERR_DTYPE unless floating; TT_ERR_AUTOGRAD when it
 * would take the gradient from the result of an op (use tt_detach). */
TT_API tt_status tt_tensor_set_requires_grad(tt_tensor* tensor, int32_t requires_grad);
TT_API tt_status tt_tensor_requires_grad(const tt_tensor* tensor, int32_t* out);
TT_API tt_status tt_tensor_is_leaf(const tt_tensor* tensor, int32_t* out);
/* The accumulated gradient: a new reference to it, or NULL (and TT_OK) where there is none yet. */
TT_API tt_status tt_tensor_grad(const tt_tensor* tensor, tt_tensor** out);
/* Replaces it; NULL drops it. Same shape, dtype and device as the tensor. */
TT_API tt_status tt_tensor_set_grad(tt_tensor* tensor, const tt_tensor* grad);
/* Keeps the gradient of a tensor that is no leaf. */
TT_API tt_status tt_tensor_retain_grad(tt_tensor* tensor);
/* The name of the op that made the tensor, "AddBackward0", or "" for leaves, written as tt_tensor_to_string
 * does. */
TT_API tt_status tt_tensor_grad_fn(const tt_tensor* tensor, char* buffer, size_t capacity, size_t* length);

/* The same memory without history. Writes to either are seen by both. */
TT_API tt_status tt_detach(const tt_tensor* tensor, tt_tensor** out);
/* How often the tensor's memory has been written to in place. */
TT_API tt_status tt_tensor_version(const tt_tensor* tensor, int64_t* out);

/* ---- grad mode: of the thread ---- */

/* Whether ops are recorded; `previous` may be NULL. PyTorch's no_grad is: set 0, work, set back what was
 * there. */
TT_API tt_status tt_set_grad_enabled(int32_t enabled, int32_t* previous);
TT_API tt_status tt_is_grad_enabled(int32_t* out);

/* ---- backward ---- */

/* Adds the gradient of a one-element tensor to `.grad` of the leaves that it depends on, and uses the graph
 * up. Where it fails midway (a callback's failure, a saved tensor that was written to since, no memory), the
 * leaves it came to before have their gradients, and what it ran of the graph is used up, as in PyTorch: drop
 * the gradients and run forward again. */
TT_API tt_status tt_backward(const tt_tensor* tensor);

typedef struct tt_backward_options {
  size_t struct_size;
  int32_t retain_graph; /* 0; 1: keep the graph for another backward */
  int32_t
      create_graph; /* 0; 1: record the backward itself, for gradients of gradients; keeps the graph too */
  int32_t allow_unused; /* 0; 1: tt_grad gives NULL, no error, for inputs that outputs do not depend on */
} tt_backward_options;
#define TT_BACKWARD_OPTIONS_INIT \
  { sizeof(tt_backward_options), 0, 0, 0 }
TT_API tt_status tt_backward_options_init(size_t struct_size, tt_backward_options* options);

/* The same from several tensors. grad_tensors: NULL, or `count` gradients, NULL for one-element tensors.
 * options: NULL for the defaults. */
TT_API tt_status tt_backward_multi(tt_tensor* const* tensors, tt_tensor* const* grad_tensors, size_t count,
                                   const tt_backward_options* options);
/* The gradients of `outputs` with respect to `inputs`, into grads[0..input_count), touching no `.grad`.
 * grad_outputs: NULL, or output_count gradients, NULL for one-element outputs. options: NULL for the
 * defaults. */
TT_API tt_status tt_grad(tt_tensor* const* outputs, size_t output_count, tt_tensor* const* inputs,
                         size_t input_count, tt_tensor* const* grad_outputs,
                         const tt_backward_options* options, tt_tensor** grads);

/* ---- callbacks ----
 * They run on the thread that called into the library. Inside one a scope is open (tensor.h): what it makes
 * is released when it returns, and what it hands over is kept by the library. It reports failure by returning
 * a status that is not TT_OK; tt_fail sets the message. The call then fails with TT_ERR_CALLBACK, or with
 * TT_ERR_OUT_OF_MEMORY where that is what the callback returned.
 *
 * A callback may release whatever it has a reference to, also what the call was given: the call holds what it
 * uses. It cannot end scopes that are open around it. Functions that end the use of something (destroy, and
 * deleters of memory that was lent) run when no call of the library is in the middle: those that a call
 * leads to run as it returns. */

/* Sets the thread's message and returns TT_ERR_CALLBACK: `return tt_fail("no data");`. NULL is "". */
TT_API tt_status tt_fail(const char* message);

/* Sees the gradient of a tensor; may put a replacement of the same shape and dtype into *replacement (NULL on
 * entry). */
typedef tt_status (*tt_tensor_hook)(const tt_tensor* grad, tt_tensor** replacement, void* user);
/* Calls the hook whenever the tensor's gradient is computed. destroy (may be NULL) runs once when the hook is
 * gone, on the thread that drops the last reference to it. *id (id may be NULL: it stays for good) removes
 * the hook. */
TT_API tt_status tt_tensor_register_hook(tt_tensor* tensor, tt_tensor_hook hook, void* user,
                                         void (*destroy)(void* user), uint64_t* id);
/* Unknown ids are ignored. */
TT_API tt_status tt_tensor_remove_hook(tt_tensor* tensor, uint64_t id);

/* ---- ops of your own ---- */

/* A call of such an op, for its forward and backward; borrowed for the length of each. */
typedef struct tt_function_context tt_function_context;

/* An op of the host's own: PyTorch's autograd.Function. */
typedef struct tt_function {
  size_t struct_size;
  const char* name; /* for messages; copied */
  /* Fills outputs[0..output_count), NULL on entry, from the inputs; what it does is not recorded. An output
   * that is left NULL has not been produced: the caller gets NULL. At least one must be. No tensor may be two
   * outputs, and an input is one only where it is marked with tt_function_mark_dirty. */
  tt_status (*forward)(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                       tt_tensor** outputs, size_t output_count, void* user);
  /* Fills grad_inputs (NULL on entry; NULL: no gradient) from grad_outputs. Of these are NULL those of
   * outputs that no gradient came to, that were not produced or are not differentiable: no zeros are made for
   * them (PyTorch's set_materialize_grads(False)). Recorded under create_graph, so it must use the library's
   * ops for gradients of gradients. */
  tt_status (*backward)(tt_function_context* context, tt_tensor* const* grad_outputs, size_t output_count,
                        tt_tensor** grad_inputs, size_t input_count, void* user);
  void* user;
  void (*destroy)(
      void* user); /* may be NULL; runs once, when neither a call nor a graph needs `user` any more */
} tt_function;
#define TT_FUNCTION_INIT \
  { sizeof(tt_function), NULL, NULL, NULL, NULL, NULL }
/* TT_FUNCTION_INIT as a function. */
TT_API tt_status tt_function_init(size_t struct_size, tt_function* function);

/* Runs forward; when gradients are on and an input requires one, the outputs' backward is the function's.
 * What a forward that fails has written to its inputs stays written. */
TT_API tt_status tt_function_apply(const tt_function* function, tt_tensor* const* inputs, size_t input_count,
                                   tt_tensor** outputs, size_t output_count);
/* In forward: keeps tensors for backward, inputs, outputs or others, beside what was kept before. An entry
 * may be NULL, and is NULL in backward. Their values are those at the end of forward. Of inputs and outputs
 * gradients of gradients know; a tensor that only shares memory with one that is written to is a constant to
 * them. */
TT_API tt_status tt_function_save(tt_function_context* context, tt_tensor* const* tensors, size_t count);
/* In forward, before the write: says that it writes to these inputs in place, each of which must then be one
 * of its outputs. Refused as every recorded write is: TT_ERR_AUTOGRAD for a leaf that requires a gradient,
 * and where gradients are recorded for a view unless it is the only output. */
TT_API tt_status tt_function_mark_dirty(tt_function_context* context, tt_tensor* const* inputs, size_t count);
/* In forward: outputs that take no gradient although they are floating, as a mask or an argmax in floats. */
TT_API tt_status tt_function_mark_non_differentiable(tt_function_context* context, tt_tensor* const* outputs,
                                                     size_t count);
/* In backward: the tensor that was saved as number `index`, a new reference. TT_ERR_AUTOGRAD when it has been
 * written to since. */
TT_API tt_status tt_function_saved(const tt_function_context* context, size_t index, tt_tensor** out);
/* Whether the gradient of an input will be used. */
TT_API tt_status tt_function_needs_input_grad(const tt_function_context* context, size_t input, int32_t* out);

#ifdef __cplusplus
}
#endif

#endif
