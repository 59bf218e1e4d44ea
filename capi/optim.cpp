#include "capi/callback.h"
#include "capi/structs.h"
#include "capi/module.h"
#include "capi/scope.h"
#include "capi/text.h"
#include "optim/adam.h"
#include "optim/adamax.h"
#include "optim/sgd.h"

using namespace tt;
using namespace tt::capi;

namespace {

// tt_optim_x_new.
template <typename Optimizer, typename Options>
tt_status make_optimizer(const char* call, tt_tensor* const* params, size_t count, const Options* options,
                         tt_optimizer** out) noexcept {
  return make_handle(call, out, [&] {
    const Options read = read_options(options, Optimizer::kDefaults, "options");
    return make_ref<Optimizer>(list_in(params, count, "params"), read);
  });
}

// Row `index` of the optimizer's options.
const optim::OptionRow& option_row(const tt_optimizer* optimizer, size_t index) {
  const std::span<const optim::OptionRow> rows = optimizer_in(optimizer).option_rows();
  TT_CHECK(index < rows.size(), Status::kInvalidArgument, "index ", static_cast<uint64_t>(index),
           " is out of range, the optimizer has ", static_cast<uint64_t>(rows.size()), " options");
  return rows[index];
}

}  // namespace

extern "C" {

tt_status tt_sgd_options_init(size_t struct_size, tt_sgd_options* options) {
  return init_struct("tt_sgd_options_init", optim::Sgd::kDefaults, struct_size, options, "options");
}
tt_status tt_adam_options_init(size_t struct_size, tt_adam_options* options) {
  return init_struct("tt_adam_options_init", optim::Adam::kDefaults, struct_size, options, "options");
}
tt_status tt_adamw_options_init(size_t struct_size, tt_adam_options* options) {
  return init_struct("tt_adamw_options_init", optim::AdamW::kDefaults, struct_size, options, "options");
}
tt_status tt_adamax_options_init(size_t struct_size, tt_adamax_options* options) {
  return init_struct("tt_adamax_options_init", optim::Adamax::kDefaults, struct_size, options, "options");
}

tt_status tt_optim_sgd_new(tt_tensor* const* params, size_t count, const tt_sgd_options* options,
                           tt_optimizer** out) {
  return make_optimizer<optim::Sgd>("tt_optim_sgd_new", params, count, options, out);
}
tt_status tt_optim_adam_new(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                            tt_optimizer** out) {
  return make_optimizer<optim::Adam>("tt_optim_adam_new", params, count, options, out);
}
tt_status tt_optim_adamw_new(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                             tt_optimizer** out) {
  return make_optimizer<optim::AdamW>("tt_optim_adamw_new", params, count, options, out);
}
tt_status tt_optim_adamax_new(tt_tensor* const* params, size_t count, const tt_adamax_options* options,
                              tt_optimizer** out) {
  return make_optimizer<optim::Adamax>("tt_optim_adamax_new", params, count, options, out);
}

tt_optimizer* tt_optimizer_retain(tt_optimizer* optimizer) {
  retain_handle(optimizer);
  return optimizer;
}
void tt_optimizer_release(tt_optimizer* optimizer) { release_handle(optimizer, Kind::kOptimizer); }

tt_status tt_optimizer_step(tt_optimizer* optimizer) {
  return guard("tt_optimizer_step", [&] { optimizer_in(optimizer).step(); });
}
tt_status tt_optimizer_step_closure(tt_optimizer* optimizer, tt_optimizer_closure closure, void* user,
                                    tt_tensor** loss) {
  return guard("tt_optimizer_step_closure", [&] {
    if (loss != nullptr) *loss = nullptr;
    // The closure may release it.
    const Ref<optim::Optimizer> target(&optimizer_in(optimizer));
    TT_CHECK(closure != nullptr, Status::kInvalidArgument, "closure is NULL");
    Tensor result = target->step([&] {
      Tensor made;
      {
        const ScopeGuard scope;
        run_callback("the closure of", target->type_name(), [&] {
          tt_tensor* handle = nullptr;
          const tt_status status = closure(&handle, user);
          if (status == TT_OK) made = take(handle, "loss");
          return status;
        });
      }
      reserve_in_scope();  // handing the loss over comes after the step, and must not fail then
      return made;
    });
    if (loss != nullptr && result.defined()) *loss = give(std::move(result));
  });
}
tt_status tt_optimizer_zero_grad(tt_optimizer* optimizer, int32_t set_to_none) {
  return guard("tt_optimizer_zero_grad", [&] { optimizer_in(optimizer).zero_grad(set_to_none != 0); });
}

tt_status tt_optimizer_add_param_group(tt_optimizer* optimizer, tt_tensor* const* params, size_t count,
                                       int64_t* group) {
  return guard("tt_optimizer_add_param_group", [&] {
    optim::Optimizer& target = optimizer_in(optimizer);
    target.add_param_group(list_in(params, count, "params"), target.defaults());
    if (group != nullptr) *group = static_cast<int64_t>(target.groups().size()) - 1;
  });
}
tt_status tt_optimizer_group_count(const tt_optimizer* optimizer, int64_t* out) {
  return guard("tt_optimizer_group_count", [&] {
    out_value(out, "out") = static_cast<int64_t>(optimizer_in(optimizer).groups().size());
  });
}
tt_status tt_optimizer_option_count(const tt_optimizer* optimizer, size_t* out) {
  return guard("tt_optimizer_option_count", [&] {
    const size_t count = optimizer_in(optimizer).option_rows().size();
    out_value(out, "out") = count;
  });
}
tt_status tt_optimizer_option_name(const tt_optimizer* optimizer, size_t index, const char** out) {
  return guard("tt_optimizer_option_name", [&] {
    const optim::OptionRow& row = option_row(optimizer, index);
    out_value(out, "out") = row.name;
  });
}
tt_status tt_optimizer_option_kind(const tt_optimizer* optimizer, size_t index, tt_option_kind* out) {
  return guard("tt_optimizer_option_kind", [&] {
    const optim::OptionRow& row = option_row(optimizer, index);
    out_value(out, "out") = static_cast<tt_option_kind>(row.kind);
  });
}
tt_status tt_optimizer_get_option(const tt_optimizer* optimizer, int64_t group, const char* name,
                                  double* out) {
  return guard("tt_optimizer_get_option", [&] {
    const double value = optimizer_in(optimizer).option(group, text_in(name, "name"));
    out_value(out, "out") = value;
  });
}
tt_status tt_optimizer_set_option(tt_optimizer* optimizer, int64_t group, const char* name, double value) {
  return guard("tt_optimizer_set_option",
               [&] { optimizer_in(optimizer).set_option(group, text_in(name, "name"), value); });
}
tt_status tt_optimizer_get_lr(const tt_optimizer* optimizer, int64_t group, double* out) {
  return guard("tt_optimizer_get_lr", [&] {
    const double value = optimizer_in(optimizer).option(group, "lr");
    out_value(out, "out") = value;
  });
}
tt_status tt_optimizer_set_lr(tt_optimizer* optimizer, int64_t group, double lr) {
  return guard("tt_optimizer_set_lr", [&] {
    optim::Optimizer& target = optimizer_in(optimizer);
    if (group != -1) return target.set_option(group, "lr", lr);
    for (size_t i = 0; i < target.groups().size(); ++i) {
      target.set_option(static_cast<int64_t>(i), "lr", lr);
    }
  });
}

tt_status tt_optimizer_repr(const tt_optimizer* optimizer, char* buffer, size_t capacity, size_t* length) {
  return guard("tt_optimizer_repr",
               [&] { put_text(optimizer_in(optimizer).repr(), buffer, capacity, length); });
}

tt_status tt_optimizer_state_dict(const tt_optimizer* optimizer, tt_state_dict** out) {
  return make_handle("tt_optimizer_state_dict", out, [&] { return optimizer_in(optimizer).state_dict(); });
}
tt_status tt_optimizer_load_state_dict(tt_optimizer* optimizer, const tt_state_dict* state_dict) {
  return guard("tt_optimizer_load_state_dict",
               [&] { optimizer_in(optimizer).load_state_dict(state_dict_in(state_dict)); });
}

}  // extern "C"
