// Sorting and selection along lines.
#include <cmath>
#include <cstring>

#include "cpu/runtime/kernels.h"
#include "device/backend.h"
#include "cpu/pointwise/copy.h"
#include "cpu/sort/line.h"
#include "device/order.h"
#include "cpu/sort/sort_keys.h"

namespace tt::cpu {

namespace {

constexpr int64_t kRadixFrom = 1024;  // items; fewer are sorted by comparison
constexpr int64_t kSortCost = 16;     // of an element, in additions

// Least significant byte first, over the `kBytes` bytes of the keys; bytes that all keys share are skipped.
template <int kBytes, typename Item>
void radix_sort(Item* items, Item* spare, int64_t n) {
  Item* from = items;
  Item* to = spare;
  for (int byte = 0; byte < kBytes; ++byte) {
    int64_t place[256] = {};
    for (int64_t i = 0; i < n; ++i) ++place[from[i].key() >> (8 * byte) & 255];
    if (place[from[0].key() >> (8 * byte) & 255] == n) continue;
    int64_t sum = 0;
    for (int64_t& p : place) {
      const int64_t count = p;
      p = sum;
      sum += count;
    }
    for (int64_t i = 0; i < n; ++i) to[place[from[i].key() >> (8 * byte) & 255]++] = from[i];
    std::swap(from, to);
  }
  if (from != items) std::copy_n(from, n, items);
}

// The keys of n elements, `step` bytes apart.
using ReadKeys = void (*)(uint64_t* keys, const char* in, int64_t step, int64_t n);

ReadKeys read_keys_of(DType dtype) {
  return visit_dtype(dtype, []<typename T>() -> ReadKeys {
    return [](uint64_t* keys, const char* in, int64_t step, int64_t n) {
      for (int64_t i = 0; i < n; ++i) keys[i] = sort_key(*reinterpret_cast<const T*>(in + i * step));
    };
  });
}

// The key of NaN.
uint64_t nan_key(DType dtype) { return dtype == DType::kFloat64 ? ~uint64_t{0} : ~uint32_t{0}; }

// Calls fn with the item type for the line length and the dtype.
template <typename F>
void visit_items(DType dtype, int64_t n, F&& fn) {
  if (size_of(dtype) == 8 || n > int64_t{0xffffffff}) {
    fn.template operator()<WideItem>();
  } else {
    fn.template operator()<PackedItem>();
  }
}

template <typename T, typename Item>
void read_items_of(Item* items, const char* in, int64_t step, int64_t n, bool descending) {
  for (int64_t i = 0; i < n; ++i) {
    const auto key = sort_key(*reinterpret_cast<const T*>(in + i * step));
    items[i] = Item(descending ? ~key : key, i);
  }
}

// At once for what is sorted most; the keys of the other dtypes are made block by block.
template <typename Item>
void read_items(Item* items, DType dtype, const char* in, int64_t step, int64_t n, bool descending) {
  if constexpr (std::is_same_v<Item, PackedItem>) {
    if (dtype == DType::kFloat32) return read_items_of<float>(items, in, step, n, descending);
  } else {
    if (dtype == DType::kFloat64) return read_items_of<double>(items, in, step, n, descending);
    if (dtype == DType::kInt64) return read_items_of<int64_t>(items, in, step, n, descending);
  }
  constexpr int64_t kBlock = 256;
  uint64_t keys[kBlock];
  const ReadKeys read_keys = read_keys_of(dtype);
  for (int64_t at = 0; at < n; at += kBlock) {
    const int64_t count = std::min(kBlock, n - at);
    read_keys(keys, in + at * step, step, count);
    for (int64_t i = 0; i < count; ++i) {
      items[at + i] = Item(static_cast<typename Item::Key>(descending ? ~keys[i] : keys[i]), at + i);
    }
  }
}

template <typename Item>
void write_items(const Item* items, int64_t n, const Lines& lines, char* const* data) {
  visit_size(lines.outer.dtype[2], [&]<typename T>() {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t place = items[i].place();
      at<T>(data[0], lines.step[0], i) = at<T>(data[2], lines.step[2], place);
      at<int64_t>(data[1], lines.step[1], i) = place;
    }
  });
}

}  // namespace

