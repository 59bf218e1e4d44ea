#include "cuda/runtime/memory.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>

#include "cuda/runtime/caching_allocator.h"
#include "cuda/runtime/fork.h"
#include "cuda/runtime/pinned.h"
#include "cuda/runtime/staging_pool.h"

namespace tt::cuda {

namespace {

class CudaSegments final : public SegmentSource {
 public:
  explicit CudaSegments(int device) : device_(device) {}

  void* allocate(size_t nbytes) override {
    const DeviceGuard guard(device_);
    void* data = nullptr;
    const cudaError_t error = cudaMalloc(&data, nbytes);
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();  // or a later launch would be blamed
      return nullptr;
    }
    TT_CUDA_CHECK(error);
    return data;
  }
  void release(void* segment, size_t) noexcept override {
    const DeviceGuard guard(device_);
    if (cudaFree(segment) != cudaSuccess) cudaGetLastError();
  }
  void wait(StreamId stream, StreamId before) noexcept override {
    const DeviceGuard guard(device_);
    cudaEvent_t event = nullptr;
    bool done = cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess &&
                cudaEventRecord(event, static_cast<cudaStream_t>(before)) == cudaSuccess &&
                cudaStreamWaitEvent(static_cast<cudaStream_t>(stream), event, 0) == cudaSuccess;
    // Destroyed once the device has passed it.
    if (event != nullptr) done = cudaEventDestroy(event) == cudaSuccess && done;
    if (!done) {
      cudaGetLastError();
      cudaStreamSynchronize(static_cast<cudaStream_t>(before));
    }
  }
  void synchronize(StreamId stream) noexcept override {
    const DeviceGuard guard(device_);
    if (cudaStreamSynchronize(static_cast<cudaStream_t>(stream)) != cudaSuccess) cudaGetLastError();
  }
  std::string describe() override {
    const DeviceGuard guard(device_);
    size_t free = 0;
    size_t total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
      cudaGetLastError();
      return str("cuda:", device_);
    }
    constexpr size_t kMiB = size_t{1} << 20;
    return str("cuda:", device_, " has ", static_cast<uint64_t>(total / kMiB), " MiB, of which ",
               static_cast<uint64_t>(free / kMiB), " MiB are free");
  }

 private:
  const int device_;
};

class PinnedMemory final : public StagingSource {
 public:
  explicit PinnedMemory(int device) : device_(device) {}
  void* allocate(size_t nbytes) override {
    const DeviceGuard guard(device_);
    void* data = nullptr;
    if (cudaHostAlloc(&data, nbytes, cudaHostAllocDefault) != cudaSuccess) {
      cudaGetLastError();
      return nullptr;
    }
    return data;
  }
  void* make_event() override {
    const DeviceGuard guard(device_);
    cudaEvent_t event = nullptr;
    TT_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
  }
  bool done(void* event) override {
    const cudaError_t error = cudaEventQuery(static_cast<cudaEvent_t>(event));
    if (error == cudaErrorNotReady) {
      cudaGetLastError();
      return false;
    }
    TT_CUDA_CHECK(error);
    return true;
  }
  void wait(void* event) override { TT_CUDA_CHECK(cudaEventSynchronize(static_cast<cudaEvent_t>(event))); }

 private:
  const int device_;
};

struct Memory {
  explicit Memory(int device)
      : allocator(std::make_unique<CudaSegments>(device)), staging(std::make_unique<PinnedMemory>(device)) {}
  CachingAllocator allocator;
  StagingPool staging;
};

Memory& memory_of(int device) {
  static std::atomic<Memory*> memories[kMaxDevices];  // never destroyed: they outlive every handle
  static std::mutex mutex;
  TT_CHECK(device >= 0 && device < kMaxDevices, Status::kDevice, "invalid device cuda:", device);
  if (Memory* memory = memories[device].load(std::memory_order_acquire)) return *memory;
  watch_forks();
  const std::lock_guard lock(mutex);
  Memory* memory = memories[device].load(std::memory_order_relaxed);
  if (memory == nullptr) {
    memory = new Memory(device);
    memories[device].store(memory, std::memory_order_release);
  }
  return *memory;
}

// A slot of the pool, given back at the end of the block; also where a call between fails.
class StagedCopy {
 public:
  explicit StagedCopy(StagingPool& pool) : pool_(pool), slot_(pool.take()) {}
  ~StagedCopy() {
    if (slot_ != nullptr) pool_.give_back(slot_, pending_);
  }
  StagedCopy(const StagedCopy&) = delete;
  StagedCopy& operator=(const StagedCopy&) = delete;
  explicit operator bool() const { return slot_ != nullptr; }
  void* data() const { return slot_->data; }
  // The device uses the slot until it has done what the stream was given so far.
  void pending(cudaStream_t stream) {
    const cudaError_t error = cudaEventRecord(static_cast<cudaEvent_t>(slot_->event), stream);
    if (error != cudaSuccess) cudaStreamSynchronize(stream);  // it is not in use any more then
    TT_CUDA_CHECK(error);
    pending_ = true;
  }

 private:
  StagingPool& pool_;
  StagingPool::Slot* slot_;
  bool pending_ = false;
};

}  // namespace

void to_device(void* to, const void* from, size_t nbytes) {
  if (nbytes == 0) return;
  refuse_capture("copies values from the host, which a replay would not see");
  cudaStream_t stream = current_stream();
  if (nbytes <= StagingPool::kSlotBytes) {
    if (StagedCopy staged(memory_of(current_device()).staging); staged) {
      std::memcpy(staged.data(), from, nbytes);
      TT_CUDA_CHECK(cudaMemcpyAsync(to, staged.data(), nbytes, cudaMemcpyHostToDevice, stream));
      staged.pending(stream);
      return;
    }
  }
  TT_CUDA_CHECK(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyHostToDevice, stream));
  TT_CUDA_CHECK(cudaStreamSynchronize(stream));
}

