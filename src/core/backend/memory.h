// Device memory and copies between devices.
#pragma once

#include <cstddef>

#include "core/device.h"

namespace tt {

class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual int device_count() = 0;
  virtual void* allocate(size_t nbytes, Device device) = 0;  // throws Error(kOutOfMemory)
  virtual void deallocate(void* data, size_t nbytes, Device device) noexcept = 0;
  // Either side may be the CPU or this backend's device. Complete for the host when it returns.
  virtual void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                          size_t nbytes) = 0;
};

}  // namespace tt
