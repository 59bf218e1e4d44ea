#include "base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>

#include "base/mutex.h"
#include "base/thread_pool.h"

namespace tt {

namespace {
std::atomic<int> g_threads{0};
}  // namespace

int num_threads() {
  if (inside_pool_job() || in_forked_child() || omp_in_parallel()) return 1;
  const int set = g_threads.load(std::memory_order_relaxed);
  return std::min(set > 0 ? set : omp_get_max_threads(), kMaxPoolThreads);
}

void set_num_threads(int count) { g_threads.store(std::max(count, 0)); }

namespace detail {

void parallel_run(int64_t n, int64_t grain, void (*body)(int64_t, int64_t, void*), void* context) {
  const int64_t ranges = std::min<int64_t>(num_threads(), (n + grain - 1) / grain);
  if (ranges <= 1) return body(0, n, context);
  struct Job {
    int64_t n, ranges;
    void (*body)(int64_t, int64_t, void*);
    void* context;
    void run(int64_t i) const { body(n * i / ranges, n * (i + 1) / ranges, context); }
  };
  Job job{n, ranges, body, context};
  const auto run_range = [](int i, void* shared) { static_cast<const Job*>(shared)->run(i); };
  // While the workers are another thread's, this one does its own work.
  if (!run_on_pool(static_cast<int>(ranges), run_range, &job)) {
    for (int64_t i = 0; i < ranges; ++i) job.run(i);
  }
}

}  // namespace detail
}  // namespace tt