void to_host(void* to, const void* from, size_t nbytes) {
  if (nbytes == 0) return;
  refuse_capture("copies values to the host, which waits for the device");
  cudaStream_t stream = current_stream();
  if (nbytes <= StagingPool::kSlotBytes) {
    if (StagedCopy staged(memory_of(current_device()).staging); staged) {
      TT_CUDA_CHECK(cudaMemcpyAsync(staged.data(), from, nbytes, cudaMemcpyDeviceToHost, stream));
      cuda::synchronize();
      std::memcpy(to, staged.data(), nbytes);
      return;
    }
  }
  TT_CUDA_CHECK(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToHost, stream));
  cuda::synchronize();
}

int CudaMemory::device_count() { return cuda::device_count(); }

DeviceInfo CudaMemory::info(Device device) {
  const DeviceGuard guard(device.index);
  const DeviceProperties& known = device_properties();
  DeviceInfo info;
  std::memcpy(info.name, known.name, sizeof info.name);
  info.major = known.major;
  info.minor = known.minor;
  info.multiprocessors = known.multiprocessors;
  size_t free = 0;
  size_t total = 0;
  TT_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  info.total_memory = total;
  info.free_memory = free;
  return info;
}

void CudaMemory::select(Device device) noexcept { select_device(device.index); }

void* CudaMemory::allocate(size_t nbytes, Device device) {
  refuse_forked_child();
  const DeviceGuard guard(device.index);
  return memory_of(device.index).allocator.allocate(nbytes, current_stream());
}

void CudaMemory::deallocate(void* data, size_t, Device device) noexcept {
  if (in_forked_child()) return;
  const DeviceGuard guard(device.index);
  // Both exist: the block came from there.
  memory_of(device.index).allocator.deallocate(data, current_stream());
}

void* CudaMemory::borrow(void* data, Device device, TakeBack take_back, void* context) {
  refuse_forked_child();
  const DeviceGuard guard(device.index);
  return memory_of(device.index).allocator.borrow(data, current_stream(), take_back, context);
}

void CudaMemory::give_back(void* borrowed, Device device) noexcept {
  if (in_forked_child()) return;
  const DeviceGuard guard(device.index);
  memory_of(device.index)
      .allocator.give_back(static_cast<CachingAllocator::Borrowed*>(borrowed), current_stream());
}

void CudaMemory::copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
  if (nbytes == 0) return;
  if (to_device.is_cpu() && from_device.is_cpu()) {
    std::memcpy(to, from, nbytes);
  } else if (from_device.is_cpu()) {
    const DeviceGuard guard(to_device.index);
    cuda::to_device(to, from, nbytes);
  } else if (to_device.is_cpu()) {
    const DeviceGuard guard(from_device.index);
    to_host(to, from, nbytes);
  } else if (to_device == from_device) {
    const DeviceGuard guard(to_device.index);
    TT_CUDA_CHECK(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToDevice, current_stream()));
  } else {
    // On the source's stream, after the work that the target's memory may still be used by; what follows on
    // either device waits.
    const DeviceGuard guard(from_device.index);
    refuse_capture("waits for the device");
    select_device(to_device.index);
    cuda::synchronize();
    select_device(from_device.index);
    TT_CUDA_CHECK(
        cudaMemcpyPeerAsync(to, to_device.index, from, from_device.index, nbytes, current_stream()));
    cuda::synchronize();
  }
}

void* CudaMemory::allocate_host(size_t nbytes) {
  refuse_forked_child();
  watch_forks();
  return pinned_blocks().allocate(nbytes);
}
void CudaMemory::deallocate_host(void* data) noexcept {
  if (!in_forked_child()) pinned_blocks().deallocate(data);
}

void CudaMemory::start_copy(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
  if (nbytes == 0) return;
  const bool upload = from_device.is_cpu();
  const DeviceGuard guard(upload ? to_device.index : from_device.index);
  refuse_capture(upload ? "copies values from the host, which a replay would not see"
                        : "copies values to the host, which a replay would not wait for");
  cudaStream_t stream = current_stream();
  TT_CUDA_CHECK(
      cudaMemcpyAsync(to, from, nbytes, upload ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost, stream));
  pinned_blocks().add_user(upload ? from : to, stream);
}

void CudaMemory::synchronize(Device device) {
  const DeviceGuard guard(device.index);
  cuda::synchronize();
}

DeviceMemoryStats CudaMemory::stats(Device device) { return memory_of(device.index).allocator.stats(); }
void CudaMemory::reset_peak_stats(Device device) { memory_of(device.index).allocator.reset_peak_stats(); }
void CudaMemory::empty_cache(Device device) { memory_of(device.index).allocator.empty_cache(); }
void CudaMemory::set_limit(Device device, uint64_t bytes) {
  memory_of(device.index).allocator.set_limit(bytes);
}

CachingAllocator& allocator() { return memory_of(current_device()).allocator; }
void empty_cache() noexcept { allocator().empty_cache(); }

Workspace::Workspace(size_t nbytes) : data_(allocator().allocate(nbytes, current_stream())) {}
Workspace::~Workspace() { allocator().deallocate(data_, current_stream()); }

}  // namespace tt::cuda
