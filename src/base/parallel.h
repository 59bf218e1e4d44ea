// Work on several threads (base/thread_pool.h).
#pragma once

#include <cstdint>
#include <type_traits>

namespace tt {

// Threads that parallel work may use: set_num_threads's value, else OpenMP's setting; 1 in a forked child,
// inside a parallel_for and inside somebody's OpenMP region.
int num_threads();
void set_num_threads(int count);  // 0: back to OpenMP's setting

namespace detail {
void parallel_run(int64_t n, int64_t grain, void (*body)(int64_t begin, int64_t end, void* context),
                  void* context);
}

// body(begin, end) over [0, n) in ranges of at least `grain`; on the calling thread alone when there is only
// one range. The body must not throw.
template <typename F>
void parallel_for(int64_t n, int64_t grain, F&& body) {
  if (n <= grain || num_threads() == 1) {
    if (n > 0) body(int64_t{0}, n);
    return;
  }
  detail::parallel_run(
      n, grain,
      [](int64_t begin, int64_t end, void* context) {
        (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace tt
