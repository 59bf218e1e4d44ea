#include "cpu/pointwise/inner_loop.h"

#include <cstring>

#include "base/parallel.h"
#include "cpu/pointwise/copy.h"

namespace tt::cpu {

namespace {

constexpr int64_t kPiece = 512;

// Copies element 0 of a buffer to the rest of it.
void repeat_first(char* buffer, size_t size, int64_t count) {
  const auto fill = [&]<typename T>(T) {
    T value;
    std::memcpy(&value, buffer, sizeof(T));
    std::fill_n(reinterpret_cast<T*>(buffer), count, value);
  };
  switch (size) {
    case 1:
      return fill(uint8_t{});
    case 2:
      return fill(uint16_t{});
    case 4:
      return fill(uint32_t{});
    default:
      return fill(uint64_t{});
  }
}

struct PackedRows {
  const Loop& loop;
  InnerLoop inner;
  const DType* dtypes;
  const PointwiseParams& params;
  bool direct[kMaxOperands];

  bool find_direct() {
    bool all = true;
    for (int op = 0; op < loop.operands; ++op) {
      direct[op] = loop.dtype[op] == dtypes[op] &&
                   (loop.strides[op][0] == static_cast<int64_t>(size_of(dtypes[op])) || loop.sizes[0] == 1);
      all = all && direct[op];
    }
    return all;
  }

  void operator()(char* const* data, const int64_t* strides, int64_t n) const {
    alignas(64) char buffers[kMaxOperands][kPiece * 8];
    char* piece[kMaxOperands];
    for (int64_t at = 0; at < n; at += kPiece) {
      const int64_t count = std::min(kPiece, n - at);
      for (int op = 0; op < loop.operands; ++op) {
        const char* from = data[op] + at * strides[op];
        if (direct[op]) {
          piece[op] = data[op] + at * strides[op];
          continue;
        }
        piece[op] = buffers[op];
        if (op == 0) continue;
        const auto size = static_cast<int64_t>(size_of(dtypes[op]));
        if (strides[op] != 0) {
          convert_row(buffers[op], size, dtypes[op], from, strides[op], loop.dtype[op], count);
        } else if (at == 0) {  // the later pieces find the value there
          convert_row(buffers[op], size, dtypes[op], from, size, loop.dtype[op], 1);
          repeat_first(buffers[op], static_cast<size_t>(size), count);
        }
      }
      inner(piece, count, params);
      if (!direct[0]) {
        convert_row(data[0] + at * strides[0], strides[0], loop.dtype[0], buffers[0],
                    static_cast<int64_t>(size_of(dtypes[0])), dtypes[0], count);
      }
    }
  }
};

}  // namespace

void walk_rows(const Loop& loop, int64_t begin, int64_t end, RowFunction row, const void* context) {
  int64_t row_strides[kMaxOperands];
  char* data[kMaxOperands];
  for (int op = 0; op < loop.operands; ++op) row_strides[op] = loop.strides[op][0];
  if (loop.ndim == 1) {
    for (int op = 0; op < loop.operands; ++op) data[op] = loop.data[op] + begin * row_strides[op];
    row(data, row_strides, end - begin, context);
    return;
  }
  int64_t index[kMaxDims];
  int64_t rest = begin;
  for (int d = 0; d < loop.ndim; ++d) {
    index[d] = rest % loop.sizes[d];
    rest /= loop.sizes[d];
  }
  for (int op = 0; op < loop.operands; ++op) {
    data[op] = loop.data[op];
    for (int d = 0; d < loop.ndim; ++d) data[op] += index[d] * loop.strides[op][d];
  }
  int64_t left = end - begin;
  while (left > 0) {
    const int64_t n = std::min(left, loop.sizes[0] - index[0]);
    row(data, row_strides, n, context);
    left -= n;
    // To the start of the next row.
    for (int op = 0; op < loop.operands; ++op) data[op] -= index[0] * row_strides[op];
    index[0] = 0;
    for (int d = 1; d < loop.ndim; ++d) {
      for (int op = 0; op < loop.operands; ++op) data[op] += loop.strides[op][d];
      if (++index[d] < loop.sizes[d]) break;
      for (int op = 0; op < loop.operands; ++op) data[op] -= loop.sizes[d] * loop.strides[op][d];
      index[d] = 0;
    }
  }
}

void run_loop(const Loop& loop, InnerLoop inner, const DType* dtypes, const PointwiseParams& params,
              int64_t cost) {
  PackedRows packed{loop, inner, dtypes, params, {}};
  const bool direct = packed.find_direct();
  const int64_t grain = std::max<int64_t>(kParallelGrain / cost, 1);
  if (direct && loop.flat() && loop.numel <= grain) return inner(loop.data, loop.numel, params);
  parallel_for(loop.numel, grain, [&](int64_t begin, int64_t end) {
    if (direct) {
      for_each_row(loop, begin, end,
                   [&](char* const* data, const int64_t*, int64_t n) { inner(data, n, params); });
    } else {
      for_each_row(loop, begin, end, packed);
    }
  });
}

}  // namespace tt::cpu
