#include "cpu/copy.h"

#include <cstring>

namespace tt::cpu {

namespace {

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    // Not by way of a narrower type, in which a small number would be 0.
    if constexpr (std::is_arithmetic_v<From>) return value != From(0);
    return static_cast<float>(value) != 0.0f;
  } else if constexpr (std::is_same_v<To, Half> || std::is_same_v<To, BFloat16>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && !std::is_integral_v<From>) {
    // Out-of-range values wrap through int64 where C leaves them undefined.
    const double wide = static_cast<double>(value);
    if (!(wide > -9.2e18 && wide < 9.2e18)) return static_cast<To>(INT64_MIN);
    return static_cast<To>(static_cast<int64_t>(wide));
  } else {
    return static_cast<To>(value);
  }
}

template <typename To, typename From>
void convert_typed(char* to, int64_t to_stride, const char* from, int64_t from_stride, int64_t n) {
  if (to_stride == sizeof(To) && from_stride == sizeof(From)) {
    if constexpr (std::is_same_v<To, From>) {
      std::memmove(to, from, static_cast<size_t>(n) * sizeof(To));
    } else {
      auto* out = reinterpret_cast<To*>(to);
      const auto* in = reinterpret_cast<const From*>(from);
      for (int64_t i = 0; i < n; ++i) out[i] = convert<To>(in[i]);
    }
    return;
  }
  if constexpr (std::is_same_v<To, From>) {
    // Backwards (flip): fixed steps, so that the compiler can use vectors.
    if (to_stride == sizeof(To) && from_stride == -static_cast<int64_t>(sizeof(From))) {
      auto* out = reinterpret_cast<To*>(to);
      const auto* in = reinterpret_cast<const From*>(from);
      for (int64_t i = 0; i < n; ++i) out[i] = in[-i];
      return;
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    *reinterpret_cast<To*>(to + i * to_stride) =
        convert<To>(*reinterpret_cast<const From*>(from + i * from_stride));
  }
}

}  // namespace

void convert_row(char* to, int64_t to_stride, DType to_dtype, const char* from, int64_t from_stride,
                 DType from_dtype, int64_t n) {
  visit_dtype(to_dtype, [&]<typename To>() {
    visit_dtype(from_dtype,
                [&]<typename From>() { convert_typed<To, From>(to, to_stride, from, from_stride, n); });
  });
}

}  // namespace tt::cpu
