#include "base/thread_state.h"

#include <limits.h>
#include <pthread.h>

#include <atomic>

#include "base/error.h"

namespace tt {

namespace {

constexpr auto kStates = static_cast<size_t>(ThreadState::kCount);
constinit std::atomic<void (*)() noexcept> g_ends[kStates] = {};

#ifdef PTHREAD_DESTRUCTOR_ITERATIONS
constexpr int kRounds = PTHREAD_DESTRUCTOR_ITERATIONS;
#else
constexpr int kRounds = _POSIX_THREAD_DESTRUCTOR_ITERATIONS;
#endif

constinit thread_local bool t_registered = false;
constinit thread_local int t_rounds = 0;  // of the destructors of the thread's keys

void end_thread(void*);

// Made while the library is loaded: early keys need no memory in threads.
struct Key {
  pthread_key_t key = 0;
  const bool made = pthread_key_create(&key, end_thread) == 0;
};
const Key g_key;

// Runs in every round, so that it knows the last one, after which nobody would free anything.
void end_thread(void*) {
  ++t_rounds;
  for (auto& end : g_ends) {
    if (auto* const run = end.load(std::memory_order_acquire)) run();
  }
  if (t_rounds < kRounds) pthread_setspecific(g_key.key, &g_key);
}

}  // namespace

bool keep_until_thread_ends(ThreadState which, void (*end)() noexcept) noexcept {
  if (!t_registered) {
    if (!g_key.made || pthread_setspecific(g_key.key, &g_key) != 0) return false;
    t_registered = true;
  }
  if (t_rounds >= kRounds) return false;
  g_ends[static_cast<size_t>(which)].store(end, std::memory_order_release);
  return true;
}

void need_until_thread_ends(ThreadState which, void (*end)() noexcept) {
  TT_CHECK(keep_until_thread_ends(which, end), Status::kOutOfMemory,
           "out of memory for what the thread keeps of its own");
}

}  // namespace tt
