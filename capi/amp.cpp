#include "tinytorch/amp.h"

#include "autograd/autocast_mode.h"
#include "capi/callback.h"
#include "capi/guard.h"

using namespace tt;
using namespace tt::capi;

namespace {

constexpr tt_autocast kDefaults = TT_AUTOCAST_INIT;

AutocastMode mode_in(DeviceType type, const tt_autocast* autocast) {
  AutocastMode mode;
  if (autocast == nullptr) return mode;
  const tt_autocast read = read_options(autocast, kDefaults, "autocast");
  mode.on = read.enabled != 0;
  mode.cache = read.cache_enabled != 0;
  mode.dtype = read.dtype != -1 ? dtype_in(read.dtype, "autocast.dtype")
               : type == DeviceType::kCpu ? DType::kBFloat16
                                          : DType::kFloat16;
  TT_CHECK(is_reduced_floating(mode.dtype), Status::kDtype, "autocast.dtype is ", mode.dtype,
           ", expected float16 or bfloat16");
  return mode;
}

tt_autocast mode_out(const AutocastMode& mode) {
  tt_autocast out = kDefaults;
  out.enabled = mode.on;
  out.dtype = is_reduced_floating(mode.dtype) ? static_cast<tt_dtype>(mode.dtype) : -1;
  out.cache_enabled = mode.cache;
  return out;
}

DeviceType type_in(tt_device_type type) { return device_in(type, 0, "type").type; }

}  // namespace

extern "C" {

void tt_autocast_init(tt_autocast* autocast) {
  if (autocast != nullptr) *autocast = kDefaults;
}

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

}  // extern "C"
