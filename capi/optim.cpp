#include "capi/structs.h"
#include "capi/module.h"
#include "capi/text.h"
#include "optim/adam.h"
#include "optim/sgd.h"

using namespace tt;
using namespace tt::capi;

namespace {

constexpr tt_sgd_options kSgd = TT_SGD_OPTIONS_INIT;
constexpr tt_adam_options kAdam = TT_ADAM_OPTIONS_INIT;
constexpr tt_adam_options kAdamW = TT_ADAMW_OPTIONS_INIT;

tt_status make_adam(const char* call, tt_tensor* const* params, size_t count, const tt_adam_options* options,
                    const tt_adam_options& defaults, optim::Adam::Decay decay, tt_optimizer** out) {
  return make_handle(call, out, [&] {
    const tt_adam_options o = read_options(options, defaults, "options");
    return make_ref<optim::Adam>(list_in(params, count, "params"),
                                 optim::AdamSettings{.lr = o.lr,
                                                     .beta1 = o.beta1,
                                                     .beta2 = o.beta2,
                                                     .eps = o.eps,
                                                     .weight_decay = o.weight_decay,
                                                     .amsgrad = o.amsgrad != 0,
                                                     .maximize = o.maximize != 0},
                                 decay);
  });
}

}  // namespace

extern "C" {

tt_status tt_sgd_options_init(size_t struct_size, tt_sgd_options* options) {
  return init_struct("tt_sgd_options_init", kSgd, struct_size, options, "options");
}
tt_status tt_adam_options_init(size_t struct_size, tt_adam_options* options) {
  return init_struct("tt_adam_options_init", kAdam, struct_size, options, "options");
}
tt_status tt_adamw_options_init(size_t struct_size, tt_adam_options* options) {
  return init_struct("tt_adamw_options_init", kAdamW, struct_size, options, "options");
}

tt_status tt_optim_sgd(tt_tensor* const* params, size_t count, const tt_sgd_options* options,
                       tt_optimizer** out) {
  return make_handle("tt_optim_sgd", out, [&] {
    const tt_sgd_options o = read_options(options, kSgd, "options");
    return make_ref<optim::Sgd>(list_in(params, count, "params"),
                                optim::SgdSettings{.lr = o.lr,
                                                   .momentum = o.momentum,
                                                   .dampening = o.dampening,
                                                   .weight_decay = o.weight_decay,
                                                   .nesterov = o.nesterov != 0,
                                                   .maximize = o.maximize != 0});
  });
}
tt_status tt_optim_adam(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                        tt_optimizer** out) {
  return make_adam("tt_optim_adam", params, count, options, kAdam, optim::Adam::Decay::kGradient, out);
}
tt_status tt_optim_adamw(tt_tensor* const* params, size_t count, const tt_adam_options* options,
                         tt_optimizer** out) {
  return make_adam("tt_optim_adamw", params, count, options, kAdamW, optim::Adam::Decay::kParameter, out);
}

tt_optimizer* tt_optimizer_retain(tt_optimizer* optimizer) {
  retain_handle(optimizer);
  return optimizer;
}
void tt_optimizer_release(tt_optimizer* optimizer) { release_handle(optimizer, Kind::kOptimizer); }

tt_status tt_optimizer_step(tt_optimizer* optimizer) {
  return guard("tt_optimizer_step", [&] { optimizer_in(optimizer).step(); });
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
