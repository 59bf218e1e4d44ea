#include "tinytorch/autograd.h"

#include "autograd/engine.h"
#include "capi/callback.h"
#include "capi/structs.h"
#include "capi/scope.h"
#include "capi/text.h"
#include "base/warning.h"

using namespace tt;
using namespace tt::capi;

namespace {

BackwardOptions options_in(const tt_backward_options* options) {
  const tt_backward_options read = read_options(options, "options");
  return {read.retain_graph != 0, read.create_graph != 0, read.allow_unused != 0};
}

// A list whose entries may be NULL; empty where the list itself is.
Tensors optional_list_in(tt_tensor* const* handles, size_t count, const char* argument) {
  Tensors out;
  if (handles == nullptr) return out;
  check_list(handles, count, sizeof *handles, argument);
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) out.push_back(optional_in(handles[i], argument));
  return out;
}

}  // namespace

extern "C" {

tt_status tt_tensor_set_requires_grad(tt_tensor* tensor, int32_t requires_grad) {
  return guard("tt_tensor_set_requires_grad",
               [&] { set_requires_grad(*In(tensor, "tensor"), requires_grad != 0); });
}

tt_status tt_tensor_requires_grad(const tt_tensor* tensor, int32_t* out) {
  return guard("tt_tensor_requires_grad", [&] {
    const In t(tensor, "tensor");
    out_value(out, "out") = t->requires_grad();
  });
}

tt_status tt_tensor_is_leaf(const tt_tensor* tensor, int32_t* out) {
  return guard("tt_tensor_is_leaf", [&] {
    const In t(tensor, "tensor");
    out_value(out, "out") = t->is_leaf();
  });
}

tt_status tt_tensor_grad(const tt_tensor* tensor, tt_tensor** out) {
  return guard("tt_tensor_grad", [&] {
    Out result(out, "out");
    const In t(tensor, "tensor");
    if (Tensor grad = t->grad(); grad.defined()) {
      result = std::move(grad);
    } else if (!t->is_leaf() && !retains_grad(*t)) {
      warn(
          "tt_tensor_grad: the tensor is the result of an op, whose gradient is not kept: call "
          "tt_tensor_retain_grad before the backward");
    }
  });
}

tt_status tt_tensor_set_grad(tt_tensor* tensor, const tt_tensor* grad) {
  return guard("tt_tensor_set_grad", [&] { set_grad(*In(tensor, "tensor"), optional_in(grad, "grad")); });
}

tt_status tt_tensor_retain_grad(tt_tensor* tensor) {
  return guard("tt_tensor_retain_grad", [&] { retain_grad(*In(tensor, "tensor")); });
}

tt_status tt_tensor_grad_fn(const tt_tensor* tensor, char* buffer, size_t capacity, size_t* length) {
  return guard("tt_tensor_grad_fn", [&] {
    const Ref<Node> node = grad_fn(*In(tensor, "tensor"));
    put_text(node ? node->display_name() : std::string(), buffer, capacity, length);
  });
}

tt_status tt_detach(const tt_tensor* tensor, tt_tensor** out) {
  return guard("tt_detach", [&] {
    Out result(out, "out");
    result = detach(*In(tensor, "tensor"));
  });
}

tt_status tt_tensor_version(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_version", [&] { out_value(out, "out") = In(tensor, "tensor")->version(); });
}

tt_status tt_set_grad_enabled(int32_t enabled, int32_t* previous) {
  return guard("tt_set_grad_enabled", [&] {
    if (previous != nullptr) *previous = grad_enabled();
    set_grad_enabled(enabled != 0);
  });
}

tt_status tt_is_grad_enabled(int32_t* out) {
  return guard("tt_is_grad_enabled", [&] { out_value(out, "out") = grad_enabled(); });
}

tt_status tt_backward(const tt_tensor* tensor) {
  return guard("tt_backward", [&] {
    const Tensor t = held_in(tensor, "tensor");
    backward({&t, 1}, {}, {});
  });
}

tt_status tt_backward_multi(tt_tensor* const* tensors, tt_tensor* const* grad_tensors, size_t count,
                            const tt_backward_options* options) {
  return guard("tt_backward_multi", [&] {
    const Tensors roots = list_in(tensors, count, "tensors");
    backward(roots, optional_list_in(grad_tensors, count, "grad_tensors"), options_in(options));
  });
}

tt_status tt_grad(tt_tensor* const* outputs, size_t output_count, tt_tensor* const* inputs,
                  size_t input_count, tt_tensor* const* grad_outputs, const tt_backward_options* options,
                  tt_tensor** grads) {
  return guard("tt_grad", [&] {
    check_list(inputs, input_count, sizeof *inputs, "inputs", "input_count");
    clear_list(grads, input_count, "grads", "count");
    Tensors result = grad(list_in(outputs, output_count, "outputs"), list_in(inputs, input_count, "inputs"),
                          optional_list_in(grad_outputs, output_count, "grad_outputs"), options_in(options));
    give_all(result, grads);
  });
}

tt_status tt_tensor_register_hook(tt_tensor* tensor, tt_tensor_hook hook, void* user, void (*destroy)(void*),
                                  uint64_t* id) {
  return guard("tt_tensor_register_hook", [&] {
    const In t(tensor, "tensor");
    TT_CHECK(hook != nullptr, Status::kInvalidArgument, "hook is NULL");
    TT_CHECK(t->requires_grad(), Status::kAutograd,
             "tensor does not require a gradient, so a hook would never be called");
    // From here on the library owns `user`.
    const User owner = make_user(user, destroy);
    const uint64_t added = add_tensor_hook(*t, [hook, owner](const Tensor& grad) {
      Tensor replacement;
      const ScopeGuard scope;
      run_callback("the hook on", "a gradient", [&] {
        tt_tensor* out = nullptr;
        const tt_status status = hook(borrow(grad), &out, owner.get());
        if (status == TT_OK) replacement = take(out, "replacement");
        return status;
      });
      return replacement;
    });
    if (id != nullptr) *id = added;
  });
}

tt_status tt_tensor_remove_hook(tt_tensor* tensor, uint64_t id) {
  return guard("tt_tensor_remove_hook", [&] { remove_tensor_hook(*In(tensor, "tensor"), id); });
}

}  // extern "C"
