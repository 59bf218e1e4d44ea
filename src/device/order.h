// Ops along one dimension: selection, sorting, scans; and counting.
#pragma once

#include "tensor/lines.h"
#include "device/call.h"

namespace tt {

enum class ScanOp : uint8_t { kSum, kProd };

namespace call {

// NaN counts as greater than every number, and -0 equals 0. Indices are int64, from 0.

// ---- lines: outputs first, the input last; no line is empty ----

// values (or no memory: data null), indices, input: the line's greatest (least) element and where it first
// is; a NaN, where there is one, is both.
struct ArgReduce {
  static constexpr char kName[] = "arg_reduce";
  Lines lines;
  bool largest;
};
// out, input, of one dtype: running sums or products; from the line's end where `reverse`. float and half
// accumulate in a wider type.
struct Scan {
  static constexpr char kName[] = "scan";
  ScanOp op;
  Lines lines;
  bool reverse;
};
// out, a, b, floating and of one dtype: out[k] = b[k] + a[k] * out[k - 1]; out[k + 1] where `reverse`.
struct AffineScan {
  static constexpr char kName[] = "affine_scan";
  Lines lines;
  bool reverse;
};
// values, indices, input. Stable.
struct Sort {
  static constexpr char kName[] = "sort";
  Lines lines;
  bool descending;
};
// values, indices (k of each), input: the k first of the sorted line; among equals those of lower index; in
// order where `sorted`, else in any.
struct TopK {
  static constexpr char kName[] = "topk";
  Lines lines;
  int64_t k;
  bool largest, sorted;
};
// values, indices (one of each), input: element k of the ascending sorted line. With `nan_first`, a line that
// has a NaN gives its first one.
struct KthValue {
  static constexpr char kName[] = "kthvalue";
  Lines lines;
  int64_t k;
  bool nan_first;
};
// out[k] = input[indices[k]] along the line. Operands: out, input, indices, which is the one whose line
// length counts.
struct Pick {
  static constexpr char kName[] = "pick";
  Lines lines;
};
// out[indices[k]] = values[k] along the line; other elements stay. Operands: out, values, indices. Indices of
// one line differ.
struct Place {
  static constexpr char kName[] = "place";
  Lines lines;
};

// ---- dense arrays ----

// The distinct rows of input[rows][cols], in ascending (lexicographic) order, or (`consecutive`) one for each
// run. Writes them to values, how often each occurs, and for every input row which it is (counts, inverse:
// may be null; all have room for `rows`). A NaN equals nothing.
struct Unique {
  static constexpr char kName[] = "unique";
  static constexpr char kNotCaptured[] = "gives a result whose shape depends on values";
  DType dtype;
  In<void> input;
  int64_t rows, cols;
  bool consecutive;
  Out<void> values;
  Out<int64_t> inverse, counts;
  ToHost<int64_t> found;  // how many there are
};
// out[input[i]] += weights[i], or += 1 where weights is null. input: integers within out, whose dtype is
// int64 without weights, else that of the weights (float or double). out is zeroed first.
struct Bincount {
  static constexpr char kName[] = "bincount";
  DType dtype;
  In<void> input;
  int64_t n;
  In<void> weights;
  DType out_dtype;
  Out<void> out;
  int64_t bins;
};
// Counts the elements within [low, high] in `bins` equal bins; dtype floating, out of the same dtype. out is
// zeroed first.
struct Histc {
  static constexpr char kName[] = "histc";
  DType dtype;
  In<void> input;
  int64_t n;
  double low, high;
  Out<void> out;
  int64_t bins;
};

using OrderCalls =
    CallList<ArgReduce, Scan, AffineScan, Sort, TopK, KthValue, Pick, Place, Unique, Bincount, Histc>;

}  // namespace call

}  // namespace tt
