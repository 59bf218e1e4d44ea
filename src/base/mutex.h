// The library's locks. A fork copies those that other threads hold, and nobody in the child would ever open
// them: so each of this type is known to the library, whose fork handler takes them all, in the order of
// their levels, and opens them again in parent and child. (The guards of functions' static variables are
// locks too; mutex.cpp has its own, behind such a mutex.)
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace tt {

// A thread that holds a mutex may take only those of later levels.
enum class LockLevel : uint8_t {
  kPlugin,
  kStreams,
  kDeviceGenerators,
  kGenerator,
  kPrintOptions,
  kGraphMemory,
  kMemoryCache,
  kStatics,
  kCount
};

class Mutex {
 public:
  constexpr explicit Mutex(LockLevel level) noexcept : level_(level) {}
  ~Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept;
  void unlock() noexcept;

 private:
  struct Registry;

  void enter() noexcept;
  void leave() noexcept;
  bool mine() const noexcept;

  std::mutex mutex_;
  std::atomic<const void*> owner_{nullptr};  // tells threads apart
  std::atomic<bool> known_{false};           // to the fork handler, from the first lock on
  bool taken_by_fork_ = false;
  const LockLevel level_;
  Mutex* previous_ = nullptr;  // those known of the level
  Mutex* next_ = nullptr;
};

using Lock = std::lock_guard<Mutex>;

// Whether the process is a fork's child, which has none of its parent's threads.
bool in_forked_child() noexcept;

}  // namespace tt
