#include "tinytorch/amp.h"

#include "autograd/autocast_mode.h"
#include "capi/structs.h"
#include "capi/module.h"
#include "optim/grad_scaler.h"

using namespace tt;
using namespace tt::capi;

namespace {

AutocastMode mode_in(DeviceType type, const tt_autocast* autocast) {
  AutocastMode mode;
  if (autocast == nullptr) return mode;
  const tt_autocast read = read_options(autocast, "autocast");
  mode.on = read.enabled != 0;
  mode.cache = read.cache_enabled != 0;
  mode.dtype = read.dtype != -1           ? dtype_in(read.dtype, "autocast.dtype")
               : type == DeviceType::kCpu ? DType::kBFloat16
                                          : DType::kFloat16;
  TT_CHECK(is_reduced_floating(mode.dtype), Status::kDtype, "autocast.dtype is ", mode.dtype,
           ", expected float16 or bfloat16");
  return mode;
}

tt_autocast mode_out(const AutocastMode& mode) {
  tt_autocast out = Defaults<tt_autocast>::value;
  out.enabled = mode.on;
  out.dtype = is_reduced_floating(mode.dtype) ? static_cast<tt_dtype>(mode.dtype) : -1;
  out.cache_enabled = mode.cache;
  return out;
}

optim::GradScaler& scaler_in(const tt_grad_scaler* handle) {
  return *checked<optim::GradScaler>(handle, Kind::kGradScaler, "scaler", "gradient scaler");
}

DeviceType type_in(tt_device_type type) { return device_in(type, 0).type; }

}  // namespace

extern "C" {

tt_status tt_set_autocast(tt_device_type type, const tt_autocast* autocast, tt_autocast* previous) {
  return guard("tt_set_autocast", [&] {
    const DeviceType device = type_in(type);
    const AutocastMode mode = mode_in(device, autocast);
    if (previous != nullptr) put_struct(mode_out(autocast_mode(device)), previous, "previous");
    set_autocast_mode(device, mode);
  });
}

tt_status tt_get_autocast(tt_device_type type, tt_autocast* out) {
  return guard("tt_get_autocast", [&] { put_struct(mode_out(autocast_mode(type_in(type))), out, "out"); });
}

tt_status tt_grad_scaler_new(const tt_grad_scaler_options* options, tt_grad_scaler** out) {
  return make_handle("tt_grad_scaler_new", out, [&] {
    const tt_grad_scaler_options o = read_options(options, "options");
    return make_ref<optim::GradScaler>(optim::GradScalerOptions{.init_scale = o.init_scale,
                                                                .growth_factor = o.growth_factor,
                                                                .backoff_factor = o.backoff_factor,
                                                                .growth_interval = o.growth_interval,
                                                                .enabled = o.enabled != 0});
  });
}
tt_grad_scaler* tt_grad_scaler_retain(tt_grad_scaler* scaler) {
  retain_handle(scaler);
  return scaler;
}
void tt_grad_scaler_release(tt_grad_scaler* scaler) { release_handle(scaler, Kind::kGradScaler); }

tt_status tt_grad_scaler_scale(const tt_grad_scaler* scaler, const tt_tensor* outputs, tt_tensor** out) {
  return guard("tt_grad_scaler_scale", [&] {
    Out result(out, "out");
    const In t(outputs, "outputs");
    result = scaler_in(scaler).scale(*t);
  });
}
tt_status tt_grad_scaler_unscale(tt_grad_scaler* scaler, tt_optimizer* optimizer) {
  return guard("tt_grad_scaler_unscale", [&] { scaler_in(scaler).unscale(optimizer_in(optimizer)); });
}
tt_status tt_grad_scaler_step(tt_grad_scaler* scaler, tt_optimizer* optimizer, int32_t* stepped) {
  return guard("tt_grad_scaler_step", [&] {
    const bool did = scaler_in(scaler).step(optimizer_in(optimizer));
    if (stepped != nullptr) *stepped = did;
  });
}
tt_status tt_grad_scaler_update(tt_grad_scaler* scaler) {
  return guard("tt_grad_scaler_update", [&] { scaler_in(scaler).update(); });
}
tt_status tt_grad_scaler_get_scale(const tt_grad_scaler* scaler, double* out) {
  return guard("tt_grad_scaler_get_scale",
               [&] { out_value(out, "out") = scaler_in(scaler).current_scale(); });
}
tt_status tt_grad_scaler_set_scale(tt_grad_scaler* scaler, double scale) {
  return guard("tt_grad_scaler_set_scale", [&] { scaler_in(scaler).set_scale(scale); });
}
tt_status tt_grad_scaler_state_dict(const tt_grad_scaler* scaler, tt_state_dict** out) {
  return make_handle("tt_grad_scaler_state_dict", out, [&] { return scaler_in(scaler).state_dict(); });
}
tt_status tt_grad_scaler_load_state_dict(tt_grad_scaler* scaler, const tt_state_dict* state_dict) {
  return guard("tt_grad_scaler_load_state_dict",
               [&] { scaler_in(scaler).load_state_dict(state_dict_in(state_dict)); });
}

}  // extern "C"