void sort_items(PackedItem* items, PackedItem* spare, int64_t n) {
  if (n < kRadixFrom) return std::sort(items, items + n);
  radix_sort<4>(items, spare, n);
}

void sort_items(WideItem* items, WideItem* spare, int64_t n) {
  if (n < kRadixFrom) return std::sort(items, items + n);
  radix_sort<8>(items, spare, n);
}

namespace {

void sort(const call::Sort& call) {
  const int64_t n = call.lines.size;
  const DType dtype = call.lines.outer.dtype[2];
  visit_items(dtype, n, [&]<typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(call.lines, kSortCost, 2 * n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items(items, dtype, data[2], call.lines.step[2], n, call.descending);
      sort_items(items, items + n, n);
      write_items(items, n, call.lines, data);
    });
  });
}

void topk(const call::TopK& call) {
  const int64_t n = call.lines.size;
  const DType dtype = call.lines.outer.dtype[2];
  visit_items(dtype, n, [&]<typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(call.lines, 4, n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items(items, dtype, data[2], call.lines.step[2], n, call.largest);
      if (call.k < n) std::nth_element(items, items + call.k, items + n);
      if (call.sorted) std::sort(items, items + call.k);
      write_items(items, call.k, call.lines, data);
    });
  });
}

void kthvalue(const call::KthValue& call) {
  const int64_t n = call.lines.size;
  const DType dtype = call.lines.outer.dtype[2];
  visit_items(dtype, n, [&]<typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(call.lines, 4, n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items(items, dtype, data[2], call.lines.step[2], n, false);
      const Item* chosen = nullptr;
      if (call.nan_first && is_floating(dtype)) {
        const uint64_t nan = nan_key(dtype);
        for (int64_t i = 0; i < n && chosen == nullptr; ++i) {
          if (items[i].key() == nan) chosen = items + i;
        }
      }
      if (chosen == nullptr) {
        std::nth_element(items, items + call.k, items + n);
        chosen = items + call.k;
      }
      write_items(chosen, 1, call.lines, data);
    });
  });
}

// What unique finds, written down.
struct Found {
  char* values;
  int64_t* inverse;
  int64_t* counts;
  int64_t bytes;  // of a value
  int64_t n = 0;

  // The element at `place`: like the last value, or a new one.
  void add(const char* element, int64_t place, bool is_new) {
    if (is_new) {
      std::memcpy(values + n * bytes, element, static_cast<size_t>(bytes));
      if (counts != nullptr) counts[n] = 0;
      ++n;
    }
    if (counts != nullptr) ++counts[n - 1];
    if (inverse != nullptr) inverse[place] = n - 1;
  }
};

void unique_values(DType dtype, const char* in, int64_t n, bool consecutive, Found& found) {
  Scratch scratch((consecutive ? 1 : 2) * n * static_cast<int64_t>(sizeof(WideItem)), 1);
  auto* items = reinterpret_cast<WideItem*>(scratch.take());
  read_items(items, dtype, in, found.bytes, n, false);
  if (!consecutive) sort_items(items, items + n, n);
  const bool has_nan = is_floating(dtype);
  const uint64_t nan = nan_key(dtype);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = items[i].place();
    // NaN differs from itself.
    const bool is_new = i == 0 || items[i].key() != items[i - 1].key() || (has_nan && items[i].key() == nan);
    found.add(in + place * found.bytes, place, is_new);
  }
}

void unique_rows(DType dtype, const char* in, int64_t rows, int64_t cols, bool consecutive, Found& found) {
  const auto size = static_cast<int64_t>(sizeof(int64_t));
  Scratch order_memory(rows * size, 1), key_memory(rows * cols * size, 1);
  auto* order = reinterpret_cast<int64_t*>(order_memory.take());
  auto* keys = reinterpret_cast<uint64_t*>(key_memory.take());
  read_keys_of(dtype)(keys, in, static_cast<int64_t>(size_of(dtype)), rows * cols);
  for (int64_t i = 0; i < rows; ++i) order[i] = i;
  if (!consecutive) {
    std::sort(order, order + rows, [&](int64_t a, int64_t b) {
      for (int64_t c = 0; c < cols; ++c) {
        const uint64_t ka = keys[a * cols + c];
        const uint64_t kb = keys[b * cols + c];
        if (ka != kb) return ka < kb;
      }
      return a < b;
    });
  }
  const bool has_nan = is_floating(dtype);
  const uint64_t nan = nan_key(dtype);
  for (int64_t i = 0; i < rows; ++i) {
    const uint64_t* row = keys + order[i] * cols;
    const bool is_new =
        i == 0 || !std::equal(row, row + cols, keys + order[i - 1] * cols,
                              [&](uint64_t a, uint64_t b) { return a == b && !(has_nan && a == nan); });
    found.add(in + order[i] * found.bytes, order[i], is_new);
  }
}

