// Layers, containers, modules of the host's own.
#include "capi/handles.h"
#include "capi/structs.h"
#include "capi/module.h"
#include "capi/scope.h"
#include "nn/container.h"
#include "nn/linear.h"

using namespace tt;
using namespace tt::capi;

namespace {

constexpr size_t kMostResults = 65536;  // more is a number that was never set

class CallbackModule final : public nn::Module {
 public:
  explicit CallbackModule(const tt_module_callbacks& callbacks)
      : type_name_(callbacks.type_name),
        extra_repr_(callbacks.extra_repr == nullptr ? "" : callbacks.extra_repr),
        forward_(callbacks.forward),
        capacity_(callbacks.capacity != 0 ? callbacks.capacity : size_t{TT_CALLBACK_CAPACITY}),
        parting_(new Parting(callbacks.user, callbacks.destroy)) {}
  const std::string& type_name() const override { return type_name_; }
  std::string extra_repr() const override { return extra_repr_; }

 private:
  // Not reached where the constructor failed: `user` is the caller's then.
  ~CallbackModule() override { depart(parting_); }

  TensorList forward(std::span<const Tensor> inputs) override {
    constexpr const char* kWhat = "the forward of";
    // The host may release its handles of this module and of the inputs meanwhile.
    const Ref<nn::Module> self(this);
    const TensorList kept(inputs);
    Handles given(kept), made(capacity_);
    size_t count = 1;
    const ScopeGuard scope;
    run_callback(kWhat, type_name_, [&] {
      return forward_(module_handle(*this), given.data(), given.size(), made.data(), made.size(), &count,
                      parting_->user);
    });
    return take_all(made, count, kWhat, type_name_, "outputs", "output_count");
  }

  std::string type_name_;
  std::string extra_repr_;
  decltype(tt_module_callbacks::forward) forward_;
  size_t capacity_;
  Parting* const parting_;  // the last to be made: where that fails, `user` is still the caller's
};

}  // namespace

extern "C" {

tt_status tt_nn_module_new(const tt_module_callbacks* callbacks, tt_module** out) {
  return make_handle("tt_nn_module_new", out, [&] {
    TT_CHECK(callbacks != nullptr, Status::kInvalidArgument, "callbacks is NULL");
    const tt_module_callbacks read = read_options(callbacks, "callbacks");
    TT_CHECK(read.type_name != nullptr && read.type_name[0] != '\0', Status::kInvalidArgument,
             "callbacks.type_name is NULL or empty");
    name_in(read.type_name, "callbacks.type_name");
    if (read.extra_repr != nullptr) name_in(read.extra_repr, "callbacks.extra_repr");
    TT_CHECK(read.forward != nullptr, Status::kInvalidArgument, "callbacks.forward is NULL");
    TT_CHECK(read.capacity <= kMostResults, Status::kInvalidArgument, "callbacks.capacity is ",
             static_cast<uint64_t>(read.capacity), ", expected at most ", uint64_t{kMostResults});
    return make_ref<CallbackModule>(read);
  });
}

tt_status tt_nn_sequential_new(tt_module* const* children, size_t count, tt_module** out) {
  return make_handle("tt_nn_sequential_new", out,
                     [&] { return make_ref<nn::Sequential>(modules_in(children, count, "children")); });
}
tt_status tt_nn_module_list_new(tt_module* const* children, size_t count, tt_module** out) {
  return make_handle("tt_nn_module_list_new", out,
                     [&] { return make_ref<nn::ModuleList>(modules_in(children, count, "children")); });
}

tt_status tt_nn_linear_new(int64_t in_features, int64_t out_features, int32_t bias, tt_module** out) {
  return make_handle("tt_nn_linear_new", out,
                     [&] { return make_ref<nn::Linear>(in_features, out_features, bias != 0); });
}

}  // extern "C"
