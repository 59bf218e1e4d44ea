// Device memory and copies between devices.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device.h"
#include "base/error.h"

namespace tt {

// Bytes. Reserved memory is what was taken from the device: the allocated blocks and those kept for reuse.
struct DeviceMemoryStats {
  uint64_t allocated = 0, peak_allocated = 0;
  uint64_t reserved = 0, peak_reserved = 0;
  uint64_t limit = 0;  // 0: none
};

struct DeviceInfo {
  char name[256] = {};           // of a CPU, its instruction set
  int32_t major = 0, minor = 0;  // compute capability
  int32_t multiprocessors = 0;
  uint64_t total_memory = 0, free_memory = 0;  // bytes
};

class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual int device_count() = 0;
  virtual DeviceInfo info(Device) { return {}; }
  // Kernels get addresses without a device: those that the thread calls from now on are for this one.
  virtual void select(Device) noexcept {}
  virtual void* allocate(size_t nbytes, Device device) = 0;  // throws Error(kOutOfMemory)
  virtual void deallocate(void* data, size_t nbytes, Device device) noexcept = 0;
  // Either side may be the CPU or this backend's device. Complete for the host when it returns.
  virtual void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                          size_t nbytes) = 0;

  // Memory of somebody else that is used from now on; throws. The result is given back once; then, or when
  // the device has done what uses it and no graph knows it, `take_back(data, context)` runs.
  using TakeBack = void (*)(void* data, void* context);
  virtual void* borrow(void* /* data */, Device, TakeBack, void* /* context */) {
    fail(Status::kNotImplemented, "this device cannot use memory of others");
  }
  virtual void give_back(void* /* borrowed */, Device) noexcept {}

  // Page-locked host memory. Freed memory waits for the copies that are under way.
  virtual void* allocate_host(size_t) {  // throws Error(kOutOfMemory)
    fail(Status::kNotImplemented, "this device has no page-locked host memory");
  }
  virtual void deallocate_host(void*) noexcept {}
  // Between a device and such memory, in the order of the thread's stream: the host does not wait.
  virtual void start_copy(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
    copy_bytes(to, to_device, from, from_device, nbytes);
  }

  // Waits for the thread's work on the device, and reports what went wrong with it.
  virtual void synchronize(Device) {}
  virtual DeviceMemoryStats stats(Device) { return {}; }
  virtual void reset_peak_stats(Device) {}
  // Gives back to the device what is kept for reuse.
  virtual void empty_cache(Device) {}
  // The most to reserve from now on; 0: no limit.
  virtual void set_limit(Device, uint64_t /* bytes */) {}
};

}  // namespace tt
