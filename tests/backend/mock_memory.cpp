#include "mock_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tt::mock {

namespace {

constexpr size_t kCapacity = size_t{1} << 30;
constexpr size_t kAlignment = 512;  // as CUDA's
constexpr size_t kGap = 512;        // between blocks, so that what runs over an end is found

thread_local int t_device = 0;

size_t room_for(size_t nbytes) { return (nbytes + kGap + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

MockMemory& memory() {
  static MockMemory& memory = *new MockMemory;
  return memory;
}

MockMemory::MockMemory() {
  const int file = memfd_create("mock_device", 0);
  if (file < 0 || ftruncate(file, kCapacity) != 0) std::abort();
  void* device = mmap(nullptr, kCapacity, PROT_NONE, MAP_SHARED, file, 0);
  void* kernel = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (device == MAP_FAILED || kernel == MAP_FAILED) std::abort();
  close(file);
  device_side_ = static_cast<char*>(device);
  kernel_side_ = static_cast<char*>(kernel);
  gaps_[device_side_] = kCapacity;
}

DeviceInfo MockMemory::info(Device device) {
  DeviceInfo info;
  std::strcpy(info.name, "mock device");
  info.major = 9;
  info.minor = device.index;
  info.multiprocessors = 1;
  info.total_memory = kCapacity;
  info.free_memory = kCapacity - stats(device).reserved;
  return info;
}

DeviceMemoryStats MockMemory::stats(Device device) {
  const std::lock_guard lock(mutex_);
  return stats_[device.index];
}

void MockMemory::reset_peak_stats(Device device) {
  const std::lock_guard lock(mutex_);
  DeviceMemoryStats& stats = stats_[device.index];
  stats.peak_allocated = stats.peak_reserved = stats.allocated;
}

void MockMemory::set_limit(Device device, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_[device.index].limit = bytes;
}

void MockMemory::select(Device device) noexcept { t_device = device.index; }

void* MockMemory::allocate(size_t nbytes, Device device) {
  TT_CHECK(nbytes <= kCapacity, Status::kOutOfMemory, "mock: out of memory: could not allocate ",
           static_cast<uint64_t>(nbytes), " bytes");
  const size_t room = room_for(nbytes);
  const std::lock_guard lock(mutex_);
  for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
    if (gap->second < room) continue;
    char* data = gap->first;
    DeviceMemoryStats& stats = stats_[device.index];
    TT_CHECK(stats.limit == 0 || stats.allocated + nbytes <= stats.limit, Status::kOutOfMemory,
             "mock: out of memory: could not allocate ", static_cast<uint64_t>(nbytes),
             " bytes of a limit of ", stats.limit);
    stats.allocated += nbytes;
    stats.reserved = stats.allocated;
    stats.peak_allocated = stats.peak_reserved = std::max(stats.peak_allocated, stats.allocated);
    const size_t rest = gap->second - room;
    gaps_.erase(gap);
    if (rest > 0) gaps_[data + room] = rest;
    blocks_[data] = {nbytes, device.index};
    // What was there before must not look like a result.
    std::memset(kernel_side_ + (data - device_side_), 0xdb, nbytes);
    return data;
  }
  fail(Status::kOutOfMemory, "mock: out of memory");
}

void MockMemory::deallocate(void* data, size_t nbytes, Device device) noexcept {
  const std::lock_guard lock(mutex_);
  const auto block = blocks_.find(static_cast<char*>(data));
  if (block == blocks_.end() || block->second.nbytes != nbytes || block->second.device != device.index) {
    std::abort();
  }
  stats_[device.index].allocated -= nbytes;
  stats_[device.index].reserved -= nbytes;
  char* begin = block->first;
  size_t room = room_for(nbytes);
  blocks_.erase(block);
  auto after = gaps_.lower_bound(begin);
  if (after != gaps_.end() && begin + room == after->first) {
    room += after->second;
    after = gaps_.erase(after);
  }
  if (after != gaps_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == begin) {
      before->second += room;
      return;
    }
  }
  gaps_[begin] = room;
}

void MockMemory::copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
  if (nbytes == 0) return;
  if (!to_device.is_cpu()) to = find(to, to_device.index);
  if (!from_device.is_cpu()) from = find(from, from_device.index);
  std::memcpy(to, from, nbytes);
}

void* MockMemory::allocate_host(size_t nbytes) {
  void* data = std::aligned_alloc(64, (nbytes + 64) / 64 * 64);
  TT_CHECK(data != nullptr, Status::kOutOfMemory, "mock: out of memory");
  return data;
}
void MockMemory::deallocate_host(void* data) noexcept { std::free(data); }

void* MockMemory::open(const void* address) { return address == nullptr ? nullptr : find(address, t_device); }

void* MockMemory::find(const void* address, int device) {
  const std::lock_guard lock(mutex_);
  auto* at = static_cast<char*>(const_cast<void*>(address));
  auto block = blocks_.upper_bound(at);
  TT_CHECK(block != blocks_.begin(), Status::kInternal, "mock: an address is not in a device's memory");
  --block;
  TT_CHECK(at <= block->first + block->second.nbytes, Status::kInternal,
           "mock: an address is not in a device's memory");
  TT_CHECK(block->second.device == device, Status::kInternal,
           "mock: an address of cuda:", block->second.device, " is used on cuda:", device);
  return kernel_side_ + (at - device_side_);
}

}  // namespace tt::mock
