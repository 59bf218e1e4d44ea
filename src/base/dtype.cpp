#include "base/dtype.h"

#include <atomic>

namespace tt {

namespace {
std::atomic<DType> g_default_dtype{DType::kFloat32};
}

std::string_view name(DType dtype) {
  static constexpr std::string_view kNames[kDTypeCount] = {
      "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"};
  const auto index = static_cast<uint32_t>(dtype);
  return index < kDTypeCount ? kNames[index] : "unknown dtype";
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) {
    const DType t = a;
    a = b;
    b = t;
  }
  // From here a < b in the enum's order, which is nearly the lattice's; the exceptions follow.
  if (a == DType::kUInt8 && b == DType::kInt8) return DType::kInt16;
  if (a == DType::kFloat16 && b == DType::kBFloat16) return DType::kFloat32;
  return b;
}

bool can_cast(DType from, DType to) {
  if (is_floating(from) && !is_floating(to)) return false;
  return from == DType::kBool || to != DType::kBool;
}

DType default_dtype() { return g_default_dtype.load(std::memory_order_relaxed); }

void set_default_dtype(DType dtype) {
  TT_CHECK(is_floating(dtype), Status::kDtype,
           "only floating-point types are supported as the default type, got ", dtype);
  g_default_dtype.store(dtype, std::memory_order_relaxed);
}

}  // namespace tt
