// Ops made of the host's callbacks.
#include <memory>
#include <string>
#include <vector>

#include "autograd/views.h"
#include "capi/handles.h"
#include "capi/structs.h"
#include "capi/module.h"
#include "capi/scope.h"
#include "tinytorch/autograd.h"

using namespace tt;
using namespace tt::capi;

// What forward leaves for backward, and while it runs what it has said of its tensors.
struct tt_function_context final : RefCounted {
  tt_function_context() : RefCounted(Kind::kFunctionContext) {}

  tt_function function;
  std::string name;
  User user;
  std::vector<bool> needs_grad;
  std::vector<SavedTensor> saved;
  const BackwardContext* backward = nullptr;  // while backward runs

  struct Dirty {
    size_t input;
    uint32_t version;  // when it was marked
  };
  struct Forward {
    const Tensors& inputs;
    size_t output_count;
    bool grad_enabled;  // around the call
    Tensors saved = {};
    std::vector<Dirty> dirty = {};
    Tensors non_differentiable = {};
  };
  Forward* forward = nullptr;  // while forward runs
};

namespace {

class CallbackNode final : public Node {
 public:
  CallbackNode(Ref<tt_function_context> context, const Tensors& inputs)
      : Node(context->name.c_str()), context_(std::move(context)) {
    for (const Tensor& t : inputs) forms_.push_back({t.sizes(), t.dtype()});
  }

  void apply(BackwardContext& context) override {
    const auto n_in = static_cast<size_t>(this->inputs());
    const ScopeGuard scope;
    Handles grads(outputs()), results(n_in);
    for (uint32_t i = 0; i < outputs(); ++i) {
      const Tensor& grad = context.grad(static_cast<int>(i));
      if (grad.defined()) grads.data()[i] = borrow(grad);
    }
    for (size_t i = 0; i < n_in; ++i) context_->needs_grad[i] = context.needs(static_cast<int>(i));
    run_callback("the backward of", context_->name, [&] {
      const BackwardContext* const before = std::exchange(context_->backward, &context);
      const tt_status status = context_->function.backward(context_.get(), grads.data(), grads.size(),
                                                           results.data(), n_in, context_->user.get());
      context_->backward = before;
      return status;
    });
    for (size_t i = 0; i < n_in; ++i) {
      if (results[i] == nullptr) continue;
      Tensor grad = take(results[i], "grad_inputs");
      if (!context.needs(static_cast<int>(i))) continue;
      TT_CHECK(grad.sizes() == forms_[i].sizes && grad.dtype() == forms_[i].dtype, Status::kCallback,
               "the backward of ", context_->name, " returned a ", describe(grad),
               " as the gradient of input ", static_cast<uint64_t>(i), ", expected shape ", forms_[i].sizes,
               ", ", forms_[i].dtype);
      context.set(static_cast<int>(i), std::move(grad));
    }
  }

  void release_saved() override {
    if (context_->saved.empty()) return;
    context_->saved.clear();
    mark_saved_released();
  }

 private:
  struct Form {
    Dims sizes;
    DType dtype;
  };
  Ref<tt_function_context> context_;
  std::vector<Form> forms_;
};

// The place of a tensor in a list, or the list's size.
size_t find_same(const Tensors& list, const Tensor& t) {
  size_t i = 0;
  while (i < list.size() && !(list[i].defined() && list[i].is_same(t))) ++i;
  return i;
}

// Fails where the outputs are not what forward has said of them.
void check_outputs(const std::string& name, const tt_function_context::Forward& forward,
                   const Tensors& outputs) {
  const auto is_dirty = [&](const Tensor& t) {
    return std::any_of(forward.dirty.begin(), forward.dirty.end(),
                       [&](const auto& dirty) { return forward.inputs[dirty.input].is_same(t); });
  };
  bool any = false;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined()) continue;
    any = true;
    const size_t first = find_same(outputs, outputs[i]);
    TT_CHECK(first == i, Status::kCallback, "the forward of ", name, " returned one tensor as the outputs ",
             static_cast<uint64_t>(first), " and ", static_cast<uint64_t>(i));
    TT_CHECK(find_same(forward.inputs, outputs[i]) == forward.inputs.size() || is_dirty(outputs[i]),
             Status::kCallback, "the forward of ", name, " returned an input as output ",
             static_cast<uint64_t>(i),
             ": return a view of it, or mark it with tt_function_mark_dirty where it has been written to");
  }
  TT_CHECK(any, Status::kCallback, "the forward of ", name,
           outputs.size() == 1 ? " left outputs[0] NULL" : " left every output NULL");
  for (const auto& dirty : forward.dirty) {
    TT_CHECK(find_same(outputs, forward.inputs[dirty.input]) < outputs.size(), Status::kCallback,
             "the forward of ", name, " marked input ", static_cast<uint64_t>(dirty.input),
             " as written to, but did not return it: what is written to must be an output");
  }
  for (const Tensor& t : forward.non_differentiable) {
    const size_t output = find_same(outputs, t);
    TT_CHECK(output < outputs.size(), Status::kCallback, "the forward of ", name,
             " marked a tensor as not differentiable that is no output");
    TT_CHECK(!is_dirty(t), Status::kCallback, "the forward of ", name, " marked output ",
             static_cast<uint64_t>(output), " both as written to and as not differentiable");
  }
}

