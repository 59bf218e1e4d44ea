#include "cuda/emulator.h"

#include <ucontext.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

#include "cuda/runtime/block.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace tt::testing {

namespace {

constexpr size_t kStackBytes = 128 * 1024;

// One that copy_16 has put off.
struct Copy {
  void* to;
  const void* from;
  bool inside;
  int group;

  void make() const {
    if (inside) {
      std::memcpy(to, from, 16);
    } else {
      std::memset(to, 0, 16);
    }
  }
};

enum class State { kReady, kAtBarrier, kAtShuffle, kDone };

// Sanitizers are told of every switch between stacks.
struct Fiber {
  ucontext_t context;
  std::unique_ptr<std::byte[]> stack;
  State state = State::kDone;
  uint64_t word = 0;
  const void* a = nullptr;
  const void* b = nullptr;
  std::vector<Copy> copies;
  int groups = 0;  // of copies that are ended
  void* fake_stack = nullptr;
  void* tsan = nullptr;
};

class Scheduler {
 public:
  static Scheduler& instance() {
    static thread_local Scheduler scheduler;
    return scheduler;
  }
  ~Scheduler() {
#if defined(__SANITIZE_THREAD__)
    for (Fiber& fiber : fibers_) __tsan_destroy_fiber(fiber.tsan);
#endif
  }

  void run_block(EmulatedBlock& block, int threads, std::mt19937& random, Order order,
                 const std::function<void(EmulatedBlock&)>& body) {
    block_ = &block;
    body_ = &body;
    random_ = &random;
    order_ = order;
    prepare(threads);
    std::vector<int> warps(static_cast<size_t>(threads / 32)), lanes(32);
    std::iota(warps.begin(), warps.end(), 0);
    std::iota(lanes.begin(), lanes.end(), 0);
    if (order == Order::kBackward) {
      std::reverse(warps.begin(), warps.end());
      std::reverse(lanes.begin(), lanes.end());
    }
    do {
      if (order == Order::kShuffled) {
        std::shuffle(warps.begin(), warps.end(), random);
        std::shuffle(lanes.begin(), lanes.end(), random);
      }
      // A warp runs ahead of the others as far as it can, to the barrier.
      for (const int warp : warps) {
        do {
          for (const int lane : lanes) {
            if (fiber(32 * warp + lane).state == State::kReady) switch_to(32 * warp + lane);
          }
        } while (release_if_all(32 * warp, 32 * warp + 32, State::kAtShuffle));
      }
    } while (release_if_all(0, threads, State::kAtBarrier));
    for (int i = 0; i < threads; ++i) {
      if (fibers_[static_cast<size_t>(i)].state != State::kDone) {
        // The stacks are given up as they are.
        fibers_.clear();
        throw std::logic_error("block " + std::to_string(block.index()) + ": thread " + std::to_string(i) +
                               " waits for threads that never come");
      }
    }
  }

  bool copies_at_once() {
    return order_ == Order::kBackward || (order_ == Order::kShuffled && (*random_)() % 2 == 0);
  }
  int current() const { return current_; }
  Fiber& fiber(int i) { return fibers_[static_cast<size_t>(i)]; }

  // From a fiber: lets the others run until what it waits for has happened.
  void wait(State state) {
    Fiber& self = fiber(current_);
    self.state = state;
    leave(self, false);
  }

 private:
  void prepare(int threads) {
    if (fibers_.size() < static_cast<size_t>(threads)) fibers_.resize(static_cast<size_t>(threads));
    for (int i = 0; i < threads; ++i) {
      Fiber& f = fiber(i);
      if (f.stack == nullptr) f.stack = std::make_unique<std::byte[]>(kStackBytes);
#if defined(__SANITIZE_THREAD__)
      if (f.tsan == nullptr) f.tsan = __tsan_create_fiber(0);
#endif
      getcontext(&f.context);
      f.context.uc_stack.ss_sp = f.stack.get();
      f.context.uc_stack.ss_size = kStackBytes;
      f.context.uc_link = nullptr;
      f.fake_stack = nullptr;
      makecontext(&f.context, &Scheduler::entry, 0);
      f.state = State::kReady;
      f.copies.clear();
      f.groups = 0;
    }
  }

  static void entry() {
    Scheduler& self = instance();
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self.main_bottom_, &self.main_size_);
#endif
    (*self.body_)(*self.block_);
    Fiber& f = self.fiber(self.current_);
    f.state = State::kDone;
    self.leave(f, true);
  }

  void switch_to(int i) {
    current_ = i;
    Fiber& f = fiber(i);
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, f.stack.get(), kStackBytes);
#endif
#if defined(__SANITIZE_THREAD__)
    main_tsan_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(f.tsan, 0);
#endif
    swapcontext(&main_, &f.context);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  }

  void leave(Fiber& f, [[maybe_unused]] bool for_good) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &f.fake_stack, main_bottom_, main_size_);
#endif
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(main_tsan_, 0);
#endif
    swapcontext(&f.context, &main_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(f.fake_stack, &main_bottom_, &main_size_);
#endif
  }

  // Lets threads go on that are all where they wait for each other.
  bool release_if_all(int begin, int end, State state) {
    for (int i = begin; i < end; ++i) {
      if (fiber(i).state != state) return false;
    }
    for (int i = begin; i < end; ++i) fiber(i).state = State::kReady;
    return true;
  }

  std::vector<Fiber> fibers_;
  ucontext_t main_;
  EmulatedBlock* block_ = nullptr;
  std::mt19937* random_ = nullptr;
  Order order_ = Order::kForward;
  const std::function<void(EmulatedBlock&)>* body_ = nullptr;
  int current_ = 0;
  [[maybe_unused]] const void* main_bottom_ = nullptr;
  [[maybe_unused]] size_t main_size_ = 0;
  [[maybe_unused]] void* main_tsan_ = nullptr;
};

}  // namespace

