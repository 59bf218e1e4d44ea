// Sorting and selection along lines.
#include <cmath>
#include <cstring>

#include "core/backend.h"
#include "cpu/line.h"
#include "cpu/order.h"
#include "cpu/sort_keys.h"

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

// Calls fn with the item type for the line length and the dtype: template <T, Item>.
template <typename F>
void visit_items(DType dtype, int64_t n, F&& fn) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (sizeof(T) == 8) {
      fn.template operator()<T, WideItem>();
    } else if (n <= int64_t{0xffffffff}) {
      fn.template operator()<T, PackedItem>();
    } else {
      fn.template operator()<T, WideItem>();
    }
  });
}

template <typename T, typename Item>
void read_items(Item* items, char* in, int64_t step, int64_t n, bool descending) {
  for (int64_t i = 0; i < n; ++i) {
    const auto key = sort_key(at<T>(in, step, i));
    items[i] = Item(descending ? ~key : key, i);
  }
}

template <typename T, typename Item>
void write_items(const Item* items, int64_t n, const Lines& lines, char* const* data) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = items[i].place();
    at<T>(data[0], lines.step[0], i) = at<T>(data[2], lines.step[2], place);
    at<int64_t>(data[1], lines.step[1], i) = place;
  }
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

void CpuOrder::sort(const Lines& lines, bool descending) {
  const int64_t n = lines.size;
  visit_items(lines.outer.dtype[2], n, [&]<typename T, typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(lines, kSortCost, 2 * n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items<T>(items, data[2], lines.step[2], n, descending);
      sort_items(items, items + n, n);
      write_items<T>(items, n, lines, data);
    });
  });
}

void CpuOrder::topk(const Lines& lines, int64_t k, bool largest, bool sorted) {
  const int64_t n = lines.size;
  visit_items(lines.outer.dtype[2], n, [&]<typename T, typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(lines, 4, n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items<T>(items, data[2], lines.step[2], n, largest);
      if (k < n) std::nth_element(items, items + k, items + n);
      if (sorted) std::sort(items, items + k);
      write_items<T>(items, k, lines, data);
    });
  });
}

void CpuOrder::kth(const Lines& lines, int64_t k, bool nan_first) {
  const int64_t n = lines.size;
  visit_items(lines.outer.dtype[2], n, [&]<typename T, typename Item>() {
    const auto bytes = static_cast<int64_t>(sizeof(Item));
    run_lines_with_scratch(lines, 4, n * bytes, [&](char* const* data, char* memory) {
      auto* items = reinterpret_cast<Item*>(memory);
      read_items<T>(items, data[2], lines.step[2], n, false);
      const Item* chosen = nullptr;
      if constexpr (!std::is_integral_v<T>) {
        for (int64_t i = 0; nan_first && i < n && chosen == nullptr; ++i) {
          const T value = at<T>(data[2], lines.step[2], i);
          if (value != value) chosen = items + i;
        }
      }
      if (chosen == nullptr) {
        std::nth_element(items, items + k, items + n);
        chosen = items + k;
      }
      write_items<T>(chosen, 1, lines, data);
    });
  });
}

namespace {

template <typename T>
int64_t unique_values(const T* in, int64_t n, bool consecutive, T* values, int64_t* inverse,
                      int64_t* counts) {
  using Item = WideItem;
  Scratch scratch(consecutive ? 1 : 2 * n * static_cast<int64_t>(sizeof(Item)), 1);
  auto* items = reinterpret_cast<Item*>(scratch.take());
  if (!consecutive) {
    for (int64_t i = 0; i < n; ++i) items[i] = Item(sort_key(in[i]), i);
    sort_items(items, items + n, n);
  }
  int64_t found = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = consecutive ? i : items[i].place();
    if (i == 0 || !(in[place] == values[found - 1])) {
      values[found] = in[place];
      if (counts != nullptr) counts[found] = 0;
      ++found;
    }
    if (counts != nullptr) ++counts[found - 1];
    if (inverse != nullptr) inverse[place] = found - 1;
  }
  return found;
}

template <typename T>
int64_t unique_rows(const T* in, int64_t rows, int64_t cols, bool consecutive, T* values, int64_t* inverse,
                    int64_t* counts) {
  Scratch scratch(rows * static_cast<int64_t>(sizeof(int64_t)), 1);
  auto* order = reinterpret_cast<int64_t*>(scratch.take());
  for (int64_t i = 0; i < rows; ++i) order[i] = i;
  if (!consecutive) {
    std::sort(order, order + rows, [&](int64_t a, int64_t b) {
      for (int64_t c = 0; c < cols; ++c) {
        const auto ka = sort_key(in[a * cols + c]);
        const auto kb = sort_key(in[b * cols + c]);
        if (ka != kb) return ka < kb;
      }
      return a < b;
    });
  }
  int64_t found = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const T* row = in + order[i] * cols;
    if (i == 0 || !std::equal(row, row + cols, values + (found - 1) * cols)) {
      std::copy_n(row, cols, values + found * cols);
      if (counts != nullptr) counts[found] = 0;
      ++found;
    }
    if (counts != nullptr) ++counts[found - 1];
    if (inverse != nullptr) inverse[order[i]] = found - 1;
  }
  return found;
}

}  // namespace

int64_t CpuOrder::unique(DType dtype, const void* input, int64_t rows, int64_t cols, bool consecutive,
                         void* values, int64_t* inverse, int64_t* counts) {
  return visit_dtype(dtype, [&]<typename T>() {
    const T* in = static_cast<const T*>(input);
    T* out = static_cast<T*>(values);
    return cols == 1 ? unique_values(in, rows, consecutive, out, inverse, counts)
                     : unique_rows(in, rows, cols, consecutive, out, inverse, counts);
  });
}

void CpuOrder::bincount(DType dtype, const void* input, int64_t n, const void* weights, DType out_dtype,
                        void* out, int64_t bins) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      const T* in = static_cast<const T*>(input);
      const auto add = [&]<typename W>(const W* w) {
        W* total = static_cast<W*>(out);
        std::fill_n(total, bins, W(0));
        for (int64_t i = 0; i < n; ++i) total[static_cast<int64_t>(in[i])] += w == nullptr ? W(1) : w[i];
      };
      if (weights == nullptr) {
        add(static_cast<const int64_t*>(nullptr));
      } else if (out_dtype == DType::kFloat32) {
        add(static_cast<const float*>(weights));
      } else {
        add(static_cast<const double*>(weights));
      }
    }
  });
}

void CpuOrder::histc(DType dtype, const void* input, int64_t n, double low, double high, void* out,
                     int64_t bins) {
  visit_dtype(dtype, [&]<typename T>() {
    using C = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const T* in = static_cast<const T*>(input);
    Scratch scratch(bins * static_cast<int64_t>(sizeof(int64_t)), 1);
    auto* counts = reinterpret_cast<int64_t*>(scratch.take());
    std::fill_n(counts, bins, int64_t{0});
    const C from = static_cast<C>(low), to = static_cast<C>(high);
    for (int64_t i = 0; i < n; ++i) {
      const C x = static_cast<C>(in[i]);
      if (!(x >= from && x <= to)) continue;
      const auto bin = static_cast<int64_t>((x - from) * static_cast<C>(bins) / (to - from));
      ++counts[std::min(bin, bins - 1)];
    }
    for (int64_t b = 0; b < bins; ++b) static_cast<T*>(out)[b] = static_cast<T>(static_cast<C>(counts[b]));
  });
}

}  // namespace tt::cpu
