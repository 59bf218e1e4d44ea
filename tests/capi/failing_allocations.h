// Allocations that fail when a test wants it: those that the library makes through its allocator, and those
// of the C++ runtime within it, whose operator new this file replaces. For one source file of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tinytorch/tinytorch.h"

namespace {

// Allocations until one fails; negative: none does.
std::atomic<std::int64_t> g_countdown{-1};
std::atomic<std::int64_t> g_library_blocks{0};
std::atomic<std::int64_t> g_runtime_blocks{0};
std::atomic<std::int64_t> g_failed{0};

bool fails_now() {
  if (g_countdown.load() < 0 || g_countdown.fetch_sub(1) != 0) return false;
  ++g_failed;
  return true;
}

void* library_allocate(std::size_t size, std::size_t alignment, void*) {
  if (fails_now()) return nullptr;
  void* block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (block != nullptr) ++g_library_blocks;
  return block;
}

void library_free(void* block, std::size_t, void*) {
  --g_library_blocks;
  std::free(block);
}

void* runtime_allocate(std::size_t size, std::size_t alignment) {
  if (fails_now()) return nullptr;
  void* block = alignment <= alignof(std::max_align_t)
                    ? std::malloc(size == 0 ? 1 : size)
                    : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (block != nullptr) ++g_runtime_blocks;
  return block;
}

// Out of line, or the compiler sees free() of what operator new gave, and warns.
[[gnu::noinline]] void runtime_free(void* block) {
  if (block == nullptr) return;
  --g_runtime_blocks;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = runtime_allocate(size, 1)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* block = runtime_allocate(size, static_cast<std::size_t>(alignment))) return block;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return ::operator new(size); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return runtime_allocate(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return runtime_allocate(size, 1); }
void operator delete(void* block) noexcept { runtime_free(block); }
void operator delete[](void* block) noexcept { runtime_free(block); }
void operator delete(void* block, std::size_t) noexcept { runtime_free(block); }
void operator delete[](void* block, std::size_t) noexcept { runtime_free(block); }
void operator delete(void* block, std::align_val_t) noexcept { runtime_free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { runtime_free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { runtime_free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { runtime_free(block); }

namespace {

// From here on the n-th allocation fails, counted from 0.
void fail_allocation(std::int64_t n) {
  g_failed = 0;
  g_countdown = n;
}
// None fails any more. Whether one has failed.
bool stop_failing() {
  g_countdown = -1;
  return g_failed != 0;
}

// The blocks in use.
struct Counts {
  std::int64_t library = g_library_blocks.load();
  std::int64_t runtime = g_runtime_blocks.load();
  bool operator==(const Counts&) const = default;
};

// Before anything else that the program asks of the library.
tt_status use_failing_allocator() {
  tt_allocator allocator{};
  allocator.struct_size = sizeof allocator;
  allocator.allocate = library_allocate;
  allocator.deallocate = library_free;
  allocator.direct = 1;
  return tt_set_allocator(&allocator);
}

}  // namespace
