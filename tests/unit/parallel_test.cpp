#include "base/parallel.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace tt {
namespace {

// Restores the number of threads.
struct Threads {
  explicit Threads(int count) { set_num_threads(count); }
  ~Threads() { set_num_threads(0); }
};

TEST(Parallel, EveryIndexOnceInRangesOfAtLeastTheGrain) {
  for (const int threads : {1, 2, 3, 8}) {
    const Threads set(threads);
    for (const int64_t n : {0, 1, 2, 7, 100, 1001}) {
      for (const int64_t grain : {1, 3, 50, 2000}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(n));
        std::atomic<int> ranges{0};
        parallel_for(n, grain, [&](int64_t begin, int64_t end) {
          ++ranges;
          for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
        });
        for (const auto& count : seen) ASSERT_EQ(count.load(), 1);
        ASSERT_LE(ranges.load(), threads);
        ASSERT_LE(ranges.load(), (n + grain - 1) / grain);
      }
    }
  }
}

TEST(Parallel, WorkersHelp) {
  const Threads set(2);
  std::mutex mutex;
  std::set<std::thread::id> who;
  // The calling thread goes on alone if no worker comes in time, so a worker gets several chances.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (who.size() < 2 && std::chrono::steady_clock::now() < end) {
    parallel_for(2, 1, [&](int64_t, int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const std::lock_guard lock(mutex);
      who.insert(std::this_thread::get_id());
    });
  }
  EXPECT_EQ(who.size(), 2u);
}

TEST(Parallel, AJobInsideAJobStaysOnItsThread) {
  const Threads set(4);
  std::atomic<int64_t> sum{0};
  parallel_for(4, 1, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(num_threads(), 1);
    const auto outer = std::this_thread::get_id();
    for (int64_t i = begin; i < end; ++i) {
      parallel_for(100, 1, [&](int64_t first, int64_t last) {
        EXPECT_EQ(std::this_thread::get_id(), outer);
        sum += last - first;
      });
    }
  });
  EXPECT_EQ(sum.load(), 400);
  EXPECT_EQ(num_threads(), 4);
}

TEST(Parallel, ManyThreadsAtOnce) {
  const Threads set(3);
  std::vector<std::thread> callers;
  std::atomic<int64_t> wrong{0};
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&, t] {
      for (int round = 0; round < 500; ++round) {
        std::vector<int64_t> values(64, 0);
        parallel_for(64, 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) values[static_cast<size_t>(i)] = i * t + round;
        });
        for (int64_t i = 0; i < 64; ++i) wrong += values[static_cast<size_t>(i)] != i * t + round;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

// Whoever runs a range: the host's signals stay away from workers, and the caller's rounding mode holds.
TEST(Parallel, WorkersBlockSignalsAndRoundAsTheCallerDoes) {
  const Threads set(2);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> bad_mask{0}, bad_mode{0};
  for (const int mode : {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD, FE_TONEAREST}) {
    std::fesetround(mode);
    for (int round = 0; round < 20; ++round) {
      parallel_for(2, 1, [&](int64_t, int64_t) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
#if defined(__x86_64__)
        volatile float one = 1, tiny = 1e-20f;
        const float sum = one + tiny, difference = one - tiny;
        const int seen = sum > 1 ? FE_UPWARD : difference < 1 ? FE_DOWNWARD : FE_TONEAREST;
        if (seen != mode) ++bad_mode;
#endif
        if (std::this_thread::get_id() == caller) return;
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        if (sigismember(&mask, SIGTERM) != 1 || sigismember(&mask, SIGUSR1) != 1) ++bad_mask;
      });
    }
  }
  EXPECT_EQ(bad_mode.load(), 0);
  EXPECT_EQ(bad_mask.load(), 0);
}

}  // namespace
}  // namespace tt
