// Handles of modules, optimizers and state dicts.
#pragma once

#include "capi/guard.h"
#include "nn/module.h"
#include "nn/state_dict.h"
#include "optim/optimizer.h"

namespace tt::capi {

// Held for the call: modules run the host's callbacks.
inline Ref<nn::Module> module_in(const tt_module* handle, const char* argument = "module") {
  return held<nn::Module>(handle, Kind::kModule, argument, "module");
}
inline optim::Optimizer& optimizer_in(const tt_optimizer* handle) {
  return *checked<optim::Optimizer>(handle, Kind::kOptimizer, "optimizer", "optimizer");
}
inline StateDict& state_dict_in(const tt_state_dict* handle, const char* argument = "state_dict") {
  return *checked<StateDict>(handle, Kind::kStateDict, argument, "state dict");
}

inline tt_module* module_handle(const nn::Module& module) {
  return reinterpret_cast<tt_module*>(static_cast<RefCounted*>(const_cast<nn::Module*>(&module)));
}

// Runs `make`, which returns a Ref, and gives its object to the caller; *out is NULL until then.
template <typename Handle, typename F>
tt_status make_handle(const char* call, Handle** out, F&& make) noexcept {
  return guard(call, [&] {
    Handle*& slot = out_value(out, "out");
    slot = nullptr;
    slot = give_object<Handle>(make());
  });
}

// The name of something in a module or state dict, or another text that files or other texts keep: UTF-8.
std::string_view name_in(const char* name, const char* argument = "name");

// A list of modules: none may be NULL.
std::vector<Ref<nn::Module>> modules_in(tt_module* const* handles, size_t count, const char* argument);

}  // namespace tt::capi
