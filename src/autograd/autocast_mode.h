// Whether ops of the thread cast their arguments (ops/autocast.h).
#pragma once

#include <unordered_map>

#include "tensor/tensor.h"

namespace tt {

struct AutocastMode {
  bool on = false;
  bool cache = true;              // keep what parameters were cast to until the mode goes off
  DType dtype = DType::kFloat32;  // the lower precision: float16 or bfloat16
};

namespace detail {
[[gnu::tls_model("initial-exec")]] extern constinit thread_local bool t_autocast_on;
}

// For any device, and not paused.
inline bool autocast_on() { return detail::t_autocast_on; }

// The thread's, of each device type.
const AutocastMode& autocast_mode(DeviceType type);
void set_autocast_mode(DeviceType type, const AutocastMode& mode);

// What a parameter was cast to, while its values are those of then. A cast that was captured into a graph is
// for the rest of that capture, and no other cast is: only then do replays cast.
struct AutocastCast {
  Tensor parameter;  // keeps the address from being used again
  uint32_t version;
  uint64_t capture;
  Tensor result;
};
using AutocastCasts = std::unordered_map<const TensorImpl*, AutocastCast>;

// The thread's, emptied when the last of its modes goes off. Only for a thread that has had one on.
AutocastCasts& autocast_casts();

// Ops take their arguments as they are: inside an op that has cast them, and in backward, whose dtypes the
// forward decided.
class AutocastPause {
 public:
  AutocastPause() : before_(detail::t_autocast_on) { detail::t_autocast_on = false; }
  ~AutocastPause() { detail::t_autocast_on = before_; }
  AutocastPause(const AutocastPause&) = delete;
  AutocastPause& operator=(const AutocastPause&) = delete;

 private:
  bool before_;
};

}  // namespace tt
