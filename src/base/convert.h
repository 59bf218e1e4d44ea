// The conversion of an element from one dtype to another: one rule for every device and every path.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/dtype.h"
#include "base/macros.h"

namespace tt {

template <typename T>
inline constexpr bool kHalfType = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// A floating number as an integer, towards zero. C leaves undefined what NaN and numbers out of range become;
// here it is what PyTorch gives on x86: the lowest int64, for int64 and uint8, which go through it, and the
// lowest int32 for the others; the narrow ones keep its lowest bits.
template <typename To, typename From>
TT_HOST_DEVICE inline To truncate_to(From value) {
  using Through = std::conditional_t<sizeof(To) == 8 || std::is_same_v<To, uint8_t>, int64_t, int32_t>;
  constexpr auto kLowest = static_cast<From>(std::numeric_limits<Through>::min());  // a power of two: exact
  const bool fits = value >= kLowest && value < -kLowest;
  return static_cast<To>(fits ? static_cast<Through>(value) : std::numeric_limits<Through>::min());
}

// Integers wrap around, numbers are rounded to the nearest, double by way of float to half types, and
// everything but zero is true.
template <typename To, typename From>
TT_HOST_DEVICE inline To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (kHalfType<From>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);  // not by way of a narrower type, in which a small number would be 0
  } else if constexpr (kHalfType<To>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return truncate_to<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

// The value of a half type that is nearest to the number.
TT_HOST_DEVICE inline float rounded_to(DType half, float value) {
  return half == DType::kFloat16 ? static_cast<float>(Half(value)) : static_cast<float>(BFloat16(value));
}

}  // namespace tt
