// The emulated device: threads that take turns, and the runtime's calls.
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda_runtime.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulation {

namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr int kWarp = 32;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "emulated device: %s\n", what);
  std::abort();
}

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

std::mutex& device_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

}  // namespace

void* lane_slot(unsigned lane) {
  BlockRun& run = *BlockRun::current_run;
  return run.slot(run.thread() / kWarp, lane);
}
unsigned own_lane() { return BlockRun::current_run->thread() % kWarp; }

cudaError_t run(const cudaLaunchConfig_t& config, size_t parameter_bytes,
                const std::function<void()>& thread) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  const uint64_t threads = static_cast<uint64_t>(block.x) * block.y * block.z;
  const bool valid = grid.x > 0 && grid.x <= 0x7fffffffu && grid.y > 0 && grid.y <= 65535 && grid.z > 0 &&
                     grid.z <= 65535 && threads > 0 && threads <= 1024 && config.dynamicSmemBytes <= 48 << 10;
  if (!valid) return cudaErrorInvalidConfiguration;
  if (parameter_bytes > 4096) return cudaErrorInvalidValue;
  const std::lock_guard lock(device_mutex());
  static BlockRun& runner = *new BlockRun;
  gridDim = grid;
  blockDim = block;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        runner.run(static_cast<unsigned>(threads), thread);
      }
    }
  }
  return cudaSuccess;
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

// ---- the runtime ----

namespace {

thread_local int t_device = 0;
constexpr int kDevices = 1;
constexpr size_t kCapacity = size_t{4} << 30;

struct Segments {
  std::mutex mutex;
  std::map<char*, size_t> blocks;
  size_t used = 0;
};
Segments& segments() {
  static Segments& all = *new Segments;
  return all;
}

bool on_device(const void* data, size_t nbytes) {
  Segments& s = segments();
  const std::lock_guard lock(s.mutex);
  auto* at = static_cast<char*>(const_cast<void*>(data));
  auto block = s.blocks.upper_bound(at);
  if (block == s.blocks.begin()) return false;
  --block;
  return at + nbytes <= block->first + block->second;
}

}  // namespace

cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaPeekAtLastError() { return cudaSuccess; }
const char* cudaGetErrorName(cudaError_t) { return "cudaErrorEmulated"; }
const char* cudaGetErrorString(cudaError_t) { return "the emulated device refuses the call"; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = kDevices, cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = t_device, cudaSuccess; }
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= kDevices) return cudaErrorInvalidDevice;
  t_device = device;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? 9 : 0;
  return cudaSuccess;
}
// Few and small, so that grids need several rounds and reductions are cut into parts.
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = cudaDeviceProp{"emulated", 4, 1024, 48 << 10, 99 << 10, 9, 0};
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = reinterpret_cast<cudaStream_t>(new char);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = reinterpret_cast<cudaEvent_t>(new char);
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete reinterpret_cast<char*>(event);
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** data, size_t nbytes) {
  Segments& s = segments();
  const std::lock_guard lock(s.mutex);
  if (s.used + nbytes > kCapacity) return cudaErrorMemoryAllocation;
  void* block = mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return cudaErrorMemoryAllocation;
  s.blocks[static_cast<char*>(block)] = nbytes;
  s.used += nbytes;
  *data = block;
  return cudaSuccess;
}
cudaError_t cudaFree(void* data) {
  Segments& s = segments();
  const std::lock_guard lock(s.mutex);
  const auto block = s.blocks.find(static_cast<char*>(data));
  if (block == s.blocks.end()) return cudaErrorInvalidValue;
  munmap(data, block->second);
  s.used -= block->second;
  s.blocks.erase(block);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** data, size_t nbytes, unsigned) {
  *data = std::malloc(nbytes);
  return *data != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = host;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* data) {
  std::free(data);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = kCapacity;
  *free = kCapacity - segments().used;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t nbytes, cudaMemcpyKind kind, cudaStream_t) {
  const bool to_device = kind != cudaMemcpyDeviceToHost;
  const bool from_device = kind != cudaMemcpyHostToDevice;
  if (on_device(to, nbytes) != to_device || on_device(from, nbytes) != from_device)
    return cudaErrorInvalidValue;
  memmove(to, from, nbytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t nbytes, cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToDevice, stream);
}
cudaError_t cudaMemsetAsync(void* data, int value, size_t nbytes, cudaStream_t) {
  if (!on_device(data, nbytes)) return cudaErrorInvalidValue;
  memset(data, value, nbytes);
  return cudaSuccess;
}
