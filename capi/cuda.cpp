#include "tinytorch/cuda.h"

#include <cstring>

#include "capi/structs.h"
#include "capi/guard.h"
#include "capi/text.h"
#include "device/plugin.h"

using namespace tt;
using namespace tt::capi;

namespace {

Device cuda_device(int32_t index) {
  const Device device = device_in(TT_CUDA, index);
  check_device(device);
  return device;
}

}  // namespace

extern "C" {

tt_status tt_cuda_is_available(int32_t* out) {
  return guard("tt_cuda_is_available",
               [&] { out_value(out, "out") = device_count(DeviceType::kCuda) > 0 ? 1 : 0; });
}

tt_status tt_cuda_unavailable_reason(char* buffer, size_t capacity, size_t* length) {
  return guard("tt_cuda_unavailable_reason",
               [&] { put_text(device_unavailable_reason(DeviceType::kCuda), buffer, capacity, length); });
}

tt_status tt_cuda_device_count(int32_t* out) {
  return guard("tt_cuda_device_count", [&] { out_value(out, "out") = device_count(DeviceType::kCuda); });
}

tt_status tt_cuda_set_current_device(int32_t index) {
  return guard("tt_cuda_set_current_device", [&] { set_current_device(device_in(TT_CUDA, index)); });
}

tt_status tt_cuda_get_current_device(int32_t* out) {
  return guard("tt_cuda_get_current_device",
               [&] { out_value(out, "out") = current_device_index(DeviceType::kCuda); });
}

tt_status tt_cuda_get_device(int32_t index, tt_cuda_device* device) {
  return guard("tt_cuda_get_device", [&] {
    const Device wanted = cuda_device(index);
    const DeviceInfo info = memory_of(wanted).info(wanted);
    tt_cuda_device full = Defaults<tt_cuda_device>::value;
    static_assert(sizeof full.name == sizeof info.name);
    std::memcpy(full.name, info.name, sizeof full.name);
    full.major = info.major;
    full.minor = info.minor;
    full.multiprocessors = info.multiprocessors;
    full.total_memory = static_cast<int64_t>(info.total_memory);
    full.free_memory = static_cast<int64_t>(info.free_memory);
    put_struct(full, device, "device");
  });
}

tt_status tt_cuda_synchronize(int32_t index) {
  return guard("tt_cuda_synchronize", [&] {
    const Device device = cuda_device(index);
    memory_of(device).synchronize(device);
  });
}

tt_status tt_cuda_get_memory(int32_t index, tt_cuda_memory* memory) {
  return guard("tt_cuda_get_memory", [&] {
    const Device device = cuda_device(index);
    const DeviceMemoryStats stats = memory_of(device).stats(device);
    tt_cuda_memory full = Defaults<tt_cuda_memory>::value;
    full.allocated = static_cast<int64_t>(stats.allocated);
    full.peak_allocated = static_cast<int64_t>(stats.peak_allocated);
    full.reserved = static_cast<int64_t>(stats.reserved);
    full.peak_reserved = static_cast<int64_t>(stats.peak_reserved);
    full.limit = static_cast<int64_t>(stats.limit);
    put_struct(full, memory, "memory");
  });
}

tt_status tt_cuda_reset_peak_memory(int32_t index) {
  return guard("tt_cuda_reset_peak_memory", [&] {
    const Device device = cuda_device(index);
    memory_of(device).reset_peak_stats(device);
  });
}

tt_status tt_cuda_empty_cache(int32_t index) {
  return guard("tt_cuda_empty_cache", [&] {
    const Device device = cuda_device(index);
    memory_of(device).empty_cache(device);
  });
}

tt_status tt_cuda_set_memory_limit(int32_t index, int64_t bytes) {
  return guard("tt_cuda_set_memory_limit", [&] {
    const Device device = cuda_device(index);
    TT_CHECK(bytes >= 0, Status::kInvalidArgument, "bytes is ", bytes, ", expected 0 or more");
    memory_of(device).set_limit(device, static_cast<uint64_t>(bytes));
  });
}

}  // extern "C"