// Makes the outputs those of the node. Fails before it has changed any.
void record_outputs(const Ref<CallbackNode>& node, tt_function_context& context,
                    const tt_function_context::Forward& forward, const Tensors& outputs) {
  std::vector<uint32_t> differentiable;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& t = outputs[i];
    if (!t.defined() || !is_floating(t.dtype())) continue;
    if (find_same(forward.non_differentiable, t) < forward.non_differentiable.size()) continue;
    differentiable.push_back(static_cast<uint32_t>(i));
  }
  const auto output_of = [&](const Tensor& t) {
    return std::find_if(differentiable.begin(), differentiable.end(),
                        [&](uint32_t i) { return outputs[i].is_same(t); });
  };
  // An output leads to the node, so the node must not keep it: neither as it is nor as the base of a view.
  // What shares memory with a written tensor has its history in the node as well, which it has yet to learn.
  const auto leads_here = [&](const Tensor& t) {
    return std::any_of(differentiable.begin(), differentiable.end(),
                       [&](uint32_t i) { return t.impl()->view_base.get() == outputs[i].impl(); }) ||
           std::any_of(forward.dirty.begin(), forward.dirty.end(),
                       [&](const auto& dirty) { return shares_root(forward.inputs[dirty.input], t); });
  };
  for (const Tensor& t : forward.saved) {
    const auto output = t.defined() ? output_of(t) : differentiable.end();
    if (output != differentiable.end()) {
      context.saved.push_back(SavedTensor::output(t, *output));
    } else {
      context.saved.push_back(SavedTensor::input(t.defined() && leads_here(t) ? detach(t) : t));
    }
  }
  std::vector<WrittenHistory> written;
  for (const auto& dirty : forward.dirty) {
    const Tensor& t = forward.inputs[dirty.input];
    const auto output = output_of(t);
    if (output == differentiable.end()) continue;  // it has no gradient
    written.emplace_back(t, node, *output, static_cast<int>(dirty.input));
    differentiable.erase(output);
  }
  for (const uint32_t i : differentiable) (void)autograd_meta(outputs[i]);
  node->set_outputs(static_cast<uint32_t>(outputs.size()));
  for (WrittenHistory& each : written) each.commit();
  for (const uint32_t i : differentiable) set_history(outputs[i], node, i);
}

tt_function_context& context_in(const tt_function_context* context) {
  return *checked<tt_function_context>(context, Kind::kFunctionContext, "context", "function context");
}

tt_function_context::Forward& forward_in(const tt_function_context* context) {
  tt_function_context& c = context_in(context);
  TT_CHECK(c.forward != nullptr, Status::kAutograd, "forward of ", c.name,
           " is over: this is for forward only");
  return *c.forward;
}

}  // namespace

