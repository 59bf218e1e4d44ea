// The CPU's softmax, and the row kernels that losses share with it.
#pragma once

#include "device/softmax.h"

namespace tt::cpu {

enum class SoftmaxMode : uint8_t {
  kSoftmax,
  kLog,
  kNormalizer  // one value per row: the maximum, and the log of the sum of exp(x - maximum)
};

// The kernels of one element type. "Rows" are dense runs of `dim`; "columns" are the columns [begin, end) of
// a dim x inner matrix. logs: of kNormalizer alone.
template <typename T>
struct SoftmaxTable {
  void (*rows)(SoftmaxMode mode, const T* in, T* out, T* logs, int64_t dim, int64_t count);
  void (*columns)(SoftmaxMode mode, const T* in, T* out, T* logs, int64_t dim, int64_t inner, int64_t begin,
                  int64_t end);
  void (*rows_backward)(bool log, const T* grad, const T* y, T* out, int64_t dim, int64_t count);
  void (*columns_backward)(bool log, const T* grad, const T* y, T* out, int64_t dim, int64_t inner,
                           int64_t begin, int64_t end);
  // out = factor * exp(x - top - log), by row or column.
  void (*rows_exp)(const T* x, const T* top, const T* logs, const T* factor, T* out, int64_t dim,
                   int64_t count);
  void (*columns_exp)(const T* x, const T* top, const T* logs, const T* factor, T* out, int64_t dim,
                      int64_t inner, int64_t begin, int64_t end);
};
template <typename T>
const SoftmaxTable<T>& softmax_table();  // float and double

}  // namespace tt::cpu
