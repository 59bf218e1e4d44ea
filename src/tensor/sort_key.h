// Elements as unsigned keys whose order is the elements' order: NaN last and all alike, -0 equal to 0.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "base/dtype.h"
#include "base/macros.h"

namespace tt {

template <typename T>
TT_HOST_DEVICE inline auto sort_key(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<uint32_t>(static_cast<int32_t>(value)) ^ 0x80000000u;
  } else if constexpr (std::is_same_v<T, double>) {
    if (value != value) return ~uint64_t{0};
    const auto bits = std::bit_cast<uint64_t>(value + 0.0);
    return bits >> 63 ? ~bits : bits | (uint64_t{1} << 63);
  } else {
    const float f = value;
    if (f != f) return ~uint32_t{0};
    const auto bits = std::bit_cast<uint32_t>(f + 0.0f);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
  }
}

}  // namespace tt
