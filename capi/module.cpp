#include "capi/module.h"

#include "capi/handles.h"
#include "capi/outs.h"
#include "capi/scope.h"
#include "capi/text.h"
#include "base/utf8.h"
#include "nn/container.h"

using namespace tt;
using namespace tt::capi;

namespace tt::capi {

std::string_view name_in(const char* name, const char* argument) {
  const std::string_view text = text_in(name, argument);
  TT_CHECK(is_utf8(text), Status::kInvalidArgument, argument, " is not UTF-8");
  return text;
}

std::vector<Ref<nn::Module>> modules_in(tt_module* const* handles, size_t count, const char* argument) {
  check_list(handles, count, sizeof *handles, argument);
  std::vector<Ref<nn::Module>> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string element = str(argument, "[", static_cast<uint64_t>(i), "]");
    out.push_back(module_in(handles[i], element.c_str()));
  }
  return out;
}

}  // namespace tt::capi

namespace {

Ref<StateDict> as_dict(const std::vector<NamedTensor>& list) {
  Ref<StateDict> dict = make_ref<StateDict>();
  for (const NamedTensor& entry : list) dict->set(entry.name, entry.tensor);
  return dict;
}

}  // namespace

extern "C" {

tt_module* tt_module_retain(tt_module* module) {
  retain_handle(module);
  return module;
}
void tt_module_release(tt_module* module) { release_handle(module, Kind::kModule); }

tt_status tt_module_forward(tt_module* module, const tt_tensor* input, tt_tensor** out) {
  return guard("tt_module_forward", [&] {
    Out result(out, "out");
    const Tensor x = held_in(input, "input");
    result = (*module_in(module))(x);
  });
}

tt_status tt_module_forward_multi(tt_module* module, tt_tensor* const* inputs, size_t count,
                                  tt_tensor** outputs, size_t capacity, size_t* output_count) {
  return guard("tt_module_forward_multi", [&] {
    clear_list(outputs, capacity, "outputs");
    const Tensors list = list_in(inputs, count, "inputs");
    const Ref<nn::Module> target = module_in(module);
    const auto check_room = [&](size_t needed) {
      if (needed <= capacity) return;
      if (output_count != nullptr) *output_count = needed;
      fail(Status::kInvalidArgument, "outputs has room for ", static_cast<uint64_t>(capacity),
           " tensors, but the module (", target->type_name(), ") returns ", static_cast<uint64_t>(needed));
    };
    if (const std::optional<size_t> known = target->result_count()) check_room(*known);
    TensorList results = target->call(list);
    const size_t made = results.size();
    check_room(made);
    give_all(results, outputs);
    if (output_count != nullptr) *output_count = made;
  });
}

tt_status tt_module_type_name(const tt_module* module, const char** out) {
  return guard("tt_module_type_name",
               [&] { out_value(out, "out") = module_in(module)->type_name().c_str(); });
}

tt_status tt_module_repr(const tt_module* module, char* buffer, size_t capacity, size_t* length) {
  return guard("tt_module_repr", [&] { put_text(module_in(module)->repr(), buffer, capacity, length); });
}

tt_status tt_module_train(tt_module* module, int32_t mode) {
  return guard("tt_module_train", [&] { module_in(module)->train(mode != 0); });
}
tt_status tt_module_eval(tt_module* module) {
  return guard("tt_module_eval", [&] { module_in(module)->train(false); });
}
tt_status tt_module_is_training(const tt_module* module, int32_t* out) {
  return guard("tt_module_is_training", [&] { out_value(out, "out") = module_in(module)->training(); });
}
tt_status tt_module_zero_grad(tt_module* module, int32_t set_to_none) {
  return guard("tt_module_zero_grad", [&] { module_in(module)->zero_grad(set_to_none != 0); });
}
tt_status tt_module_requires_grad_(tt_module* module, int32_t requires_grad) {
  return guard("tt_module_requires_grad_", [&] { module_in(module)->requires_grad_(requires_grad != 0); });
}
tt_status tt_module_to_dtype(tt_module* module, tt_dtype dtype) {
  return guard("tt_module_to_dtype", [&] { module_in(module)->to(dtype_in(dtype, "dtype"), std::nullopt); });
}
tt_status tt_module_to_device(tt_module* module, tt_device_type type, int32_t index) {
  return guard("tt_module_to_device", [&] { module_in(module)->to(std::nullopt, device_in(type, index)); });
}

tt_status tt_module_parameters(const tt_module* module, tt_tensor** parameters, size_t capacity,
                               size_t* count) {
  return guard("tt_module_parameters", [&] {
    Outs results(parameters, capacity, count, "parameters");
    Tensors list = module_in(module)->parameters();
    if (results.wants(list.size())) results = std::move(list);
  });
}
tt_status tt_module_named_parameters(const tt_module* module, tt_state_dict** out) {
  return make_handle("tt_module_named_parameters", out,
                     [&] { return as_dict(module_in(module)->named_parameters()); });
}
tt_status tt_module_named_buffers(const tt_module* module, tt_state_dict** out) {
  return make_handle("tt_module_named_buffers", out,
                     [&] { return as_dict(module_in(module)->named_buffers()); });
}
tt_status tt_module_get_parameter(const tt_module* module, const char* path, tt_tensor** out) {
  return guard("tt_module_get_parameter", [&] {
    Out result(out, "out");
    result = module_in(module)->get_parameter(text_in(path, "path"));
  });
}
tt_status tt_module_get_buffer(const tt_module* module, const char* path, tt_tensor** out) {
  return guard("tt_module_get_buffer", [&] {
    Out result(out, "out");
    result = module_in(module)->get_buffer(text_in(path, "path"));
  });
}
tt_status tt_module_get_submodule(tt_module* module, const char* path, tt_module** out) {
  return make_handle("tt_module_get_submodule", out, [&] {
    return Ref<nn::Module>(&module_in(module)->get_submodule(text_in(path, "path")));
  });
}
tt_status tt_module_child_count(const tt_module* module, size_t* out) {
  return guard("tt_module_child_count",
               [&] { out_value(out, "out") = module_in(module)->children().size(); });
}
tt_status tt_module_child(const tt_module* module, size_t index, const char** name, tt_module** out) {
  return make_handle("tt_module_child", out, [&] {
    const Ref<nn::Module> parent = module_in(module);
    const auto& children = parent->children();
    TT_CHECK(index < children.size(), Status::kInvalidArgument, "index ", static_cast<uint64_t>(index),
             " is out of range, the module has ", static_cast<uint64_t>(children.size()), " children");
    if (name != nullptr) *name = children[index].name.c_str();
    return children[index].module;
  });
}

tt_status tt_module_register_parameter(tt_module* module, const char* name, tt_tensor* parameter) {
  return guard("tt_module_register_parameter", [&] {
    module_in(module)->register_parameter(name_in(name), optional_in(parameter, "parameter"));
  });
}
tt_status tt_module_register_buffer(tt_module* module, const char* name, tt_tensor* buffer,
                                    int32_t persistent) {
  return guard("tt_module_register_buffer", [&] {
    module_in(module)->register_buffer(name_in(name), optional_in(buffer, "buffer"), persistent != 0);
  });
}
tt_status tt_module_register_module(tt_module* module, const char* name, tt_module* child) {
  return guard("tt_module_register_module",
               [&] { module_in(module)->register_module(name_in(name), module_in(child, "child")); });
}
tt_status tt_module_append(tt_module* module, tt_module* child) {
  return guard("tt_module_append", [&] {
    const Ref<nn::Module> target = module_in(module);
    Ref<nn::Module> added = module_in(child, "child");
    if (auto* sequential = dynamic_cast<nn::Sequential*>(target.get())) {
      sequential->append(std::move(added));
    } else if (auto* list = dynamic_cast<nn::ModuleList*>(target.get())) {
      list->append(std::move(added));
    } else {
      fail(Status::kInvalidArgument, "module is a ", target->type_name(),
           ", expected a Sequential or ModuleList");
    }
  });
}

tt_status tt_module_apply(tt_module* module, tt_status (*fn)(tt_module*, void*), void* user) {
  return guard("tt_module_apply", [&] {
    const Ref<nn::Module> root = module_in(module);
    TT_CHECK(fn != nullptr, Status::kInvalidArgument, "fn is NULL");
    root->apply([&](nn::Module& each) {
      const ScopeGuard scope;
      run_callback("the callback on", each.type_name(), [&] { return fn(module_handle(each), user); });
    });
  });
}

tt_status tt_module_state_dict(const tt_module* module, tt_state_dict** out) {
  return make_handle("tt_module_state_dict", out, [&] { return module_in(module)->state_dict(); });
}
tt_status tt_module_load_state_dict(tt_module* module, const tt_state_dict* state_dict, int32_t strict,
                                    size_t* missing, size_t* unexpected) {
  return guard("tt_module_load_state_dict", [&] {
    const Ref<nn::Module> target = module_in(module);
    const StateDict& source = state_dict_in(state_dict);
    if (missing != nullptr || unexpected != nullptr) {
      const nn::Module::NameDifference names = target->compare_names(source);
      if (missing != nullptr) *missing = names.missing.size();
      if (unexpected != nullptr) *unexpected = names.unexpected.size();
    }
    target->load_state_dict(source, strict != 0);
  });
}

tt_status tt_module_register_forward_pre_hook(tt_module* module, tt_forward_pre_hook hook, void* user,
                                              void (*destroy)(void*), uint64_t* id) {
  return guard("tt_module_register_forward_pre_hook", [&] {
    const Ref<nn::Module> target = module_in(module);
    TT_CHECK(hook != nullptr, Status::kInvalidArgument, "hook is NULL");
    const User owner = make_user(user, destroy);
    const uint64_t added = target->add_forward_pre_hook(
        [hook, owner](nn::Module& each, std::span<const Tensor> inputs, std::optional<Tensors>& replacement) {
          constexpr const char* kWhat = "the forward pre-hook on";
          Handles given(inputs), made(std::max<size_t>(inputs.size(), TT_CALLBACK_CAPACITY));
          size_t count = 0;
          const ScopeGuard scope;
          run_callback(kWhat, each.type_name(), [&] {
            return hook(module_handle(each), given.data(), given.size(), made.data(), made.size(), &count,
                        owner.get());
          });
          if (count == 0) return;
          const TensorList taken =
              take_all(made, count, kWhat, each.type_name(), "replacements", "replacement_count");
          replacement.emplace(taken.data(), taken.data() + taken.size());
        });
    if (id != nullptr) *id = added;
  });
}
tt_status tt_module_register_forward_hook(tt_module* module, tt_forward_hook hook, void* user,
                                          void (*destroy)(void*), uint64_t* id) {
  return guard("tt_module_register_forward_hook", [&] {
    const Ref<nn::Module> target = module_in(module);
    TT_CHECK(hook != nullptr, Status::kInvalidArgument, "hook is NULL");
    const User owner = make_user(user, destroy);
    const uint64_t added = target->add_forward_hook(
        [hook, owner](nn::Module& each, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
          Handles given(inputs), results(outputs), made(outputs.size());
          const ScopeGuard scope;
          run_callback("the forward hook on", each.type_name(), [&] {
            return hook(module_handle(each), given.data(), given.size(), results.data(), results.size(),
                        made.data(), owner.get());
          });
          for (size_t i = 0; i < outputs.size(); ++i) {
            if (made[i] != nullptr) outputs[i] = take(made[i], "replacements");
          }
        });
    if (id != nullptr) *id = added;
  });
}
tt_status tt_module_remove_hook(tt_module* module, uint64_t id) {
  return guard("tt_module_remove_hook", [&] { module_in(module)->remove_hook(id); });
}

}  // extern "C"
