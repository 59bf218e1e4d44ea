// Every allocation of a call that leads to callbacks fails in turn: of modules and hooks with several
// results, of functions of the host's own, of a step with a closure. The call succeeds, or gives
// TT_ERR_OUT_OF_MEMORY, has handed out nothing and left nothing behind.
#include <cstdio>
#include <functional>
#include <string>

#include "check.h"
#include "failing_allocations.h"

namespace {

// Runs `call` with its n-th allocation failing, for each that there is. After a failure it runs once more,
// which makes again what calls keep for the next.
void fail_each(const char* name, const std::function<tt_status()>& call) {
  OK(call());
  const Counts kept;
  std::int64_t n = 0;
  for (;; ++n) {
    fail_allocation(n);
    const tt_status status = call();
    const bool reached = stop_failing();
    if (status != TT_OK && (!reached || status != TT_ERR_OUT_OF_MEMORY)) {
      ++check_failures;
      std::fprintf(stderr, "%s, allocation %d failing: %s: %s\n", name, static_cast<int>(n),
                   tt_status_name(status), tt_last_error());
      return;
    }
    OK(call());
    if (!(Counts() == kept)) {
      ++check_failures;
      std::fprintf(stderr, "%s, allocation %d failing: left something behind\n", name, static_cast<int>(n));
      return;
    }
    if (!reached) break;
  }
  CHECK(n > 3);
}

// x and 2 x, of one input or of the first of several.
tt_status two_results(tt_module*, tt_tensor* const* inputs, size_t, tt_tensor** outputs, size_t,
                      size_t* output_count, void*) {
  *output_count = 2;
  const tt_status status = tt_add_scalar(inputs[0], 0, &outputs[0]);
  return status != TT_OK ? status : tt_mul_scalar(inputs[0], 2, &outputs[1]);
}

tt_status doubles_inputs(tt_module*, tt_tensor* const* inputs, size_t, tt_tensor** replacements, size_t,
                         size_t* replacement_count, void*) {
  *replacement_count = 2;
  const tt_status status = tt_add_scalar(inputs[0], 1, &replacements[0]);
  return status != TT_OK ? status : tt_add_scalar(inputs[0], 2, &replacements[1]);
}

tt_status replaces_second(tt_module*, tt_tensor* const*, size_t, tt_tensor* const* outputs,
                          size_t output_count, tt_tensor** replacements, void*) {
  return output_count < 2 ? TT_OK : tt_mul_scalar(outputs[1], 3, &replacements[1]);
}

void modules(tt_tensor* x) {
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  callbacks.type_name = "Two";
  callbacks.forward = two_results;
  tt_module *children[2] = {}, *net = nullptr;
  for (tt_module*& child : children) OK(tt_nn_module_new(&callbacks, &child));
  OK(tt_module_register_forward_pre_hook(children[1], doubles_inputs, nullptr, nullptr, nullptr));
  OK(tt_module_register_forward_hook(children[1], replaces_second, nullptr, nullptr, nullptr));
  OK(tt_nn_sequential_new(children, 2, &net));
  fail_each("modules of two results", [&] {
    tt_tensor* ys[3] = {x, x, x};
    size_t count = 77;
    const tt_status status = tt_module_forward_multi(net, &x, 1, ys, 3, &count);
    if (status == TT_OK) {
      CHECK(count == 2 && item(ys[0]) == 4 && item(ys[1]) == 24 && ys[2] == nullptr);
    } else {
      CHECK(count == 77 && ys[0] == nullptr && ys[1] == nullptr);
    }
    for (tt_tensor* y : ys) tt_tensor_release(y);
    return status;
  });
  fail_each("a scope around it", [&] {
    tt_scope scope = 0;
    tt_status status = tt_scope_begin(&scope);
    if (status != TT_OK) return status;
    tt_tensor* ys[2] = {};
    status = tt_module_forward_multi(net, &x, 1, ys, 2, nullptr);
    OK(tt_scope_end(scope));
    return status;
  });
  for (tt_module* child : children) tt_module_release(child);
  tt_module_release(net);
}

// The input, written to; a new tensor; one without a gradient. All three are saved.
tt_status three_outputs(tt_function_context* context, tt_tensor* const* inputs, size_t, tt_tensor** outputs,
                        size_t output_count, void*) {
  tt_tensor* target = inputs[0];
  tt_status status = tt_function_mark_dirty(context, &target, 1);
  if (status == TT_OK) status = tt_mul_scalar_(target, 2);
  if (status != TT_OK) return status;
  outputs[0] = target;
  if (output_count > 1) {
    status = tt_mul_scalar(inputs[1], 3, &outputs[1]);
    if (status == TT_OK) status = tt_sign(inputs[1], &outputs[2]);
    if (status == TT_OK) status = tt_function_mark_non_differentiable(context, &outputs[2], 1);
  }
  return status == TT_OK ? tt_function_save(context, outputs, output_count) : status;
}

tt_status back(tt_function_context* context, tt_tensor* const* grad_outputs, size_t output_count,
               tt_tensor** grad_inputs, size_t, void*) {
  tt_tensor* saved = nullptr;
  tt_status status = tt_function_saved(context, 0, &saved);
  if (status == TT_OK && grad_outputs[0] != nullptr) status = tt_mul(grad_outputs[0], saved, &grad_inputs[0]);
  if (status == TT_OK && output_count > 1 && grad_outputs[1] != nullptr)
    status = tt_mul_scalar(grad_outputs[1], 3, &grad_inputs[1]);
  return status;
}

void functions(tt_tensor* leaf) {
  tt_function function = TT_FUNCTION_INIT;
  function.name = "Three";
  function.forward = three_outputs;
  function.backward = back;
  for (const bool of_view : {false, true}) {
    fail_each(of_view ? "a function that writes to a view" : "a function of three outputs", [&] {
      const size_t count = of_view ? 1 : 3;
      tt_tensor *h = nullptr, *view = nullptr, *ys[3] = {}, *sum = nullptr;
      tt_status status = tt_mul_scalar(leaf, 2, &h);
      if (status == TT_OK) status = of_view ? tt_narrow(h, 0, 0, 1, &view) : tt_mul_scalar(leaf, 5, &view);
      if (status == TT_OK) {
        tt_tensor* inputs[] = {view, leaf};
        status = tt_function_apply(&function, inputs, 2, ys, count);
      }
      if (status == TT_OK) status = of_view ? tt_add(h, h, &sum) : tt_add(ys[0], ys[1], &sum);
      if (status == TT_OK) status = tt_backward(sum);
      for (tt_tensor* t : {ys[0], ys[1], ys[2], h, view, sum}) tt_tensor_release(t);
      OK(tt_tensor_set_grad(leaf, nullptr));
      return status;
    });
  }
}

tt_status square(tt_tensor** loss, void* user) {
  auto* p = static_cast<tt_tensor*>(user);
  tt_tensor* made = nullptr;
  tt_status status = tt_tensor_set_grad(p, nullptr);
  if (status == TT_OK) status = tt_mul(p, p, &made);
  if (status == TT_OK) status = tt_backward(made);
  *loss = made;
  return status;
}

void closures(tt_tensor* p) {
  tt_optimizer* adam = nullptr;
  OK(tt_optim_adam_new(&p, 1, nullptr, &adam));
  for (const bool in_scope : {false, true}) {
    fail_each("a step with a closure", [&] {
      tt_scope scope = 0;
      tt_status status = in_scope ? tt_scope_begin(&scope) : TT_OK;
      if (status != TT_OK) return status;
      const double before = item(p);
      tt_tensor* loss = p;
      status = tt_optimizer_step_closure(adam, square, p, &loss);
      CHECK((status == TT_OK) == (loss != nullptr) && (status == TT_OK) == (item(p) != before));
      if (in_scope) {
        OK(tt_scope_end(scope));
      } else {
        tt_tensor_release(loss);
      }
      OK(tt_tensor_set_grad(p, nullptr));
      return status;
    });
  }
  tt_optimizer_release(adam);
}

}  // namespace

int main() {
  OK(use_failing_allocator());
  OK(tt_set_num_threads(1));
  const float three = 3;
  tt_tensor *x = vector_of(&three, 1), *leaf = vector_of(&three, 1);
  OK(tt_tensor_set_requires_grad(leaf, 1));
  modules(x);
  functions(leaf);
  closures(leaf);
  tt_tensor_release(x);
  tt_tensor_release(leaf);
  return finish("failing_callbacks");
}
