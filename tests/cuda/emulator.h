// Runs kernel bodies (cuda/runtime/block.h) on the CPU: every thread of a block is a coroutine, and runs
// until it comes to a barrier or a shuffle. Which thread goes first is chosen by `order`, so that what
// depends on it is found by comparing; shared memory and buffers start as garbage; threads that wait for each
// other in vain are an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "cuda/runtime/fault.h"

namespace tt::testing {

enum class Order { kForward, kBackward, kShuffled };
inline constexpr Order kOrders[] = {Order::kForward, Order::kBackward, Order::kShuffled};

class EmulatedBlock {
 public:
  int64_t index() const { return index_; }
  int64_t blocks() const { return blocks_; }
  int thread() const;
  void sync();
  template <typename T>
  T shuffle_xor(T value, int mask) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    word = exchange(word, mask);
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
  void mma_tf32(float (&c)[4], const float (&a)[4], const float (&b)[2]);
  template <typename T>  // Half or BFloat16
  void mma_half(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
  // Copies are made when they are started, or when they are waited for, or either: by the order.
  void copy_16(void* to, const void* from, bool inside);
  void end_copies();
  template <int kLeft>
  void wait_copies() {
    finish_copies(kLeft);
  }
  template <bool kTransposed>
  void load_matrices(uint32_t (&words)[4], const void* row);
  template <typename T>
  T& shared() {
    return *reinterpret_cast<T*>(shared_);
  }

  // Runs the body for every thread of every block. Throws std::logic_error for threads that never meet.
  static void run(int64_t blocks, int threads, size_t shared_bytes, Order order,
                  const std::function<void(EmulatedBlock&)>& body);

 private:
  uint64_t exchange(uint64_t word, int mask);
  void finish_copies(int groups_left);

  int64_t index_ = 0;
  int64_t blocks_ = 0;
  std::byte* shared_ = nullptr;
};

// A Launcher.
class Emulator {
 public:
  explicit Emulator(Order order = Order::kForward, bool tensor_cores = true)
      : order_(order), tensor_cores_(tensor_cores) {}

  template <typename Body>
  void launch(const char*, const Body& body, int64_t blocks) const {
    static_assert(Body::kThreads % 32 == 0 && Body::kThreads <= 1024 && Body::kBlocksResident >= 1);
    static_assert(sizeof(typename Body::Shared) <= 48 * 1024 && sizeof(Body) <= 4096);
    EmulatedBlock::run(blocks, Body::kThreads, sizeof(typename Body::Shared), order_, body);
    ++launches_;
  }

  // Exactly as large as asked for, so that a sanitizer sees what lies beyond.
  template <typename T>
  class Buffer {
   public:
    explicit Buffer(int64_t n) : memory_(static_cast<size_t>(n) * sizeof(T), 0xff) {}
    T* data() { return reinterpret_cast<T*>(memory_.data()); }

   private:
    std::vector<unsigned char> memory_;
  };
  template <typename T>
  Buffer<T> buffer(int64_t n) const {
    return Buffer<T>(n);
  }

  bool tensor_cores() const { return tensor_cores_; }
  cuda::FaultRecord* fault() const { return &fault_; }
  int launches() const { return launches_; }

 private:
  Order order_;
  bool tensor_cores_;
  mutable cuda::FaultRecord fault_;
  mutable int launches_ = 0;
};

}  // namespace tt::testing
