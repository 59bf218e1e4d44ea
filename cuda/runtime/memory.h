// Device memory and copies.
#pragma once

#include <cstddef>

#include "device/memory.h"
#include "cuda/runtime/common.h"

namespace tt::cuda {

class CudaMemory final : public DeviceMemory {
 public:
  int device_count() override;
  DeviceInfo info(Device device) override;
  void select(Device device) noexcept override;
  void* allocate(size_t nbytes, Device device) override;
  void deallocate(void* data, size_t nbytes, Device device) noexcept override;
  void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) override;
  void* borrow(void* data, Device device, TakeBack take_back, void* context) override;
  void give_back(void* borrowed, Device device) noexcept override;
  void* allocate_host(size_t nbytes) override;
  void deallocate_host(void* data) noexcept override;
  void start_copy(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) override;
  void synchronize(Device device) override;
  DeviceMemoryStats stats(Device device) override;
  void reset_peak_stats(Device device) override;
  void empty_cache(Device device) override;
  void set_limit(Device device, uint64_t bytes) override;
};

class CachingAllocator;
CachingAllocator& allocator();  // of the thread's device
void empty_cache() noexcept;    // of it

// What the runtime or a library allocates by itself: where that fails, once more without the memory that the
// allocator keeps for later.
template <typename Status, typename Call>
Status allocating(Status out_of_memory, const Call& call) {
  const Status status = call();
  if (status != out_of_memory) return status;
  cudaGetLastError();
  empty_cache();
  return call();
}

// Memory for the length of a call, of the thread's device and stream: what uses it may still run afterwards.
class Workspace {
 public:
  explicit Workspace(size_t nbytes);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  template <typename T = void>
  T* data() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
};

// Between the host and the thread's device, in the order of the thread's stream. to_host waits for the
// result; to_device does not wait, and the host's memory may be changed afterwards.
void to_device(void* to, const void* from, size_t nbytes);
void to_host(void* to, const void* from, size_t nbytes);

}  // namespace tt::cuda
