#include "base/warning.h"

namespace tt {

std::atomic<const WarningHandler*> g_warning_handler{nullptr};

void set_warning_handler(const WarningHandler& handler) {
  // Another thread may be reading a former one, so none is freed: a program sets few. They are linked, so
  // that they are not taken for leaks.
  struct Kept {
    WarningHandler handler;
    Kept* before;
  };
  static std::atomic<Kept*> all{nullptr};
  if (handler.function == nullptr) {
    g_warning_handler.store(nullptr, std::memory_order_release);
    return;
  }
  auto* const kept = new Kept{handler, all.load()};
  while (!all.compare_exchange_weak(kept->before, kept)) {
  }
  g_warning_handler.store(&kept->handler, std::memory_order_release);
}

}  // namespace tt
