// Items to sort: keys (tensor/sort_key.h) and places. There are only two kinds, whatever the dtype.
#pragma once

#include <cstdint>

#include "tensor/sort_key.h"

namespace tt::cpu {

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
