// Which handles the host holds, by the call that gave them: where the environment has TINYTORCH_LIST_HANDLES,
// those that are left when the process ends are listed on the standard error.
#pragma once

#include "base/ref.h"

namespace tt::capi {

// Read once, when the library is loaded. Where it is off, this test is all that tracing costs.
extern const bool g_tracing;

// The host got a reference from the call that is under way, took one more, or gave one back.
void note_given(const RefCounted* object) noexcept;
void note_retained(const RefCounted* object) noexcept;
void note_released(const RefCounted* object) noexcept;

inline void trace_given(const RefCounted* object) noexcept {
  if (g_tracing) [[unlikely]]
    note_given(object);
}
inline void trace_retained(const RefCounted* object) noexcept {
  if (g_tracing) [[unlikely]]
    note_retained(object);
}
inline void trace_released(const RefCounted* object) noexcept {
  if (g_tracing) [[unlikely]]
    note_released(object);
}

}  // namespace tt::capi
