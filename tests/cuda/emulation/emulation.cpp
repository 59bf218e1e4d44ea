// The emulated device's multiprocessor: the threads of a block, which take turns.
#include <setjmp.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "streams.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulation {

void die(const char* what) {
  std::fprintf(stderr, "emulated device: %s\n", what);
  std::abort();
}

namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr int kWarp = 32;

// What a thread waits for; threads that have ended wait for nothing and hold up no one.
enum class State : uint8_t { kReady, kBlock, kWarp, kEnded };

// A stack on which threads run one after another, until one of them waits: it keeps the stack.
// Once begun, it is switched to and from by jumps, which unlike contexts make no system calls.
struct Fiber {
  ucontext_t context;
  jmp_buf jump;
  bool begun = false;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  unsigned thread = 0;
};

class BlockRun {
 public:
  void run(unsigned threads, const std::function<void()>& body) {
    body_ = &body;
    threads_ = threads;
    next_ = 0;
    states_.assign(threads, State::kReady);
    parked_.assign(threads, nullptr);
    current_run = this;
    while (next_ < threads_) {
      Fiber* fiber = take_fiber();
      getcontext(&fiber->context);
      fiber->context.uc_stack.ss_sp = fiber->stack.get();
      fiber->context.uc_stack.ss_size = kStackBytes;
      fiber->context.uc_link = nullptr;
      makecontext(&fiber->context, &BlockRun::enter, 0);
      resume(fiber);
    }
    while (release()) {
      for (unsigned t = 0; t < threads_; ++t) {
        if (states_[t] != State::kReady || parked_[t] == nullptr) continue;
        Fiber* fiber = parked_[t];
        parked_[t] = nullptr;
        set_thread(t);
        fiber->thread = t;
        resume(fiber);
      }
    }
  }

  void wait(State what) {
    Fiber* fiber = running_;
    states_[fiber->thread] = what;
    parked_[fiber->thread] = fiber;
    if (_setjmp(fiber->jump) == 0) _longjmp(scheduler_, 1);
  }

  unsigned thread() const { return running_->thread; }
  void* slot(unsigned warp, unsigned lane) { return slots_[(warp * kWarp + lane) % 1024]; }

  static BlockRun* current_run;

 private:
  static void enter() {
    BlockRun& self = *current_run;
    Fiber* fiber = self.running_;
    while (self.next_ < self.threads_) {
      fiber->thread = self.next_++;
      self.set_thread(fiber->thread);
      (*self.body_)();
      self.states_[fiber->thread] = State::kEnded;
    }
    self.finish(fiber);
  }

  void finish(Fiber* fiber) {
    idle_.push_back(fiber);
    fiber->begun = false;
    _longjmp(scheduler_, 1);
  }

  void resume(Fiber* fiber) {
    running_ = fiber;
    if (_setjmp(scheduler_) != 0) return;
    if (fiber->begun) _longjmp(fiber->jump, 1);
    fiber->begun = true;
    setcontext(&fiber->context);
  }

  void set_thread(unsigned t) {
    threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
  }

  Fiber* take_fiber() {
    if (idle_.empty()) {
      fibers_.push_back(std::make_unique<Fiber>());
      return fibers_.back().get();
    }
    Fiber* fiber = idle_.back();
    idle_.pop_back();
    return fiber;
  }

  // Lets go on who waits for what has come; false when all have ended.
  bool release() {
    bool any = false, live = false, all_at_block = true;
    for (unsigned begin = 0; begin < threads_; begin += kWarp) {
      const unsigned end = begin + kWarp < threads_ ? begin + kWarp : threads_;
      bool at_warp = false, all_at_warp = true;
      for (unsigned t = begin; t < end; ++t) {
        live |= states_[t] != State::kEnded;
        at_warp |= states_[t] == State::kWarp;
        if (states_[t] == State::kBlock) all_at_warp = false;
        if (states_[t] == State::kWarp) all_at_block = false;
      }
      if (!at_warp) continue;
      if (!all_at_warp) continue;
      for (unsigned t = begin; t < end; ++t) {
        if (states_[t] == State::kWarp) states_[t] = State::kReady;
      }
      any = true;
    }
    if (!live) return false;
    if (any) return true;
    if (!all_at_block) die("threads of a warp wait at different barriers");
    for (State& state : states_) {
      if (state == State::kBlock) state = State::kReady;
    }
    return true;
  }

  const std::function<void()>* body_ = nullptr;
  unsigned threads_ = 0, next_ = 0;
  std::vector<State> states_;
  std::vector<Fiber*> parked_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  Fiber* running_ = nullptr;
  jmp_buf scheduler_;
  alignas(16) char slots_[1024][16];
};

BlockRun* BlockRun::current_run = nullptr;

}  // namespace

void* lane_slot(unsigned lane) {
  BlockRun& run = *BlockRun::current_run;
  return run.slot(run.thread() / kWarp, lane);
}
unsigned own_lane() { return BlockRun::current_run->thread() % kWarp; }

void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread) {
  static BlockRun& runner = *new BlockRun;
  gridDim = grid;
  blockDim = block;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        runner.run(block.x * block.y * block.z, thread);
      }
    }
  }
}

}  // namespace emulation

void __syncthreads() {
  const uint3 self = threadIdx;
  emulation::BlockRun::current_run->wait(emulation::State::kBlock);
  threadIdx = self;
}
void __syncwarp(unsigned) {
  const uint3 self = threadIdx;
  emulation::BlockRun::current_run->wait(emulation::State::kWarp);
  threadIdx = self;
}
