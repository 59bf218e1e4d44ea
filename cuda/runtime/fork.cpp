#include "cuda/runtime/fork.h"

#include <pthread.h>

#include <atomic>

#include "base/error.h"

namespace tt::cuda {

namespace {
std::atomic<bool> g_forked{false};
}

void watch_forks() {
  static const int handler = pthread_atfork(nullptr, nullptr, [] { g_forked.store(true); });
  TT_CHECK(handler == 0, Status::kOutOfMemory, "out of memory while starting");
}

bool in_forked_child() noexcept { return g_forked.load(std::memory_order_relaxed); }

void refuse_forked_child() {
  TT_CHECK(!in_forked_child(), Status::kCuda,
           "a process that was forked after CUDA had been used cannot use it");
}

}  // namespace tt::cuda