extern "C" {

tt_status tt_function_apply(const tt_function* function, tt_tensor* const* inputs, size_t input_count,
                            tt_tensor** outputs, size_t output_count) {
  return guard("tt_function_apply", [&] {
    TT_CHECK(outputs != nullptr && output_count > 0, Status::kInvalidArgument, "outputs is NULL or empty");
    clear_list(outputs, output_count, "outputs", "count");
    TT_CHECK(function != nullptr, Status::kInvalidArgument, "function is NULL");
    auto context = make_ref<tt_function_context>();
    context->function = read_options(function, "function");
    TT_CHECK(context->function.forward != nullptr && context->function.backward != nullptr,
             Status::kInvalidArgument, "function.forward and function.backward must not be NULL");
    const Tensors in = list_in(inputs, input_count, "inputs");
    context->name = function->name != nullptr ? name_in(function->name, "function.name") : "a function";
    context->user = make_user(context->function.user, context->function.destroy);
    for (const Tensor& t : in) context->needs_grad.push_back(grad_enabled() && t.requires_grad());
    Ref<CallbackNode> node;
    if (needs_grad(std::span<const Tensor>(in))) {
      node = make_node<CallbackNode>(context, in);
      set_edges(*node, in);
    }

    Tensors results(output_count);
    tt_function_context::Forward forward{in, output_count, grad_enabled()};
    {
      const ScopeGuard scope;
      const GradMode off(false);
      Handles given{std::span<const Tensor>(in)}, made(output_count);
      run_callback("the forward of", context->name, [&] {
        context->forward = &forward;
        const tt_status status = context->function.forward(context.get(), given.data(), given.size(),
                                                           made.data(), made.size(), context->user.get());
        context->forward = nullptr;
        return status;
      });
      for (size_t i = 0; i < output_count; ++i) results[i] = take(made[i], "outputs");
    }
    // What was written past the library, by an address, counts as well.
    for (const auto& dirty : forward.dirty) {
      if (in[dirty.input].version() == dirty.version) bump_version(in[dirty.input]);
    }
    check_outputs(context->name, forward, results);
    if (node) record_outputs(node, *context, forward, results);
    give_all(results, outputs);
  });
}

tt_status tt_function_save(tt_function_context* context, tt_tensor* const* tensors, size_t count) {
  return guard("tt_function_save", [&] {
    tt_function_context::Forward& forward = forward_in(context);
    check_list(tensors, count, sizeof *tensors, "tensors");
    Tensors added;
    for (size_t i = 0; i < count; ++i) added.push_back(optional_in(tensors[i], "an entry of tensors"));
    forward.saved.insert(forward.saved.end(), added.begin(), added.end());
  });
}

tt_status tt_function_mark_dirty(tt_function_context* context, tt_tensor* const* inputs, size_t count) {
  return guard("tt_function_mark_dirty", [&] {
    tt_function_context::Forward& forward = forward_in(context);
    const tt_function_context& c = context_in(context);
    const Tensors marked = list_in(inputs, count, "inputs");
    std::vector<tt_function_context::Dirty> added;
    const GradMode as_around_the_call(forward.grad_enabled);
    for (size_t i = 0; i < marked.size(); ++i) {
      const size_t at = find_same(forward.inputs, marked[i]);
      TT_CHECK(at < forward.inputs.size(), Status::kInvalidArgument, "inputs[", static_cast<uint64_t>(i),
               "] is none of the function's inputs");
      bool others = false, any = false;
      for (size_t k = 0; k < c.needs_grad.size(); ++k) {
        any = any || c.needs_grad[k];
        others = others || (c.needs_grad[k] && k != at);
      }
      TT_CHECK(!any || !marked[i].impl()->view_base || forward.output_count == 1, Status::kAutograd,
               "inputs[", static_cast<uint64_t>(i), "] is a view, and the function has ",
               static_cast<uint64_t>(forward.output_count),
               " outputs: gradients pass a view that is written to only where it is the one output");
      check_inplace(marked[i], c.name.c_str(), others);
      const bool known =
          std::any_of(forward.dirty.begin(), forward.dirty.end(),
                      [&](const auto& d) { return d.input == at; }) ||
          std::any_of(added.begin(), added.end(), [&](const auto& d) { return d.input == at; });
      if (!known) added.push_back({at, marked[i].version()});
    }
    forward.dirty.insert(forward.dirty.end(), added.begin(), added.end());
  });
}

tt_status tt_function_mark_non_differentiable(tt_function_context* context, tt_tensor* const* outputs,
                                              size_t count) {
  return guard("tt_function_mark_non_differentiable", [&] {
    tt_function_context::Forward& forward = forward_in(context);
    const Tensors marked = list_in(outputs, count, "outputs");
    forward.non_differentiable.insert(forward.non_differentiable.end(), marked.begin(), marked.end());
  });
}

tt_status tt_function_saved(const tt_function_context* context, size_t index, tt_tensor** out) {
  return guard("tt_function_saved", [&] {
    Out result(out, "out");
    const tt_function_context& c = context_in(context);
    TT_CHECK(c.backward != nullptr, Status::kAutograd, "saved tensors are there in backward only");
    TT_CHECK(index < c.saved.size(), Status::kInvalidArgument, "index is ", static_cast<uint64_t>(index),
             ", but ", static_cast<uint64_t>(c.saved.size()), " tensors were saved");
    Tensor tensor = c.backward->unpack(c.saved[index]);
    if (tensor.defined()) result = std::move(tensor);
  });
}

tt_status tt_function_needs_input_grad(const tt_function_context* context, size_t input, int32_t* out) {
  return guard("tt_function_needs_input_grad", [&] {
    const tt_function_context& c = context_in(context);
    TT_CHECK(input < c.needs_grad.size(), Status::kInvalidArgument, "input is ", static_cast<uint64_t>(input),
             ", but the function has ", static_cast<uint64_t>(c.needs_grad.size()), " inputs");
    out_value(out, "out") = c.needs_grad[input];
  });
}

}  // extern "C"
