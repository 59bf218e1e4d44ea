// Selection, scans and index moves along lines. Where neighbouring lines lie side by side in memory, they are
// worked on together, row by row.
#include "cpu/runtime/kernels.h"
#include "device/order.h"

#include <cstring>

#include "device/backend.h"
#include "cpu/pointwise/copy.h"
#include "cpu/reduce/fold.h"
#include "cpu/sort/line.h"

namespace tt::cpu {

namespace {

constexpr int64_t kTile = 128;  // lines worked on together

template <typename T>
bool is_nan(T value) {
  if constexpr (std::is_integral_v<T>) {
    return false;
  } else {
    return value != value;
  }
}

// True when `value` takes the place of `best`.
template <bool kLargest, typename T>
bool better(T value, T best) {
  if (is_nan(best)) return false;
  return kLargest ? !(value <= best) : !(value >= best);
}

// The lines' innermost dimension is dense in operand `op`, the lines themselves are not.
template <typename T>
bool side_by_side(const Lines& lines, int op) {
  return lines.outer.sizes[0] > 1 && lines.outer.strides[op][0] == sizeof(T) && lines.step[op] != sizeof(T);
}

// Calls tile(data, n) for groups of up to kTile neighbouring lines.
template <typename F>
void run_tiles(const Lines& lines, F&& tile) {
  parallel_for(lines.outer.numel, std::max<int64_t>(kParallelGrain / lines.size, kTile),
               [&](int64_t begin, int64_t end) {
                 for_each_row(lines.outer, begin, end,
                              [&](char* const* data, const int64_t* strides, int64_t n) {
                                char* here[kMaxOperands];
                                for (int64_t i = 0; i < n; i += kTile) {
                                  for (int op = 0; op < lines.outer.operands; ++op) {
                                    here[op] = data[op] + i * strides[op];
                                  }
                                  tile(here, std::min(kTile, n - i));
                                }
                              });
               });
}

template <bool kLargest, typename T>
void arg_reduce_tiles(const Lines& lines) {
  run_tiles(lines, [&](char* const* data, int64_t n) {
    T best[kTile];
    int64_t where[kTile];
    std::memcpy(best, data[2], sizeof(T) * static_cast<size_t>(n));
    std::fill_n(where, n, int64_t{0});
    for (int64_t k = 1; k < lines.size; ++k) {
      const T* row = reinterpret_cast<const T*>(data[2] + k * lines.step[2]);
      for (int64_t i = 0; i < n; ++i) {
        const bool take = better<kLargest>(row[i], best[i]);
        best[i] = take ? row[i] : best[i];
        where[i] = take ? k : where[i];
      }
    }
    for (int64_t i = 0; i < n; ++i) {
      if (data[0] != nullptr) at<T>(data[0], lines.outer.strides[0][0], i) = best[i];
      at<int64_t>(data[1], lines.outer.strides[1][0], i) = where[i];
    }
  });
}

// Dense lines: the extreme by vectors, then the first place that holds it.
template <bool kLargest, typename T>
int64_t arg_dense(const FoldKernel& kernel, const T* in, int64_t n) {
  alignas(8) char acc[8];
  kernel.init(acc, 1);
  kernel.row(acc, reinterpret_cast<const char*>(in), sizeof(T), n, nullptr);
  using C = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float,
                               std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;
  const C best = *reinterpret_cast<const C*>(acc);
  int64_t i = 0;
  if (is_nan(best)) {
    while (!is_nan(in[i])) ++i;
  } else {
    while (static_cast<C>(in[i]) != best) ++i;
  }
  return i;
}

template <bool kLargest, typename T>
void arg_reduce_as(const Lines& lines) {
  const int64_t n = lines.size;
  if (side_by_side<T>(lines, 2)) return arg_reduce_tiles<kLargest, T>(lines);
  const FoldKernel& kernel = fold_kernel(kLargest ? Fold::kMax : Fold::kMin, DTypeOf<T>::value);
  const bool dense = lines.step[2] == sizeof(T) && n >= 32;
  run_lines(lines, 1, [&](char* const* data) {
    int64_t where = 0;
    if (dense) {
      where = arg_dense<kLargest>(kernel, reinterpret_cast<const T*>(data[2]), n);
    } else {
      T best = at<T>(data[2], 0, 0);
      for (int64_t i = 1; i < n; ++i) {
        const T value = at<T>(data[2], lines.step[2], i);
        if (better<kLargest>(value, best)) {
          best = value;
          where = i;
        }
      }
    }
    if (data[0] != nullptr) at<T>(data[0], 0, 0) = at<T>(data[2], lines.step[2], where);
    at<int64_t>(data[1], 0, 0) = where;
  });
}

// The type that running sums and products are kept in: for half types float.
template <typename T>
using ScanType = std::conditional_t<
    std::is_integral_v<T>, uint64_t,
    std::conditional_t<std::is_same_v<T, float> || std::is_same_v<T, double>, double, float>>;

// The running total after `value`.
template <typename T, ScanOp kOp>
T advance(ScanType<T>& total, T value) {
  if constexpr (kOp == ScanOp::kSum) {
    total += static_cast<ScanType<T>>(value);
  } else {
    total *= static_cast<ScanType<T>>(value);
  }
  return static_cast<T>(total);
}

template <ScanOp kOp, typename T>
void scan_as(const Lines& lines, bool reverse) {
  using A = ScanType<T>;
  const int64_t n = lines.size;
  const int64_t first = reverse ? n - 1 : 0;
  const int64_t out_step = reverse ? -lines.step[0] : lines.step[0];
  const int64_t in_step = reverse ? -lines.step[1] : lines.step[1];
  const A start = kOp == ScanOp::kSum ? A(0) : A(1);
  if (side_by_side<T>(lines, 1) && lines.outer.strides[0][0] == sizeof(T)) {
    run_tiles(lines, [&](char* const* data, int64_t lanes) {
      A total[kTile];
      std::fill_n(total, lanes, start);
      for (int64_t k = 0; k < n; ++k) {
        T* out = reinterpret_cast<T*>(data[0] + first * lines.step[0] + k * out_step);
        const T* in = reinterpret_cast<const T*>(data[1] + first * lines.step[1] + k * in_step);
        for (int64_t i = 0; i < lanes; ++i) out[i] = advance<T, kOp>(total[i], in[i]);
      }
    });
    return;
  }
  run_lines(lines, 4, [&](char* const* data) {
    char* out = data[0] + first * lines.step[0];
    char* in = data[1] + first * lines.step[1];
    A total = start;
    for (int64_t k = 0; k < n; ++k) at<T>(out, out_step, k) = advance<T, kOp>(total, at<T>(in, in_step, k));
  });
}

// The other dtypes go through V, block by block: what is scanned is kept in A.
template <ScanOp kOp, typename V, typename A>
void scan_through(const Lines& lines, bool reverse) {
  constexpr int64_t kBlock = 256;
  const int64_t n = lines.size;
  const int64_t first = reverse ? n - 1 : 0;
  const int64_t out_step = reverse ? -lines.step[0] : lines.step[0];
  const int64_t in_step = reverse ? -lines.step[1] : lines.step[1];
  const DType dtype = lines.outer.dtype[1];
  run_lines(lines, 4, [&](char* const* data) {
    V block[kBlock];
    auto* const values = reinterpret_cast<char*>(block);
    A total = kOp == ScanOp::kSum ? A(0) : A(1);
    for (int64_t k = 0; k < n; k += kBlock) {
      const int64_t count = std::min(kBlock, n - k);
      convert_row(values, sizeof(V), DTypeOf<V>::value, data[1] + first * lines.step[1] + k * in_step,
                  in_step, dtype, count);
      for (int64_t i = 0; i < count; ++i) {
        if constexpr (kOp == ScanOp::kSum) {
          total += static_cast<A>(block[i]);
        } else {
          total *= static_cast<A>(block[i]);
        }
        block[i] = static_cast<V>(total);
      }
      convert_row(data[0] + first * lines.step[0] + k * out_step, out_step, dtype, values, sizeof(V),
                  DTypeOf<V>::value, count);
    }
  });
}

template <ScanOp kOp>
void scan_with(const Lines& lines, bool reverse) {
  switch (lines.outer.dtype[1]) {
    case DType::kFloat64:
      return scan_as<kOp, double>(lines, reverse);
    case DType::kFloat32:
      return scan_as<kOp, float>(lines, reverse);
    case DType::kInt64:
      return scan_as<kOp, int64_t>(lines, reverse);
    case DType::kFloat16:
    case DType::kBFloat16:
      return scan_through<kOp, float, float>(lines, reverse);
    default:
      return scan_through<kOp, int64_t, uint64_t>(lines, reverse);
  }
}

void arg_reduce(const call::ArgReduce& call) {
  const DType dtype = call.lines.outer.dtype[2];
  // Bool is ordered as the bytes 0 and 1.
  visit_dtype(dtype, [&]<typename E>() {
    using T = std::conditional_t<std::is_same_v<E, bool>, uint8_t, E>;
    if (call.largest) {
      arg_reduce_as<true, T>(call.lines);
    } else {
      arg_reduce_as<false, T>(call.lines);
    }
  });
}

void scan(const call::Scan& call) {
  if (call.op == ScanOp::kSum) {
    scan_with<ScanOp::kSum>(call.lines, call.reverse);
  } else {
    scan_with<ScanOp::kProd>(call.lines, call.reverse);
  }
}

void affine_scan(const call::AffineScan& call) {
  const int64_t n = call.lines.size;
  visit_dtype(call.lines.outer.dtype[2], [&]<typename T>() {
    if constexpr (!std::is_integral_v<T>) {
      using A = ScanType<T>;
      run_lines(call.lines, 4, [&](char* const* data) {
        A value = 0;
        for (int64_t i = 0; i < n; ++i) {
          const int64_t k = call.reverse ? n - 1 - i : i;
          value = static_cast<A>(at<T>(data[2], call.lines.step[2], k)) +
                  (i == 0 ? A(0) : static_cast<A>(at<T>(data[1], call.lines.step[1], k)) * value);
          at<T>(data[0], call.lines.step[0], k) = static_cast<T>(value);
        }
      });
    } else {
      fail(Status::kDtype, "affine_scan is not implemented for ", DTypeOf<T>::value);
    }
  });
}

void pick(const call::Pick& call) {
  visit_size(call.lines.outer.dtype[0], [&]<typename T>() {
    run_lines(call.lines, 1, [&](char* const* data) {
      for (int64_t k = 0; k < call.lines.size; ++k) {
        at<T>(data[0], call.lines.step[0], k) =
            at<T>(data[1], call.lines.step[1], at<int64_t>(data[2], call.lines.step[2], k));
      }
    });
  });
}

void place(const call::Place& call) {
  visit_size(call.lines.outer.dtype[0], [&]<typename T>() {
    run_lines(call.lines, 1, [&](char* const* data) {
      for (int64_t k = 0; k < call.lines.size; ++k) {
        at<T>(data[0], call.lines.step[0], at<int64_t>(data[2], call.lines.step[2], k)) =
            at<T>(data[1], call.lines.step[1], k);
      }
    });
  });
}

}  // namespace

void add_order(KernelTable& table) {
  table.add<call::ArgReduce>(arg_reduce);
  table.add<call::Scan>(scan);
  table.add<call::AffineScan>(affine_scan);
  table.add<call::Pick>(pick);
  table.add<call::Place>(place);
}

}  // namespace tt::cpu
