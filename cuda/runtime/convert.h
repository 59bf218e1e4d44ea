// Elements of a dtype that is known when the kernel runs, read and written as a type to compute in.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/convert.h"
#include "base/dtype.h"
#include "base/macros.h"

namespace tt::cuda {

// Half types are computed in float, narrow integers and bool in int32.
template <typename T>
using ComputeOf = std::conditional_t<
    kHalfType<T>, float,
    std::conditional_t<std::is_integral_v<T> && (sizeof(T) < 4 || std::is_same_v<T, int32_t>), int32_t, T>>;

// Elements that are read or written at once; the most are 16 bytes.
template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Vector {
  T at[kCount];
};
template <typename T>
constexpr int kVectorOf = 16 / sizeof(T);

// Whether C holds every value of T, so that a kernel that computes in C reads T.
template <typename C, typename T>
inline constexpr bool kHolds = std::is_same_v<C, double>    ? !std::is_integral_v<T>
                               : std::is_same_v<C, float>   ? !std::is_integral_v<T> && sizeof(T) <= 4
                               : std::is_same_v<C, int64_t> ? std::is_integral_v<T>
                                                            : std::is_integral_v<T> && sizeof(T) <= 4;

// Of the dtypes that C holds.
template <typename C>
TT_HOST_DEVICE inline C load_as(const void* at, DType dtype) {
  switch (dtype) {
#define TT_CASE(enumerator, type)                                                        \
  case DType::enumerator:                                                                \
    if constexpr (kHolds<C, type>) return static_cast<C>(*static_cast<const type*>(at)); \
    break;
    TT_FORALL_DTYPES(TT_CASE)
#undef TT_CASE
  }
  return C(0);
}

// Of any dtype.
template <typename C>
TT_HOST_DEVICE inline void store_as(void* at, DType dtype, C value) {
  switch (dtype) {
#define TT_CASE(enumerator, type)                      \
  case DType::enumerator:                              \
    *static_cast<type*>(at) = convert<type, C>(value); \
    break;
    TT_FORALL_DTYPES(TT_CASE)
#undef TT_CASE
  }
}

// Calls fn.template operator()<U>() with an unsigned type of an element's size: moving needs no more.
template <typename F>
decltype(auto) visit_bytes(size_t size, F&& fn) {
  switch (size) {
    case 1:
      return fn.template operator()<uint8_t>();
    case 2:
      return fn.template operator()<uint16_t>();
    case 4:
      return fn.template operator()<uint32_t>();
    default:
      return fn.template operator()<uint64_t>();
  }
}

// Calls fn.template operator()<C>() with the widest type of the dtype's kind.
template <typename F>
decltype(auto) visit_holding(DType dtype, F&& fn) {
  if (dtype == DType::kFloat64) return fn.template operator()<double>();
  if (is_floating(dtype)) return fn.template operator()<float>();
  return fn.template operator()<int64_t>();
}

// Calls fn.template operator()<C>() with the type that the dtype is computed in.
template <typename F>
decltype(auto) visit_compute(DType dtype, F&& fn) {
  if (dtype == DType::kFloat64) return fn.template operator()<double>();
  if (is_floating(dtype)) return fn.template operator()<float>();
  if (dtype == DType::kInt64) return fn.template operator()<int64_t>();
  return fn.template operator()<int32_t>();
}

}  // namespace tt::cuda
