// Initialisation and clipping.
#include "nn/init.h"

#include "capi/enums.h"
#include "nn/gradients.h"

using namespace tt;
using namespace tt::capi;
using namespace tt::nn;

namespace {

init::Nonlinearity nonlinearity_in(tt_nonlinearity value) {
  return enum_in<init::Nonlinearity>(
      value, "nonlinearity",
      {"TT_NONLINEARITY_LINEAR", "TT_NONLINEARITY_SIGMOID", "TT_NONLINEARITY_TANH", "TT_NONLINEARITY_RELU",
       "TT_NONLINEARITY_LEAKY_RELU", "TT_NONLINEARITY_SELU"});
}
init::FanMode mode_in(tt_fan_mode value) {
  return enum_in<init::FanMode>(value, "mode", {"TT_FAN_IN", "TT_FAN_OUT"});
}

}  // namespace

extern "C" {

tt_status tt_init_calculate_gain(tt_nonlinearity nonlinearity, double param, double* out) {
  return guard("tt_init_calculate_gain", [&] {
    const double gain = init::calculate_gain(nonlinearity_in(nonlinearity), param);
    out_value(out, "out") = gain;
  });
}
tt_status tt_init_uniform_(tt_tensor* tensor, double a, double b) {
  return guard("tt_init_uniform_", [&] { init::uniform_(*In(tensor, "tensor"), a, b); });
}
tt_status tt_init_normal_(tt_tensor* tensor, double mean, double std) {
  return guard("tt_init_normal_", [&] { init::normal_(*In(tensor, "tensor"), mean, std); });
}
tt_status tt_init_trunc_normal_(tt_tensor* tensor, double mean, double std, double a, double b) {
  return guard("tt_init_trunc_normal_", [&] { init::trunc_normal_(*In(tensor, "tensor"), mean, std, a, b); });
}
tt_status tt_init_constant_(tt_tensor* tensor, double value) {
  return guard("tt_init_constant_", [&] { init::constant_(*In(tensor, "tensor"), value); });
}
tt_status tt_init_ones_(tt_tensor* tensor) {
  return guard("tt_init_ones_", [&] { init::constant_(*In(tensor, "tensor"), 1); });
}
tt_status tt_init_zeros_(tt_tensor* tensor) {
  return guard("tt_init_zeros_", [&] { init::constant_(*In(tensor, "tensor"), 0); });
}
tt_status tt_init_eye_(tt_tensor* tensor) {
  return guard("tt_init_eye_", [&] { init::eye_(*In(tensor, "tensor")); });
}
tt_status tt_init_dirac_(tt_tensor* tensor, int64_t groups) {
  return guard("tt_init_dirac_", [&] { init::dirac_(*In(tensor, "tensor"), groups); });
}
tt_status tt_init_xavier_uniform_(tt_tensor* tensor, double gain) {
  return guard("tt_init_xavier_uniform_", [&] { init::xavier_uniform_(*In(tensor, "tensor"), gain); });
}
tt_status tt_init_xavier_normal_(tt_tensor* tensor, double gain) {
  return guard("tt_init_xavier_normal_", [&] { init::xavier_normal_(*In(tensor, "tensor"), gain); });
}
tt_status tt_init_kaiming_uniform_(tt_tensor* tensor, double a, tt_fan_mode mode,
                                   tt_nonlinearity nonlinearity) {
  return guard("tt_init_kaiming_uniform_", [&] {
    init::kaiming_uniform_(*In(tensor, "tensor"), a, mode_in(mode), nonlinearity_in(nonlinearity));
  });
}
tt_status tt_init_kaiming_normal_(tt_tensor* tensor, double a, tt_fan_mode mode,
                                  tt_nonlinearity nonlinearity) {
  return guard("tt_init_kaiming_normal_", [&] {
    init::kaiming_normal_(*In(tensor, "tensor"), a, mode_in(mode), nonlinearity_in(nonlinearity));
  });
}

tt_status tt_clip_grad_norm_(tt_tensor* const* parameters, size_t count, double max_norm, double norm_type,
                             int32_t error_if_nonfinite, tt_tensor** total_norm) {
  return guard("tt_clip_grad_norm_", [&] {
    if (total_norm != nullptr) *total_norm = nullptr;
    Tensor norm = clip_grad_norm_(list_in(parameters, count, "parameters"), max_norm, norm_type,
                                  error_if_nonfinite != 0);
    if (total_norm != nullptr) *total_norm = give(std::move(norm));
  });
}
tt_status tt_clip_grad_value_(tt_tensor* const* parameters, size_t count, double clip_value) {
  return guard("tt_clip_grad_value_",
               [&] { clip_grad_value_(list_in(parameters, count, "parameters"), clip_value); });
}

}  // extern "C"
