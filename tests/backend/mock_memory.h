// The memory of a pretended device. What it hands out are addresses without access: the same pages are mapped
// a second time, where its kernels, and they alone, find them. A host that reads or writes a device's tensor
// dies of it, and a kernel that is given an address of the host, of a freed block or of another device fails.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "device/backend.h"

namespace tt::mock {

class MockMemory final : public DeviceMemory {
 public:
  static constexpr int kDevices = 2;

  MockMemory();
  int device_count() override { return kDevices; }
  DeviceInfo info(Device device) override;
  void select(Device device) noexcept override;
  void* allocate(size_t nbytes, Device device) override;
  void deallocate(void* data, size_t nbytes, Device device) noexcept override;
  void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) override;
  void* allocate_host(size_t nbytes) override;
  void deallocate_host(void* data) noexcept override;
  DeviceMemoryStats stats(Device device) override;
  void reset_peak_stats(Device device) override;
  void set_limit(Device device, uint64_t bytes) override;

  // Where a kernel for the thread's device finds what `address` names. NULL stays.
  void* open(const void* address);

 private:
  struct Block {
    size_t nbytes;
    int device;
  };
  void* find(const void* address, int device);

  std::mutex mutex_;
  char* device_side_;
  char* kernel_side_;
  std::map<char*, Block> blocks_;
  DeviceMemoryStats stats_[kDevices];
  std::map<char*, size_t> gaps_;  // what is free, with the room around it that blocks keep
};

MockMemory& memory();

}  // namespace tt::mock
