// Where memory lives.
#pragma once

#include <cstdint>
#include <string>

namespace tt {

// Values are part of the C ABI.
enum class DeviceType : int32_t { kCpu = 0, kCuda = 1 };
inline constexpr int kDeviceTypeCount = 2;

struct Device {
  DeviceType type = DeviceType::kCpu;
  int32_t index = 0;  // always 0 for the CPU
  bool operator==(const Device&) const = default;
  bool is_cpu() const { return type == DeviceType::kCpu; }
};

inline std::string to_string(const Device& device) {
  return device.is_cpu() ? "cpu" : "cuda:" + std::to_string(device.index);
}

}  // namespace tt
