// Element types, their sizes and names, and PyTorch's promotion rules.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/macros.h"

namespace tt {

// Values are part of the C ABI (TT_BOOL ... TT_FLOAT64) and of saved files: never renumber.
enum class DType : int32_t {
  kBool = 0,
  kUInt8 = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kFloat16 = 6,
  kBFloat16 = 7,
  kFloat32 = 8,
  kFloat64 = 9,
};
inline constexpr int kDTypeCount = 10;

// IEEE binary16, stored as bits; arithmetic happens in float.
struct Half {
  uint16_t bits = 0;
  Half() = default;
  TT_HOST_DEVICE explicit Half(float value) : bits(from_float(value)) {}
  TT_HOST_DEVICE operator float() const { return to_float(bits); }

  TT_HOST_DEVICE static float to_float(uint16_t h) {
#if defined(__CUDA_ARCH__)
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(h));
    return value;
#else
    // By selections, which the compiler makes vectors of.
    const uint32_t magnitude = h & 0x7fffu;
    const uint32_t shifted = magnitude << 13;
    const uint32_t normal = shifted + (112u << 23);
    const uint32_t infinite = shifted | 0x7f800000u;
    // Subnormal: mantissa * 2^-24 is exact in float.
    const auto subnormal =
        std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 5.9604644775390625e-8f);
    const uint32_t large = magnitude >= 0x7c00u ? infinite : normal;
    const uint32_t bits = magnitude < 0x400u ? subnormal : large;
    return std::bit_cast<float>(bits | static_cast<uint32_t>(h & 0x8000u) << 16);
#endif
  }
  // Round to nearest, ties to even.
  TT_HOST_DEVICE static uint16_t from_float(float value) {
    const uint32_t bits32 = std::bit_cast<uint32_t>(value);
    const uint16_t sign = static_cast<uint16_t>((bits32 >> 16) & 0x8000u);
    const uint32_t magnitude = bits32 & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
#if defined(__CUDA_ARCH__)
    uint16_t half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
    return half;
#else
    if (magnitude >= 0x477ff000u)
      return static_cast<uint16_t>(sign | 0x7c00u);  // >= 65520 rounds to infinity
    if (magnitude < 0x38800000u) {
      // Below the smallest normal: adding 0.5 aligns the units in the last place, so the hardware rounds.
      const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
      return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
    }
    const uint32_t odd = (magnitude >> 13) & 1u;
    return static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
#endif
  }
};

// The upper half of a float, rounded to nearest even.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  TT_HOST_DEVICE explicit BFloat16(float value) : bits(from_float(value)) {}
  TT_HOST_DEVICE operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

  TT_HOST_DEVICE static uint16_t from_float(float value) {
    const uint32_t bits32 = std::bit_cast<uint32_t>(value);
    if ((bits32 & 0x7fffffffu) > 0x7f800000u) return 0x7fc0u;
    return static_cast<uint16_t>((bits32 + 0x7fffu + ((bits32 >> 16) & 1u)) >> 16);
  }
};

// X(enumerator, C++ type) for each dtype, in the order of the enum.
#define TT_FORALL_DTYPES(X)    \
  X(kBool, bool)               \
  X(kUInt8, uint8_t)           \
  X(kInt8, int8_t)             \
  X(kInt16, int16_t)           \
  X(kInt32, int32_t)           \
  X(kInt64, int64_t)           \
  X(kFloat16, ::tt::Half)      \
  X(kBFloat16, ::tt::BFloat16) \
  X(kFloat32, float)           \
  X(kFloat64, double)

template <typename T>
struct DTypeOf;
#define TT_DTYPE_OF(enumerator, type)                 \
  template <>                                         \
  struct DTypeOf<type> {                              \
    static constexpr DType value = DType::enumerator; \
  };
TT_FORALL_DTYPES(TT_DTYPE_OF)
#undef TT_DTYPE_OF

constexpr size_t size_of(DType dtype) {
  constexpr uint8_t kSizes[kDTypeCount] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8};
  return kSizes[static_cast<int>(dtype)];
}
constexpr bool is_floating(DType dtype) { return dtype >= DType::kFloat16; }
constexpr bool is_reduced_floating(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}
constexpr bool is_integral(DType dtype) { return dtype < DType::kFloat16; }  // bool included
constexpr bool is_signed(DType dtype) { return dtype >= DType::kInt8; }

// "float32", as in torch.float32.
std::string_view name(DType dtype);

// PyTorch's promotion lattice for two tensors of the same category rank.
DType promote(DType a, DType b);

// True where PyTorch's can_cast(from, to) is: no float -> integer, no integer -> bool.
bool can_cast(DType from, DType to);

DType default_dtype();
void set_default_dtype(DType dtype);  // float32 or float64 (half types too); others fail

// Calls fn.template operator()<T>() with the C++ type of dtype.
template <typename F>
decltype(auto) visit_dtype(DType dtype, F&& fn) {
  switch (dtype) {
#define TT_CASE(enumerator, type) \
  case DType::enumerator:         \
    return fn.template operator()<type>();
    TT_FORALL_DTYPES(TT_CASE)
#undef TT_CASE
  }
  fail(Status::kInternal, "unknown dtype ", static_cast<int32_t>(dtype));
}

}  // namespace tt
