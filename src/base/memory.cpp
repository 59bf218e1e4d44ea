#include "base/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <iterator>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/live.h"
#include "base/macros.h"
#include "base/mutex.h"
#include "base/thread_state.h"

namespace tt {

namespace {

// A free block's first word links it to the next one.
struct FreeBlock {
  FreeBlock* next;
};

constexpr size_t kSmallStep = 64;
constexpr size_t kSmallClasses = kSmallBlockLimit / kSmallStep;
constexpr uint32_t kMaxSmallFree = 4096;  // blocks kept per class and thread

// Large classes: four steps to each power of two, so at most a quarter of a block is waste.
constexpr size_t kLargeClasses = 4 * 52;
constexpr int64_t kMaxCachedBytes = int64_t{4} << 30;

// From this size on the system is asked for huge pages, where it gives them on demand: products read matrices
// across their rows, and each row of a large one lies on a page of its own.
constexpr size_t kHugePage = size_t{2} << 20, kHugeBlock = 2 * kHugePage;

void* system_allocate(size_t size, size_t alignment, void*) {
  if (size < kHugeBlock) return std::aligned_alloc(alignment, size);
  void* block = nullptr;  // not aligned_alloc, for which the size must be whole pages
  if (posix_memalign(&block, kHugePage, size) != 0) return nullptr;
  madvise(block, size & ~(kHugePage - 1), MADV_HUGEPAGE);
  return block;
}
void system_free(void* block, size_t, void*) { std::free(block); }

SystemAllocator g_system{system_allocate, system_free, nullptr};
std::atomic<bool> g_caching{!TT_SANITIZED};
std::atomic<int64_t> g_system_calls{0};
std::atomic<int64_t> g_system_blocks{0};
std::atomic<int64_t> g_allocated_bytes{0};
std::atomic<int64_t> g_small_bytes{0};
std::atomic<int64_t> g_peak_bytes{0};

int64_t used_bytes() noexcept {
  return g_allocated_bytes.load(std::memory_order_relaxed) + g_small_bytes.load(std::memory_order_relaxed);
}
void note_peak() noexcept {
  const int64_t now = used_bytes();
  int64_t peak = g_peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !g_peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void* from_system(size_t size) {
  g_system_calls.fetch_add(1, std::memory_order_relaxed);
  void* block = g_system.allocate(size, kAlignment, g_system.user);
  if (block != nullptr) g_system_blocks.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void to_system(void* block, size_t size) noexcept {
  g_system_blocks.fetch_sub(1, std::memory_order_relaxed);
  g_system.free(block, size, g_system.user);
}

void* small_from_system(size_t size) {
  void* block = from_system(size);
  if (block != nullptr) {
    g_small_bytes.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
    note_peak();
  }
  return block;
}

void small_to_system(void* block, size_t size) noexcept {
  g_small_bytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  to_system(block, size);
}

struct LargeCache {
  Mutex mutex{LockLevel::kMemoryCache};
  FreeBlock* heads[kLargeClasses] = {};
  int64_t cached_bytes = 0;
};
// Never destroyed: tensors may be freed by finalisers that run after static destructors.
LargeCache& large_cache() {
  alignas(LargeCache) static unsigned char storage[sizeof(LargeCache)];
  static LargeCache* cache = new (storage) LargeCache;
  return *cache;
}

struct LargeClass {
  size_t index;
  size_t bytes;
};
LargeClass large_class(size_t size) {
  const size_t power = std::bit_width(size - 1) - 1;  // 2^power < size <= 2^(power+1)
  const size_t step = size_t{1} << (power - 2);
  const size_t quarter = (size - 1 - (size_t{1} << power)) / step;  // 0..3
  return {4 * power + quarter, (size_t{1} << power) + (quarter + 1) * step};
}

struct SmallCache {
  FreeBlock* heads[kSmallClasses] = {};
  uint32_t counts[kSmallClasses] = {};

  void clear() noexcept {
    for (size_t i = 0; i < kSmallClasses; ++i) {
      while (FreeBlock* block = heads[i]) {
        heads[i] = block->next;
        small_to_system(block, (i + 1) * kSmallStep);
      }
      counts[i] = 0;
    }
  }
};

constinit thread_local SmallCache* t_small = nullptr;

void end_small_cache() noexcept {
  SmallCache* const cache = std::exchange(t_small, nullptr);
  if (cache == nullptr) return;
  cache->clear();
  std::free(cache);
}

[[gnu::noinline]] SmallCache* make_small_cache() noexcept {
  if (!keep_until_thread_ends(ThreadState::kSmallBlocks, end_small_cache)) return nullptr;
  void* memory = std::calloc(1, sizeof(SmallCache));
  if (memory == nullptr) return nullptr;
  return t_small = static_cast<SmallCache*>(memory);
}

inline SmallCache* small_cache() noexcept { return t_small != nullptr ? t_small : make_small_cache(); }

void* allocate_large(size_t size) {
  TT_CHECK(size <= (size_t{1} << 48), Status::kOutOfMemory, "cannot allocate ", static_cast<uint64_t>(size),
           " bytes");
  const LargeClass cls = large_class(size);
  g_allocated_bytes.fetch_add(static_cast<int64_t>(cls.bytes), std::memory_order_relaxed);
  if (g_caching.load(std::memory_order_relaxed)) {
    LargeCache& cache = large_cache();
    const Lock lock(cache.mutex);
    if (FreeBlock* block = cache.heads[cls.index]) {
      cache.heads[cls.index] = block->next;
      cache.cached_bytes -= static_cast<int64_t>(cls.bytes);
      note_peak();
      return block;
    }
  }
  void* block = from_system(cls.bytes);
  if (block == nullptr) {
    empty_memory_cache();
    block = from_system(cls.bytes);
  }
  if (block == nullptr) {
    g_allocated_bytes.fetch_sub(static_cast<int64_t>(cls.bytes), std::memory_order_relaxed);
    fail(Status::kOutOfMemory, "out of memory: could not allocate ", static_cast<uint64_t>(size), " bytes");
  }
  note_peak();
  return block;
}

void free_large(void* pointer, size_t size) noexcept {
  const LargeClass cls = large_class(size);
  g_allocated_bytes.fetch_sub(static_cast<int64_t>(cls.bytes), std::memory_order_relaxed);
  if (g_caching.load(std::memory_order_relaxed)) {
    LargeCache& cache = large_cache();
    const Lock lock(cache.mutex);
    if (cache.cached_bytes + static_cast<int64_t>(cls.bytes) <= kMaxCachedBytes) {
      cache.heads[cls.index] = new (pointer) FreeBlock{cache.heads[cls.index]};
      cache.cached_bytes += static_cast<int64_t>(cls.bytes);
      return;
    }
  }
  to_system(pointer, cls.bytes);
}

}  // namespace

void* allocate_block(size_t size) {
  if (size > kSmallBlockLimit) return allocate_large(size);
  const size_t index = size == 0 ? 0 : (size - 1) / kSmallStep;
  if (g_caching.load(std::memory_order_relaxed)) {
    SmallCache* cache = small_cache();
    if (cache != nullptr && cache->heads[index] != nullptr) {
      FreeBlock* block = cache->heads[index];
      cache->heads[index] = block->next;
      --cache->counts[index];
      return block;
    }
  }
  void* block = small_from_system((index + 1) * kSmallStep);
  TT_CHECK(block != nullptr, Status::kOutOfMemory, "out of memory: could not allocate ",
           static_cast<uint64_t>(size), " bytes");
  return block;
}

void free_block(void* pointer, size_t size) noexcept {
  if (size > kSmallBlockLimit) return free_large(pointer, size);
  const size_t index = size == 0 ? 0 : (size - 1) / kSmallStep;
  if (g_caching.load(std::memory_order_relaxed)) {
    SmallCache* cache = small_cache();
    if (cache != nullptr && cache->counts[index] < kMaxSmallFree) {
      cache->heads[index] = new (pointer) FreeBlock{cache->heads[index]};
      ++cache->counts[index];
      return;
    }
  }
  small_to_system(pointer, (index + 1) * kSmallStep);
}

MemoryStats memory_stats() {
  LargeCache& cache = large_cache();
  const Lock lock(cache.mutex);
  return {g_allocated_bytes.load(), cache.cached_bytes, g_system_calls.load(), g_system_blocks.load()};
}

UsedMemory used_memory() noexcept { return {used_bytes(), g_peak_bytes.load()}; }

void reset_peak_memory() noexcept { g_peak_bytes.store(used_bytes()); }

void empty_memory_cache() noexcept {
  if (t_small != nullptr) t_small->clear();
  LargeCache& cache = large_cache();
  FreeBlock* heads[kLargeClasses];
  {
    const Lock lock(cache.mutex);
    std::copy(std::begin(cache.heads), std::end(cache.heads), heads);
    std::fill(std::begin(cache.heads), std::end(cache.heads), nullptr);
    cache.cached_bytes = 0;
  }
  // Without the lock: it may be the host's function that takes the blocks back.
  for (size_t i = 0; i < kLargeClasses; ++i) {
    const size_t bytes = (size_t{1} << (i / 4)) / 4 * (4 + i % 4 + 1);
    while (FreeBlock* block = heads[i]) {
      heads[i] = block->next;
      to_system(block, bytes);
    }
  }
}

void set_memory_caching(bool on) noexcept {
  g_caching.store(on && !TT_SANITIZED);
  if (!on) empty_memory_cache();
}

void set_system_allocator(const SystemAllocator& allocator) noexcept {
  empty_memory_cache();
  g_system = allocator;
}

SystemAllocator default_system_allocator() noexcept { return {system_allocate, system_free, nullptr}; }

}  // namespace tt
