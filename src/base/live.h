// What is alive. How many tensors and storages are alive. Every thread counts for itself, without an atomic
// read-modify-write, and who asks adds the threads' counts up; one alone may be negative, because tensors are
// freed on other threads than those that made them.
#pragma once

#include <atomic>
#include <cstdint>

namespace tt {

enum class Counted : uint8_t { kTensors, kStorages, kCount };

struct LiveCounts {
  std::atomic<int64_t> counts[static_cast<size_t>(Counted::kCount)];
};
extern constinit thread_local LiveCounts* t_live;
void count_live_slowly(Counted what, int64_t change) noexcept;

inline void count_live(Counted what, int64_t change) noexcept {
  LiveCounts* const mine = t_live;
  if (mine == nullptr) [[unlikely]]
    return count_live_slowly(what, change);
  std::atomic<int64_t>& count = mine->counts[static_cast<size_t>(what)];
  count.store(count.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

int64_t live(Counted what) noexcept;

// The blocks of memory.h, in bytes: the large ones in use, and the small ones that threads have, free ones
// included.
struct UsedMemory {
  int64_t now;
  int64_t peak;  // since the start or the last reset
};
UsedMemory used_memory() noexcept;
void reset_peak_memory() noexcept;

}  // namespace tt
