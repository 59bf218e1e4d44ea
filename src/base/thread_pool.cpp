#include "base/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <cstdint>
#include <type_traits>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace tt {

namespace {

// Polls of a thread that waits: first with the processor's pause, tens of microseconds in all, so that a job
// that follows soon starts at once; then giving way to other threads between them, about a millisecond; then
// it sleeps. The owner of a job sleeps sooner, since what it waits for takes long only when a worker lost its
// core.
constexpr int kPauses = 1000;
constexpr int kYieldsIdle = 2000, kYieldsOwner = 200;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Polls until done() or the limit; whether it was done.
template <typename F>
bool poll(int yields, F&& done) {
  for (int i = 0; i < kPauses; ++i) {
    if (done()) return true;
    pause();
  }
  for (int i = 0; i < yields; ++i) {
    if (done()) return true;
    sched_yield();
  }
  return false;
}

// How a thread rounds and whether it flushes denormals: a worker takes the mode of the thread it works for.
struct FloatMode {
#if defined(__x86_64__)
  uint32_t bits = _mm_getcsr();
  void set() const { _mm_setcsr(bits); }
#else
  void set() const {}
#endif
};

thread_local bool t_inside = false;

class Pool {
 public:
  bool run(int count, void (*body)(int, void*), void* context) {
    if (owned_.exchange(true, std::memory_order_acquire)) return false;
    while (workers_ < count - 1 && start_worker()) ++workers_;
    body_ = body;
    context_ = context;
    count_ = count;
    mode_ = FloatMode();
    ++job_;
    gate_.fetch_or(kOpen, std::memory_order_release);
    jobs_.fetch_add(1);
    jobs_.notify_all();
    t_inside = true;
    work(0);
    t_inside = false;
    uint32_t gate = gate_.fetch_and(~kOpen, std::memory_order_acquire) & ~kOpen;
    if (gate != 0 && !poll(kYieldsOwner, [&] { return gate_.load(std::memory_order_acquire) == 0; })) {
      while ((gate = gate_.load(std::memory_order_acquire)) != 0) gate_.wait(gate);
    }
    owned_.store(false, std::memory_order_release);
    return true;
  }

 private:
  // Workers inside the job, and whether another may enter. What a worker reads of the job it reads inside.
  static constexpr uint32_t kOpen = 1u << 31;

  bool start_worker() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const int error = pthread_create(
        &thread, &attributes,
        [](void* pool) -> void* {
          static_cast<Pool*>(pool)->serve();
          return nullptr;
        },
        this);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return error == 0;
  }

  // Each thread begins with the index that is its own from job to job, because of what its cache holds of it,
  // and goes on with those that nobody has taken.
  void work(int own) {
    for (int k = 0; k < count_; ++k) {
      const int i = (own + k) % count_;
      if (taken_[i].load(std::memory_order_relaxed) != job_ &&
          taken_[i].exchange(job_, std::memory_order_relaxed) != job_) {
        body_(i, context_);
      }
    }
  }

  bool enter() {
    uint32_t gate = gate_.load(std::memory_order_relaxed);
    while ((gate & kOpen) != 0) {
      if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }

  [[noreturn]] void serve() {
    const int own = 1 + started_.fetch_add(1, std::memory_order_relaxed);
    t_inside = true;
    uint32_t seen = 0;
    for (;;) {
      const auto new_job = [&] { return jobs_.load(std::memory_order_acquire) != seen; };
      if (!poll(kYieldsIdle, new_job)) jobs_.wait(seen);
      seen = jobs_.load(std::memory_order_acquire);
      if (!enter()) continue;
      mode_.set();
      work(own);
      if (gate_.fetch_sub(1, std::memory_order_release) == 1) gate_.notify_one();
    }
  }

  std::atomic<bool> owned_{false};
  int workers_ = 0;  // the owner's
  void (*body_)(int, void*) = nullptr;
  void* context_ = nullptr;
  int count_ = 0;
  FloatMode mode_;
  uint64_t job_ = 0;
  std::atomic<int> started_{0};
  // Each on cache lines of its own. Idle workers poll the first.
  alignas(64) std::atomic<uint32_t> jobs_{0};
  alignas(64) std::atomic<uint32_t> gate_{0};
  alignas(64) std::atomic<uint64_t> taken_[kMaxPoolThreads] = {};  // the last job whose index i was taken
};

// Never destroyed: workers never stop.
Pool& pool() {
  static_assert(std::is_trivially_destructible_v<Pool>);
  static Pool pool;
  return pool;
}

}  // namespace

bool inside_pool_job() { return t_inside; }

bool run_on_pool(int count, void (*body)(int, void*), void* context) {
  return pool().run(count, body, context);
}

}  // namespace tt
