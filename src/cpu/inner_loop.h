// Running a Loop with an inner kernel that handles one row of it.
#pragma once

#include <algorithm>

#include "core/backend/pointwise.h"
#include "core/loop.h"

namespace tt::cpu {

// n elements of every operand, all dense: data[0] is the result.
using InnerLoop = void (*)(char* const* data, int64_t n, const PointwiseParams& params);

// Elements that are worth a second thread: below, waking it costs more than it saves.
inline constexpr int64_t kParallelGrain = 32768;

// Calls row(data, strides, n) for the rows that make up elements [begin, end), in order of memory.
template <typename Row>
void for_each_row(const Loop& loop, int64_t begin, int64_t end, Row&& row) {
  int64_t row_strides[kMaxOperands];
  char* data[kMaxOperands];
  for (int op = 0; op < loop.operands; ++op) row_strides[op] = loop.strides[op][0];
  if (loop.ndim == 1) {
    for (int op = 0; op < loop.operands; ++op) data[op] = loop.data[op] + begin * row_strides[op];
    row(data, row_strides, end - begin);
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
    row(data, row_strides, n);
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

// Runs the whole loop, on several threads where it is long. `dtypes` are what the kernel takes, by operand:
// rows that are not dense or of another dtype go through buffers in the cache, piece by piece. `cost`: how
// many additions an element is worth.
void run_loop(const Loop& loop, InnerLoop inner, const DType* dtypes, const PointwiseParams& params,
              int64_t cost = 1);

}  // namespace tt::cpu
