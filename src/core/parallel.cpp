#include "core/parallel.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>

namespace tt {

namespace {
std::atomic<int> g_threads{0};
std::atomic<bool> g_forked{false};

const int g_fork_handler = pthread_atfork(nullptr, nullptr, [] { g_forked.store(true); });
}  // namespace

bool in_forked_child() { return g_forked.load(std::memory_order_relaxed); }

int num_threads() {
  if (in_forked_child() || omp_in_parallel()) return 1;
  const int set = g_threads.load(std::memory_order_relaxed);
  return set > 0 ? set : omp_get_max_threads();
}

void set_num_threads(int count) { g_threads.store(std::max(count, 0)); }

namespace detail {

void parallel_run(int64_t n, int64_t grain, void (*body)(int64_t, int64_t, void*), void* context) {
  const auto ranges = std::min<int64_t>(num_threads(), (n + grain - 1) / grain);
  if (ranges <= 1) return body(0, n, context);
#pragma omp parallel for num_threads(static_cast <int>(ranges)) schedule(static, 1)
  for (int64_t i = 0; i < ranges; ++i) {
    body(n * i / ranges, n * (i + 1) / ranges, context);
  }
}

}  // namespace detail
}  // namespace tt