void unique(const call::Unique& call) {
  const auto* in = static_cast<const char*>(call.input);
  Found found{static_cast<char*>(call.values), call.inverse, call.counts,
              call.cols * static_cast<int64_t>(size_of(call.dtype))};
  if (call.cols == 1) {
    unique_values(call.dtype, in, call.rows, call.consecutive, found);
  } else {
    unique_rows(call.dtype, in, call.rows, call.cols, call.consecutive, found);
  }
  *call.found.at = found.n;
}

// Calls block(values, begin, count) with the elements as T, some at a time.
template <typename T, typename F>
void for_each_block(DType dtype, const void* in, int64_t n, F&& block) {
  constexpr int64_t kBlock = 256;
  T values[kBlock];
  const auto size = static_cast<int64_t>(size_of(dtype));
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    convert_row(reinterpret_cast<char*>(values), sizeof(T), DTypeOf<T>::value,
                static_cast<const char*>(in) + i * size, size, dtype, count);
    block(values, i, count);
  }
}

template <typename W>
void add_weights(DType dtype, const void* in, int64_t n, const W* weights, W* total, int64_t bins) {
  std::fill_n(total, bins, W(0));
  for_each_block<int64_t>(dtype, in, n, [&](const int64_t* bin, int64_t begin, int64_t count) {
    for (int64_t i = 0; i < count; ++i) total[bin[i]] += weights == nullptr ? W(1) : weights[begin + i];
  });
}

template <typename C>
void histogram(DType dtype, const void* in, int64_t n, double low, double high, int64_t* counts,
               int64_t bins) {
  const C from = static_cast<C>(low), to = static_cast<C>(high);
  for_each_block<C>(dtype, in, n, [&](const C* values, int64_t, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const C x = values[i];
      if (!(x >= from && x <= to)) continue;
      const auto bin = static_cast<int64_t>((x - from) * static_cast<C>(bins) / (to - from));
      ++counts[std::min(bin, bins - 1)];
    }
  });
}

void bincount(const call::Bincount& call) {
  if (call.weights == nullptr) {
    add_weights<int64_t>(call.dtype, call.input, call.n, nullptr, static_cast<int64_t*>(call.out), call.bins);
  } else if (call.out_dtype == DType::kFloat32) {
    add_weights(call.dtype, call.input, call.n, static_cast<const float*>(call.weights),
                static_cast<float*>(call.out), call.bins);
  } else {
    add_weights(call.dtype, call.input, call.n, static_cast<const double*>(call.weights),
                static_cast<double*>(call.out), call.bins);
  }
}

void histc(const call::Histc& call) {
  Scratch scratch(call.bins * static_cast<int64_t>(sizeof(int64_t)), 1);
  auto* counts = reinterpret_cast<int64_t*>(scratch.take());
  std::fill_n(counts, call.bins, int64_t{0});
  if (call.dtype == DType::kFloat64) {
    histogram<double>(call.dtype, call.input, call.n, call.low, call.high, counts, call.bins);
  } else {
    histogram<float>(call.dtype, call.input, call.n, call.low, call.high, counts, call.bins);
  }
  const auto size = static_cast<int64_t>(size_of(call.dtype));
  convert_row(static_cast<char*>(call.out), size, call.dtype, reinterpret_cast<const char*>(counts),
              sizeof(int64_t), DType::kInt64, call.bins);
}

}  // namespace

void add_sort(KernelTable& table) {
  table.add<call::Sort>(sort);
  table.add<call::TopK>(topk);
  table.add<call::KthValue>(kthvalue);
  table.add<call::Unique>(unique);
  table.add<call::Bincount>(bincount);
  table.add<call::Histc>(histc);
}

}  // namespace tt::cpu
