// Ops made of the host's callbacks.
#include <memory>
#include <string>
#include <vector>

#include "autograd/meta.h"
#include "capi/callback.h"
#include "capi/structs.h"
#include "capi/module.h"
#include "capi/scope.h"
#include "tinytorch/autograd.h"

using namespace tt;
using namespace tt::capi;

namespace {
constexpr tt_function kNoFunction = TT_FUNCTION_INIT;
}

// What forward leaves for backward.
struct tt_function_context final : RefCounted {
  tt_function_context() : RefCounted(Kind::kFunctionContext) {}

  tt_function function;
  std::string name;
  User user;
  std::vector<SavedTensor> saved;
  std::vector<bool> needs_grad;
  const Node* node = nullptr;  // set in backward
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
    std::vector<const tt_tensor*> grads;
    for (uint32_t i = 0; i < outputs(); ++i) {
      const Tensor& grad = context.grad(static_cast<int>(i));
      grads.push_back(grad.defined() ? borrow(grad) : nullptr);
    }
    for (size_t i = 0; i < n_in; ++i) context_->needs_grad[i] = context.needs(static_cast<int>(i));
    std::vector<tt_tensor*> results(n_in, nullptr);
    context_->node = this;
    run_callback("the backward of", context_->name, [&] {
      return context_->function.backward(context_.get(), grads.data(), grads.size(), results.data(), n_in,
                                         context_->user.get());
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

tt_function_context& context_in(const tt_function_context* context) {
  return *checked<tt_function_context>(context, Kind::kFunctionContext, "context", "function context");
}

}  // namespace

extern "C" {

tt_status tt_function_init(size_t struct_size, tt_function* function) {
  return init_struct("tt_function_init", kNoFunction, struct_size, function, "function");
}

tt_status tt_function_apply(const tt_function* function, tt_tensor* const* inputs, size_t input_count,
                            tt_tensor** outputs, size_t output_count) {
  return guard("tt_function_apply", [&] {
    TT_CHECK(outputs != nullptr && output_count > 0, Status::kInvalidArgument, "outputs is NULL or empty");
    clear_list(outputs, output_count, "outputs", "count");
    TT_CHECK(function != nullptr, Status::kInvalidArgument, "function is NULL");
    auto context = make_ref<tt_function_context>();
    context->function = read_options(function, kNoFunction, "function");
    TT_CHECK(context->function.forward != nullptr && context->function.backward != nullptr,
             Status::kInvalidArgument, "function.forward and function.backward must not be NULL");
    const Tensors in = list_in(inputs, input_count, "inputs");
    context->name = function->name != nullptr ? name_in(function->name, "function.name") : "a function";
    context->user = make_user(context->function.user, context->function.destroy);
    for (const Tensor& t : in) context->needs_grad.push_back(grad_enabled() && t.requires_grad());

    Tensors results(output_count);
    {
      const ScopeGuard scope;
      const GradMode off(false);
      std::vector<const tt_tensor*> handles(inputs, inputs + input_count);
      std::vector<tt_tensor*> made(output_count, nullptr);
      run_callback("the forward of", context->name, [&] {
        return context->function.forward(context.get(), handles.data(), input_count, made.data(),
                                         output_count, context->user.get());
      });
      for (size_t i = 0; i < output_count; ++i) {
        TT_CHECK(made[i] != nullptr, Status::kCallback, "the forward of ", context->name, " left output ",
                 static_cast<uint64_t>(i), " NULL");
        results[i] = take(made[i], "outputs");
        for (const Tensor& t : in) {
          TT_CHECK(!results[i].is_same(t), Status::kCallback, "the forward of ", context->name,
                   " returned an input as output ", static_cast<uint64_t>(i));
        }
      }
    }
    if (needs_grad(std::span<const Tensor>(in))) {
      const Ref<CallbackNode> node = make_node<CallbackNode>(context, in);
      set_edges(*node, in);
      node->set_outputs(static_cast<uint32_t>(output_count));
      for (uint32_t i = 0; i < output_count; ++i) {
        if (is_floating(results[i].dtype())) set_history(results[i], node, i);
      }
    }
    give_all(results, outputs);
  });
}

tt_status tt_function_save(tt_function_context* context, tt_tensor* const* tensors, size_t count) {
  return guard("tt_function_save", [&] {
    tt_function_context& c = context_in(context);
    for (const Tensor& t : list_in(tensors, count, "tensors")) c.saved.push_back(SavedTensor::input(t));
  });
}

tt_status tt_function_saved(const tt_function_context* context, size_t index, tt_tensor** out) {
  return guard("tt_function_saved", [&] {
    Out result(out, "out");
    const tt_function_context& c = context_in(context);
    TT_CHECK(c.node != nullptr, Status::kAutograd, "saved tensors are there in backward only");
    TT_CHECK(index < c.saved.size(), Status::kInvalidArgument, "index is ", static_cast<uint64_t>(index),
             ", but ", static_cast<uint64_t>(c.saved.size()), " tensors were saved");
    result = c.saved[index].unpack(*c.node);
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
