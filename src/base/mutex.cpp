#include "base/mutex.h"

#include <cxxabi.h>
#include <pthread.h>

#include <cassert>
#include <cstddef>
#include <utility>

namespace tt {

namespace {

std::atomic<bool> g_forked{false};
// From the time that all locks are taken for a fork until they are open again: locks that the thread takes
// meanwhile, in other libraries' fork handlers, are its own already. Its address tells threads apart.
constinit thread_local bool t_forking = false;
#ifndef NDEBUG
constinit thread_local uint32_t t_held = 0;  // the levels of what the thread holds
#endif

constexpr auto kLevels = static_cast<size_t>(LockLevel::kCount);

}  // namespace

// The mutexes of each level. Its own lock comes before theirs, and after those of earlier levels.
struct Mutex::Registry {
  struct Level {
    std::mutex mutex;
    std::atomic<const void*> owner{nullptr};
    bool taken_by_fork = false;
    Mutex* first = nullptr;
  };
  static constinit Level levels[kLevels];

  class Hold {
   public:
    explicit Hold(Level& level) : level_(t_forking ? nullptr : &level) {
      if (level_ == nullptr) return;
      level_->mutex.lock();
      level_->owner.store(&t_forking, std::memory_order_relaxed);
    }
    ~Hold() {
      if (level_ == nullptr) return;
      level_->owner.store(nullptr, std::memory_order_relaxed);
      level_->mutex.unlock();
    }

   private:
    Level* level_;
  };

  // What the forking thread holds itself (it may fork in a signal handler) stays as it is.
  static void before_fork() {
    for (Level& level : levels) {
      level.taken_by_fork = level.owner.load(std::memory_order_relaxed) != &t_forking;
      if (level.taken_by_fork) level.mutex.lock();
      for (Mutex* each = level.first; each != nullptr; each = each->next_) {
        each->taken_by_fork_ = !each->mine();
        if (each->taken_by_fork_) each->mutex_.lock();
      }
    }
    t_forking = true;
  }
  static void after_fork() {
    t_forking = false;
    for (size_t i = kLevels; i-- > 0;) {
      for (Mutex* each = levels[i].first; each != nullptr; each = each->next_) {
        if (std::exchange(each->taken_by_fork_, false)) each->mutex_.unlock();
      }
      if (levels[i].taken_by_fork) levels[i].mutex.unlock();
    }
  }
  static void in_child() {
    g_forked.store(true);
    after_fork();
  }
  static int watch() { return pthread_atfork(before_fork, after_fork, in_child); }
  static const int watching;
};

constinit Mutex::Registry::Level Mutex::Registry::levels[kLevels];
const int Mutex::Registry::watching = watch();

bool in_forked_child() noexcept { return g_forked.load(std::memory_order_relaxed); }

void Mutex::enter() noexcept {
  Registry::Level& level = Registry::levels[static_cast<size_t>(level_)];
  const Registry::Hold hold(level);
  if (known_.load(std::memory_order_relaxed)) return;  // two threads at once
  next_ = level.first;
  if (next_ != nullptr) next_->previous_ = this;
  level.first = this;
  known_.store(true, std::memory_order_release);
}

void Mutex::leave() noexcept {
  Registry::Level& level = Registry::levels[static_cast<size_t>(level_)];
  const Registry::Hold hold(level);
  (previous_ != nullptr ? previous_->next_ : level.first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

Mutex::~Mutex() {
  if (known_.load(std::memory_order_acquire)) leave();
}

bool Mutex::mine() const noexcept { return owner_.load(std::memory_order_relaxed) == &t_forking; }

void Mutex::lock() noexcept {
  if (t_forking) [[unlikely]]
    return;
  if (!known_.load(std::memory_order_acquire)) [[unlikely]]
    enter();
#ifndef NDEBUG
  assert((t_held >> static_cast<uint32_t>(level_)) == 0);
  t_held |= 1u << static_cast<uint32_t>(level_);
#endif
  mutex_.lock();
  owner_.store(&t_forking, std::memory_order_relaxed);
}

void Mutex::unlock() noexcept {
  if (t_forking) [[unlikely]]
    return;
#ifndef NDEBUG
  t_held &= ~(1u << static_cast<uint32_t>(level_));
#endif
  owner_.store(nullptr, std::memory_order_relaxed);
  mutex_.unlock();
}

// ---- static variables of functions ----

namespace {

constinit Mutex g_statics{LockLevel::kStatics};
constinit thread_local int t_initialising = 0;  // one initialiser may need another's variable

void begin_static() noexcept {
  if (t_initialising++ == 0) g_statics.lock();
}
void end_static() noexcept {
  if (--t_initialising == 0) g_statics.unlock();
}
std::atomic_ref<char> made(__cxxabiv1::__guard* guard) {
  return std::atomic_ref<char>(*reinterpret_cast<char*>(guard));
}

}  // namespace
}  // namespace tt

// What compilers call around the initialiser of a function's static variable, in place of the C++ runtime's:
// that one knows nothing of forks. The guard's first byte says that the variable is there.
extern "C" {

int __cxa_guard_acquire(__cxxabiv1::__guard* guard) {
  if (tt::made(guard).load(std::memory_order_acquire) != 0) return 0;
  tt::begin_static();
  if (tt::made(guard).load(std::memory_order_relaxed) == 0) return 1;
  tt::end_static();
  return 0;
}

void __cxa_guard_release(__cxxabiv1::__guard* guard) noexcept {
  tt::made(guard).store(1, std::memory_order_release);
  tt::end_static();
}

void __cxa_guard_abort(__cxxabiv1::__guard*) noexcept { tt::end_static(); }

}  // extern "C"
