// Warnings: what is probably a mistake, and is done all the same. Nobody hears them unless the host asks to.
#pragma once

#include <atomic>

#include "base/error.h"

namespace tt {

struct WarningHandler {
  void (*function)(const char* message, void* user);
  void* user;
};
// Null: silent.
extern std::atomic<const WarningHandler*> g_warning_handler;
void set_warning_handler(const WarningHandler& handler);

// The message is built only where somebody hears it. Call it once the op can no longer fail for its
// arguments.
template <typename... Args>
void warn(const Args&... args) {
  const WarningHandler* handler = g_warning_handler.load(std::memory_order_acquire);
  if (handler != nullptr) [[unlikely]]
    handler->function(str(args...).c_str(), handler->user);
}

}  // namespace tt
