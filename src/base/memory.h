// Host memory. Two caches stand before the system allocator: small blocks (objects, small tensors) in
// per-thread free lists without a lock, large blocks in one process-wide cache. Both can be turned off, and
// the system allocator under them can be replaced, so that a test can make any allocation fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tt {

inline constexpr size_t kAlignment = 64;          // of every block: a cache line, and an AVX-512 vector
inline constexpr size_t kSmallBlockLimit = 2048;  // bytes; larger blocks go to the shared cache

// Throws Error(kOutOfMemory). size 0 gives a valid block. The size given to free_block must be the one asked
// for.
void* allocate_block(size_t size);
void free_block(void* block, size_t size) noexcept;

struct MemoryStats {
  int64_t allocated_bytes;  // handed out and not yet freed, large blocks only
  int64_t cached_bytes;     // kept for reuse by the shared cache
  int64_t system_calls;     // calls of the system allocator so far, both kinds
  int64_t system_blocks;    // what came from it and was not given back, caches included
};
MemoryStats memory_stats();

// Gives every cached block of the shared cache and of this thread back to the system.
void empty_memory_cache() noexcept;

// Caching is on at start (off in sanitized builds).
void set_memory_caching(bool on) noexcept;

// Replaces the system allocator below the caches. Blocks remember who allocated them only by this setting, so
// it may change only while no block is out or cached; `allocate` returns NULL on failure and must align to
// kAlignment.
struct SystemAllocator {
  void* (*allocate)(size_t size, size_t alignment, void* user);
  void (*free)(void* block, size_t size, void* user);
  void* user;
};
void set_system_allocator(const SystemAllocator& allocator) noexcept;
SystemAllocator default_system_allocator() noexcept;

}  // namespace tt
