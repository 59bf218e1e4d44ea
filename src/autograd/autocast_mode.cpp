#include "autograd/autocast_mode.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/thread_state.h"

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
constinit thread_local Modes* t_modes = nullptr;
void end_modes() noexcept {
  detail::t_autocast_on = false;
  delete std::exchange(t_modes, nullptr);
}

}  // namespace

const AutocastMode& autocast_mode(DeviceType type) {
  static constexpr AutocastMode kOff;
  return t_modes != nullptr ? t_modes->of[static_cast<int>(type)] : kOff;
}

void set_autocast_mode(DeviceType type, const AutocastMode& mode) {
  if (t_modes == nullptr) {
    need_until_thread_ends(ThreadState::kAutocast, end_modes);
    t_modes = new Modes;
  }
  Modes& modes = *t_modes;
  modes.of[static_cast<int>(type)] = mode;
  detail::t_autocast_on =
      std::any_of(std::begin(modes.of), std::end(modes.of), [](const AutocastMode& m) { return m.on; });
  if (!detail::t_autocast_on) modes.casts.clear();
}

AutocastCasts& autocast_casts() { return t_modes->casts; }

}  // namespace tt
