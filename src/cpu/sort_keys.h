// Elements as unsigned keys whose order is the elements' order: NaN last and all alike, -0 equal to 0.
// Sorting needs then only two kinds of item, whatever the dtype.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "core/dtype.h"

namespace tt::cpu {

template <typename T>
auto sort_key(T value) {
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

// A key and the place it came from, ordered by both: sorting items is stable.
struct PackedItem {
  using Key = uint32_t;
  uint64_t bits;  // key above, place below
  PackedItem() = default;
  PackedItem(uint32_t key, int64_t place) : bits(uint64_t{key} << 32 | static_cast<uint32_t>(place)) {}
  uint64_t key() const { return bits >> 32; }
  int64_t place() const { return static_cast<int64_t>(bits & 0xffffffffu); }
  bool operator<(const PackedItem& other) const { return bits < other.bits; }
};
struct WideItem {
  using Key = uint64_t;
  uint64_t k;
  int64_t p;
  WideItem() = default;
  WideItem(uint64_t key, int64_t place) : k(key), p(place) {}
  uint64_t key() const { return k; }
  int64_t place() const { return p; }
  bool operator<(const WideItem& other) const { return k != other.k ? k < other.k : p < other.p; }
};

// Sorts items that stand in order of their places; `spare` has room for as many.
void sort_items(PackedItem* items, PackedItem* spare, int64_t n);
void sort_items(WideItem* items, WideItem* spare, int64_t n);

}  // namespace tt::cpu
