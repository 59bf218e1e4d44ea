// Ops along one dimension: selection, sorting, scans; and counting.
#pragma once

#include "core/lines.h"

namespace tt {

enum class ScanOp : uint8_t { kSum, kProd };

// NaN counts as greater than every number, and -0 equals 0. Indices are int64, from 0.
class OrderKernels {
 public:
  static constexpr char kFamily[] = "order";
  virtual ~OrderKernels() = default;

  // ---- lines: outputs first, the input last; no line is empty ----

  // values (or no memory: data NULL), indices, input: the line's greatest (least) element and where it first
  // is; a NaN, where there is one, is both.
  virtual void arg_reduce(const Lines& lines, bool largest) = 0;
  // out, input, of one dtype: running sums or products; from the line's end where `reverse`. float and half
  // accumulate in a wider type.
  virtual void scan(ScanOp op, const Lines& lines, bool reverse) = 0;
  // out, a, b, floating and of one dtype: out[k] = b[k] + a[k] * out[k - 1]; out[k + 1] where `reverse`.
  virtual void affine_scan(const Lines& lines, bool reverse) = 0;
  // values, indices, input. Stable.
  virtual void sort(const Lines& lines, bool descending) = 0;
  // values, indices (k of each), input: the k first of the sorted line; among equals those of lower index; in
  // order where `sorted`, else in any.
  virtual void topk(const Lines& lines, int64_t k, bool largest, bool sorted) = 0;
  // values, indices (one of each), input: element k of the ascending sorted line. With `nan_first`, a line
  // that has a NaN gives its first one.
  virtual void kth(const Lines& lines, int64_t k, bool nan_first) = 0;
  // out[k] = input[indices[k]] along the line. Operands: out, input, indices, which is the one whose line
  // length counts.
  virtual void pick(const Lines& lines) = 0;
  // out[indices[k]] = values[k] along the line; other elements stay. Operands: out, values, indices. Indices
  // of one line differ.
  virtual void place(const Lines& lines) = 0;

  // ---- dense arrays ----

  // The distinct rows of input[rows][cols], in ascending (lexicographic) order, or (`consecutive`) one for
  // each run. Writes them to values, how often each occurs, and for every input row which it is (counts,
  // inverse: may be NULL; all have room for `rows`). Returns how many there are. A NaN equals nothing. Waits
  // for the device.
  virtual int64_t unique(DType dtype, const void* input, int64_t rows, int64_t cols, bool consecutive,
                         void* values, int64_t* inverse, int64_t* counts) = 0;
  // out[input[i]] += weights[i], or += 1 where weights is NULL. input: integers within out, whose dtype is
  // int64 without weights, else that of the weights (float or double). out is zeroed first.
  virtual void bincount(DType dtype, const void* input, int64_t n, const void* weights, DType out_dtype,
                        void* out, int64_t bins) = 0;
  // Counts the elements within [low, high] in `bins` equal bins; dtype floating, out of the same dtype. out
  // is zeroed first.
  virtual void histc(DType dtype, const void* input, int64_t n, double low, double high, void* out,
                     int64_t bins) = 0;
};

}  // namespace tt
