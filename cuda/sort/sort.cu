// Sorting and selection along lines: all lines at once, by keys.
#include "cuda/runtime/kernels.h"
#include "cuda/runtime/convert.h"
#include "cuda/runtime/for_each.cuh"
#include "cuda/sort/line_math.h"
#include "cuda/runtime/memory.h"
#include "device/order.h"
#include "cuda/runtime/primitives.h"

namespace tt::cuda {

namespace {

int bits_for(int64_t n) {
  int bits = 0;
  while (bits < 63 && int64_t{1} << bits < n) ++bits;
  return bits;
}

// Element i is number i % size of line i / size.
struct SortKeys {
  LineMath math;
  bool descending, with_line;  // the line's number above a key of 32 bits
  uint64_t* keys;
  int64_t* places;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t line = i / math.size;
    char* at[3];
    math.start(line, at);
    uint64_t key = load_key(at[2] + (i - line * math.size) * math.step[2], math.dtype[2]);
    if (descending) key = key_bits(math.dtype[2]) == 64 ? ~key : ~key & 0xffffffffu;
    keys[i] = with_line ? static_cast<uint64_t>(line) << 32 | key : key;
    places[i] = i;
  }
};

struct LineKeys {
  const int64_t* places;
  int64_t size;
  uint64_t* keys;
  TT_HOST_DEVICE void operator()(int64_t i) const { keys[i] = static_cast<uint64_t>(places[i] / size); }
};

// The first `count` of every line's sorted elements, from rank `first` on. i: count of them a line.
struct WriteSorted {
  LineMath math;
  const int64_t* places;  // sorted: line after line
  int64_t first, count;
  bool nan_first;  // the line's first NaN instead, where it has one

  TT_HOST_DEVICE const char* input(char* const* at, int64_t line, int64_t rank, int64_t* k) const {
    *k = places[line * math.size + rank] - line * math.size;
    return at[2] + *k * math.step[2];
  }
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t line = i / count;
    const int64_t n = i - line * count;
    char* at[3];
    math.start(line, at);
    int64_t rank = first + n;
    int64_t k = 0;
    if (nan_first) {
      // NaNs come last: the first of them by bisection.
      int64_t low = 0;
      int64_t high = math.size;
      while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (is_nan_key(load_key(input(at, line, middle, &k), math.dtype[2]), math.dtype[2])) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      if (low < math.size) rank = low;
    }
    const char* in = input(at, line, rank, &k);
    char* out = at[0] + n * math.step[0];
    const auto bytes = static_cast<int>(size_of(math.dtype[2]));
    for (int b = 0; b < bytes; ++b) out[b] = in[b];
    *reinterpret_cast<int64_t*>(at[1] + n * math.step[1]) = k;
  }
};

void sort_part(const Lines& lines, const Loop& part, bool descending, int64_t first, int64_t count,
               bool nan_first) {
  const int64_t n = part.numel * lines.size;
  const auto bytes = static_cast<size_t>(n) * 8;
  const LineMath math(lines, part);
  const int line_bits = bits_for(part.numel);
  const int bits = key_bits(math.dtype[2]);
  const bool with_line = bits == 32;  // parts have fewer than 2^31 lines
  const Workspace keys(bytes), sorted_keys(bytes), places(bytes), sorted_places(bytes);
  for_each("sort", n, SortKeys{math, descending, with_line, keys.data<uint64_t>(), places.data<int64_t>()});
  sort_pairs(keys.data<uint64_t>(), sorted_keys.data<uint64_t>(), places.data<int64_t>(),
             sorted_places.data<int64_t>(), n, with_line ? bits + line_bits : bits);
  const int64_t* result = sorted_places.data<int64_t>();
  if (!with_line && line_bits > 0) {
    // Stable: within a line they stay sorted.
    for_each("sort", n, LineKeys{sorted_places.data<int64_t>(), lines.size, keys.data<uint64_t>()});
    sort_pairs(keys.data<uint64_t>(), sorted_keys.data<uint64_t>(), sorted_places.data<int64_t>(),
               places.data<int64_t>(), n, line_bits);
    result = places.data<int64_t>();
  }
  for_each("sort", part.numel * count, WriteSorted{math, result, first, count, nan_first});
}

void sort(const call::Sort& call) {
  for_each_part(call.lines.outer, [&](const Loop& part) {
    sort_part(call.lines, part, call.descending, 0, call.lines.size, false);
  });
}

void topk(const call::TopK& call) {
  if (call.k == 0) return;
  for_each_part(call.lines.outer,
                [&](const Loop& part) { sort_part(call.lines, part, call.largest, 0, call.k, false); });
}

void kthvalue(const call::KthValue& call) {
  for_each_part(call.lines.outer,
                [&](const Loop& part) { sort_part(call.lines, part, false, call.k, 1, call.nan_first); });
}

}  // namespace

void add_sort(KernelTable& table) {
  table.add<call::Sort>(sort);
  table.add<call::TopK>(topk);
  table.add<call::KthValue>(kthvalue);
}

}  // namespace tt::cuda
