// Running a Loop with an inner kernel that handles one row of it.
#pragma once

#include <algorithm>
#include <type_traits>

#include "device/pointwise.h"
#include "tensor/loop.h"

namespace tt::cpu {

// n elements of every operand, all dense: data[0] is the result.
using InnerLoop = void (*)(char* const* data, int64_t n, const PointwiseParams& params);

// Elements that are worth a second thread: below, waking it costs more than it saves.
inline constexpr int64_t kParallelGrain = 32768;

// Calls row(data, strides, n) for the rows that make up elements [begin, end), in order of memory.
using RowFunction = void (*)(char* const* data, const int64_t* strides, int64_t n, const void* context);
void walk_rows(const Loop& loop, int64_t begin, int64_t end, RowFunction row, const void* context);
template <typename Row>
void for_each_row(const Loop& loop, int64_t begin, int64_t end, Row&& row) {
  walk_rows(
      loop, begin, end,
      [](char* const* data, const int64_t* strides, int64_t n, const void* context) {
        (*static_cast<std::remove_reference_t<Row>*>(const_cast<void*>(context)))(data, strides, n);
      },
      &row);
}

// Runs the whole loop, on several threads where it is long. `dtypes` are what the kernel takes, by operand:
// rows that are not dense or of another dtype go through buffers in the cache, piece by piece. `cost`: how
// many additions an element is worth.
void run_loop(const Loop& loop, InnerLoop inner, const DType* dtypes, const PointwiseParams& params,
              int64_t cost = 1);

}  // namespace tt::cpu
