// What a device has: memory, kernels, and where it has them streams and graphs.
#pragma once

#include <cstddef>
#include <string>

#include "base/device.h"
#include "base/error.h"
#include "device/host_capture.h"
#include "device/kernel_table.h"
#include "device/memory.h"
#include "device/stream_kernels.h"

namespace tt {

struct Backend {
  DeviceMemory* memory = nullptr;
  KernelTable kernels;
  StreamKernels* stream = nullptr;  // null: the device has none
  GraphKernels* graph = nullptr;

  // Short forms of the memory family.
  void* allocate(size_t nbytes, Device device) { return memory->allocate(nbytes, device); }
  void deallocate(void* data, size_t nbytes, Device device) noexcept {
    memory->deallocate(data, nbytes, device);
  }
  void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
    memory->copy_bytes(to, to_device, from, from_device, nbytes);
  }
};

Backend& cpu_backend();  // made on first use
// Before that: who makes it. src/cpu registers itself, so nothing here needs to know it.
void register_cpu_backend(Backend* (*make)());
Backend& load_plugin_backend(
    DeviceType type);  // device/plugin.cpp: loads on first use; fails with the reason

// Fails unless there is such a device.
void check_device(Device device);

// The device's kernels: those that the thread calls from now on are for this device.
inline Backend& backend_of(Device device) {
  if (device.is_cpu()) {
    HostCapture* const capture = HostCapture::current();
    return capture == nullptr ? cpu_backend() : capture->backend();
  }
  Backend& backend = load_plugin_backend(device.type);
  backend.memory->select(device);
  return backend;
}

// Its memory alone, whose calls name their devices: the thread's kernels stay with the device they are for.
inline DeviceMemory& memory_of(Device device) {
  return *(device.is_cpu() ? cpu_backend() : load_plugin_backend(device.type)).memory;
}

// Does the call on the device, or notes it where a graph is captured. Fails where the device has no such
// kernel.
template <typename Call>
inline void run(Device device, const Call& call) {
  backend_of(device).kernels.run(call);
}

// Whether the device has a kernel that can do the call.
template <typename Call>
inline bool supports(Device device, const Call& call) {
  return backend_of(device).kernels.supports(call);
}

}  // namespace tt
