#include "cpu/pointwise/copy.h"

#include <algorithm>
#include <cstring>

#include "base/convert.h"

namespace tt::cpu {

namespace {

template <typename To, typename From>
void convert_typed(char* to, int64_t to_stride, const char* from, int64_t from_stride, int64_t n) {
  if (to_stride == sizeof(To) && from_stride == sizeof(From)) {
    auto* out = reinterpret_cast<To*>(to);
    const auto* in = reinterpret_cast<const From*>(from);
    for (int64_t i = 0; i < n; ++i) out[i] = convert<To>(in[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    *reinterpret_cast<To*>(to + i * to_stride) =
        convert<To>(*reinterpret_cast<const From*>(from + i * from_stride));
  }
}

// Elements of one size as they are.
template <typename T>
void move(char* to, int64_t to_stride, const char* from, int64_t from_stride, int64_t n) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  if (to_stride == kSize && from_stride == kSize) {
    std::memmove(to, from, static_cast<size_t>(n) * sizeof(T));
    return;
  }
  auto* out = reinterpret_cast<T*>(to);
  // Backwards (flip): fixed steps, so that the compiler can use vectors.
  if (to_stride == kSize && from_stride == -kSize) {
    const auto* in = reinterpret_cast<const T*>(from);
    for (int64_t i = 0; i < n; ++i) out[i] = in[-i];
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    *reinterpret_cast<T*>(to + i * to_stride) = *reinterpret_cast<const T*>(from + i * from_stride);
  }
}

using Convert = void (*)(char* to, int64_t to_stride, const char* from, int64_t from_stride, int64_t n);

Convert move_of(DType dtype) {
  return visit_size(dtype, []<typename T>() -> Convert { return move<T>; });
}

template <typename From>
Convert convert_from(DType to) {
  return visit_dtype(to, [&]<typename To>() -> Convert { return convert_typed<To, From>; });
}

// What holds all of a dtype's values. Every dtype is converted from these; the others go through them.
DType widest(DType dtype) {
  return dtype == DType::kFloat64 ? dtype : is_floating(dtype) ? DType::kFloat32 : DType::kInt64;
}

// From integers of fewer bits: to int64, and to float and int32, which are too common for a detour.
template <typename From>
Convert convert_small(DType to) {
  if (to == DType::kInt64) return convert_typed<int64_t, From>;
  if (to == DType::kInt32) return convert_typed<int32_t, From>;
  return to == DType::kFloat32 ? convert_typed<float, From> : nullptr;
}

// Null where there is no direct way.
Convert direct(DType to, DType from) {
  switch (from) {
    case DType::kInt64:
      return convert_from<int64_t>(to);
    case DType::kFloat32:
      return convert_from<float>(to);
    case DType::kFloat64:
      return convert_from<double>(to);
    case DType::kFloat16:
      return to == DType::kFloat32 ? convert_typed<float, Half> : nullptr;
    case DType::kBFloat16:
      return to == DType::kFloat32 ? convert_typed<float, BFloat16> : nullptr;
    case DType::kBool:
    case DType::kUInt8:
      return convert_small<uint8_t>(to);
    case DType::kInt8:
      return convert_small<int8_t>(to);
    case DType::kInt16:
      return convert_small<int16_t>(to);
    case DType::kInt32:
      if (to == DType::kInt8 || to == DType::kUInt8) return convert_typed<uint8_t, int32_t>;
      return to == DType::kInt16 ? convert_typed<int16_t, int32_t> : convert_small<int32_t>(to);
  }
  return nullptr;
}

}  // namespace

void convert_row(char* to, int64_t to_stride, DType to_dtype, const char* from, int64_t from_stride,
                 DType from_dtype, int64_t n) {
  if (to_dtype == from_dtype) return move_of(to_dtype)(to, to_stride, from, from_stride, n);
  if (const Convert at_once = direct(to_dtype, from_dtype)) {
    return at_once(to, to_stride, from, from_stride, n);
  }
  constexpr int64_t kPiece = 512;
  alignas(64) char wide[kPiece * 8];
  const DType middle = widest(from_dtype);
  const Convert widen = direct(middle, from_dtype);
  const Convert narrow = direct(to_dtype, middle);
  const auto size = static_cast<int64_t>(size_of(middle));
  for (int64_t at = 0; at < n; at += kPiece) {
    const int64_t count = std::min(kPiece, n - at);
    widen(wide, size, from + at * from_stride, from_stride, count);
    narrow(to + at * to_stride, to_stride, wide, size, count);
  }
}

}  // namespace tt::cpu
