#include "autograd/autocast_mode.h"

#include <algorithm>
#include <iterator>

namespace tt {

namespace detail {
constinit thread_local bool t_autocast_on = false;
}

namespace {

struct Modes {
  AutocastMode of[kDeviceTypeCount];
  AutocastCasts casts;
};

// Made when the thread first sets a mode: thread-local memory is scarce.
struct ThreadModes {
  Modes* modes = nullptr;
  ~ThreadModes() { delete modes; }
};
thread_local ThreadModes t_modes;

}  // namespace

const AutocastMode& autocast_mode(DeviceType type) {
  static constexpr AutocastMode kOff;
  return t_modes.modes != nullptr ? t_modes.modes->of[static_cast<int>(type)] : kOff;
}

void set_autocast_mode(DeviceType type, const AutocastMode& mode) {
  if (t_modes.modes == nullptr) t_modes.modes = new Modes;
  Modes& modes = *t_modes.modes;
  modes.of[static_cast<int>(type)] = mode;
  detail::t_autocast_on =
      std::any_of(std::begin(modes.of), std::end(modes.of), [](const AutocastMode& m) { return m.on; });
  if (!detail::t_autocast_on) modes.casts.clear();
}

AutocastCasts& autocast_casts() { return t_modes.modes->casts; }

}  // namespace tt