int EmulatedBlock::thread() const { return Scheduler::instance().current(); }

void EmulatedBlock::sync() { Scheduler::instance().wait(State::kAtBarrier); }

uint64_t EmulatedBlock::exchange(uint64_t word, int mask) {
  Scheduler& scheduler = Scheduler::instance();
  const int self = scheduler.current();
  scheduler.fiber(self).word = word;
  scheduler.wait(State::kAtShuffle);
  word = scheduler.fiber(self ^ mask).word;
  scheduler.wait(State::kAtShuffle);
  return word;
}

namespace {

// Calls fn(a, b) where a(lane, i) and b(lane, i) are the registers that the lanes of the warp came with.
template <typename Register, typename F>
void with_warp(const Register* a, const Register* b, F&& fn) {
  Scheduler& scheduler = Scheduler::instance();
  const int self = scheduler.current(), first = self / 32 * 32;
  scheduler.fiber(self).a = a;
  scheduler.fiber(self).b = b;
  scheduler.wait(State::kAtShuffle);
  fn([&](int lane, int i) { return static_cast<const Register*>(scheduler.fiber(first + lane).a)[i]; },
     [&](int lane, int i) { return static_cast<const Register*>(scheduler.fiber(first + lane).b)[i]; });
  scheduler.wait(State::kAtShuffle);
}

}  // namespace

void EmulatedBlock::mma_tf32(float (&c)[4], const float (&a)[4], const float (&b)[2]) {
  with_warp(a, b, [&](auto get_a, auto get_b) {
    // What the device does not look at.
    const auto cut = [](float x) { return std::bit_cast<float>(std::bit_cast<uint32_t>(x) & ~0x1fffu); };
    cuda::emulate_mma(
        thread() % 32, c, [&](int lane, int i) { return cut(get_a(lane, i)); },
        [&](int lane, int i) { return cut(get_b(lane, i)); });
  });
}

template <typename T>
void EmulatedBlock::mma_half(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  with_warp(a, b, [&](auto get_a, auto get_b) { cuda::emulate_mma_half<T>(thread() % 32, c, get_a, get_b); });
}
template void EmulatedBlock::mma_half<Half>(float (&)[4], const uint32_t (&)[4], const uint32_t (&)[2]);
template void EmulatedBlock::mma_half<BFloat16>(float (&)[4], const uint32_t (&)[4], const uint32_t (&)[2]);

void EmulatedBlock::copy_16(void* to, const void* from, bool inside) {
  if (reinterpret_cast<uintptr_t>(to) % 16 != 0 || reinterpret_cast<uintptr_t>(from) % 16 != 0) {
    throw std::logic_error("a copy of 16 bytes at an address that is no multiple of them");
  }
  Scheduler& scheduler = Scheduler::instance();
  Fiber& self = scheduler.fiber(scheduler.current());
  const Copy copy{to, from, inside, self.groups};
  if (scheduler.copies_at_once()) {
    copy.make();
  } else {
    self.copies.push_back(copy);
  }
}

void EmulatedBlock::end_copies() {
  Scheduler& scheduler = Scheduler::instance();
  ++scheduler.fiber(scheduler.current()).groups;
}

void EmulatedBlock::finish_copies(int groups_left) {
  Scheduler& scheduler = Scheduler::instance();
  Fiber& self = scheduler.fiber(scheduler.current());
  std::erase_if(self.copies, [&](const Copy& copy) {
    if (copy.group >= self.groups - groups_left) return false;
    copy.make();
    return true;
  });
}

template <bool kTransposed>
void EmulatedBlock::load_matrices(uint32_t (&words)[4], const void* row) {
  Scheduler& scheduler = Scheduler::instance();
  const int self = scheduler.current(), first = self / 32 * 32;
  scheduler.fiber(self).a = row;
  scheduler.wait(State::kAtShuffle);
  cuda::emulate_load_matrices<kTransposed>(self % 32, words,
                                           [&](int lane) { return scheduler.fiber(first + lane).a; });
  scheduler.wait(State::kAtShuffle);
}
template void EmulatedBlock::load_matrices<false>(uint32_t (&)[4], const void*);
template void EmulatedBlock::load_matrices<true>(uint32_t (&)[4], const void*);

void EmulatedBlock::run(int64_t blocks, int threads, size_t shared_bytes, Order order,
                        const std::function<void(EmulatedBlock&)>& body) {
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::mt19937 random(7);
  const size_t lines = (shared_bytes + sizeof(Line) - 1) / sizeof(Line);
  const auto shared = std::make_unique<Line[]>(lines);
  std::vector<int64_t> turn(static_cast<size_t>(blocks));
  for (int64_t i = 0; i < blocks; ++i) {
    turn[static_cast<size_t>(i)] = order == Order::kBackward ? blocks - 1 - i : i;
  }
  if (order == Order::kShuffled) std::shuffle(turn.begin(), turn.end(), random);
  for (const int64_t i : turn) {
    EmulatedBlock block;
    block.index_ = i;
    block.blocks_ = blocks;
    block.shared_ = reinterpret_cast<std::byte*>(shared.get());
    std::memset(static_cast<void*>(shared.get()), 0xff, lines * sizeof(Line));
    Scheduler::instance().run_block(block, threads, random, order, body);
  }
}

}  // namespace tt::testing
