#include "cpu/reduce/fold.h"

#include <hwy/base.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cpu/pointwise/copy.h"

namespace tt::cpu {

namespace {

#include "cpu/reduce/fold_ops.h"

template <typename A, typename C>
void init_loop(void* acc, int64_t n) {
  std::fill_n(static_cast<A*>(acc), n, C::template identity<A>());
}

template <typename A, typename C>
void combine_loop(void* acc, const void* other, int64_t n) {
  A* a = static_cast<A*>(acc);
  const A* b = static_cast<const A*>(other);
  for (int64_t i = 0; i < n; ++i) a[i] = C::combine(a[i], b[i]);
}

template <typename T, typename F>
void strided_loop(void* out, const char* p, int64_t stride, int64_t n, double center) {
  using A = typename F::Acc;
  using C = typename F::Combine;
  A total = C::template identity<A>();
  int64_t i = 0;
  if (n >= 8) {
    A a[4] = {total, total, total, total};
    for (; i + 4 <= n; i += 4) {
      for (int l = 0; l < 4; ++l) a[l] = C::combine(a[l], mapped<T, F>(p + (i + l) * stride, center));
    }
    total = C::combine(C::combine(a[0], a[1]), C::combine(a[2], a[3]));
  }
  for (; i < n; ++i) total = C::combine(total, mapped<T, F>(p + i * stride, center));
  *static_cast<A*>(out) = total;
}

// For folds without vectors.
template <typename T, typename F>
void dense_loop(void* out, const char* p, int64_t n, double center) {
  using A = typename F::Acc;
  A total = F::Combine::template identity<A>();
  for (int64_t i = 0; i < n; ++i) {
    total = F::Combine::combine(total, mapped<T, F>(p + i * static_cast<int64_t>(sizeof(T)), center));
  }
  *static_cast<A*>(out) = total;
}

template <typename T, typename F>
void columns_loop(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                  const double* center) {
  auto* a = static_cast<typename F::Acc*>(acc);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) {
      a[c] = F::Combine::combine(a[c], mapped<T, F>(in + r * row_stride + c * static_cast<int64_t>(sizeof(T)),
                                                    F::kCentered ? center[c] : 0));
    }
  }
}

template <template <typename> typename F, typename T>
void set(FoldTable& table, Fold fold, DType dtype) {
  using Folded = F<T>;
  using A = typename Folded::Acc;
  FoldKernel& kernel = table.at(fold, dtype);
  kernel.acc_bytes = sizeof(A);
  kernel.centered = Folded::kCentered;
  kernel.element = kernel.input = dtype;
  kernel.init = init_loop<A, typename Folded::Combine>;
  kernel.combine = combine_loop<A, typename Folded::Combine>;
  kernel.strided = strided_loop<T, Folded>;
  if constexpr (!Folded::kVectors) {
    kernel.dense = dense_loop<T, Folded>;
    kernel.plain_columns = columns_loop<T, Folded>;
  }
}

template <template <typename> typename F>
void set_floating(FoldTable& table, Fold fold) {
  set<F, float>(table, fold, DType::kFloat32);
  set<F, double>(table, fold, DType::kFloat64);
}
template <template <typename> typename F>
void set_all(FoldTable& table, Fold fold) {
  set<F, uint8_t>(table, fold, DType::kUInt8);
  set<F, int8_t>(table, fold, DType::kInt8);
  set<F, int16_t>(table, fold, DType::kInt16);
  set<F, int32_t>(table, fold, DType::kInt32);
  set<F, int64_t>(table, fold, DType::kInt64);
  set_floating<F>(table, fold);
}

FoldTable make_table() {
  FoldTable table;
  set_all<SumFold>(table, Fold::kSum);
  set_floating<NanSumFold>(table, Fold::kNanSum);
  set_all<ProdFold>(table, Fold::kProd);
  set_all<MaxFold>(table, Fold::kMax);
  set_all<MinFold>(table, Fold::kMin);
  set_all<NonzeroFold>(table, Fold::kNonzero);
  set_all<ZeroFold>(table, Fold::kZero);
  set_all<CountFold>(table, Fold::kCount);
  set_floating<AbsSumFold>(table, Fold::kAbsSum);
  set_floating<SquaresFold>(table, Fold::kSquares);
  set_floating<AbsMaxFold>(table, Fold::kAbsMax);
  set_floating<AbsMinFold>(table, Fold::kAbsMin);
  set_floating<SumDoubleFold>(table, Fold::kSumDouble);
  set_floating<DeviationsFold>(table, Fold::kDeviations);
  set_floating<PowersFold>(table, Fold::kPowers);
  set_floating<ExpsFold>(table, Fold::kExps);
  add_vector_folds(table);
  for (auto& kernels : table.kernels) {
    // Half types are folded as float, bool as the bytes 0 and 1.
    FoldKernel& half = kernels[static_cast<int>(DType::kFloat16)];
    half = kernels[static_cast<int>(DType::kFloat32)];
    half.input = DType::kFloat16;
    FoldKernel& bfloat = kernels[static_cast<int>(DType::kBFloat16)];
    bfloat = half;
    bfloat.input = DType::kBFloat16;
    kernels[static_cast<int>(DType::kBool)] = kernels[static_cast<int>(DType::kUInt8)];
  }
  return table;
}

}  // namespace

// The order of the additions is the same as without conversion: a block at a time, and a tail of columns only
// at the end of a row.
void FoldKernel::converted_block(void* out, const char* in, int64_t stride, int64_t n, double center) const {
  alignas(64) float block[kFoldBlock];
  auto* to = reinterpret_cast<char*>(block);
  convert_row(to, sizeof(float), element, in, stride, input, n);
  if (stride == static_cast<int64_t>(size_of(input))) {
    dense(out, to, n, center);
  } else {
    strided(out, to, sizeof(float), n, center);
  }
}

void FoldKernel::converted_columns(char* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                                   const double* center) const {
  constexpr int64_t kRows = 8, kColumns = 256;
  alignas(64) float block[kRows * kColumns];
  const auto bytes = static_cast<int64_t>(size_of(input));
  for (int64_t r = 0; r < rows; r += kRows) {
    const int64_t count = std::min(kRows, rows - r);
    for (int64_t c = 0; c < cols; c += kColumns) {
      const int64_t width = std::min(kColumns, cols - c);
      for (int64_t i = 0; i < count; ++i) {
        convert_row(reinterpret_cast<char*>(block + i * kColumns), sizeof(float), element,
                    in + (r + i) * row_stride + c * bytes, bytes, input, width);
      }
      plain_columns(acc + c * acc_bytes, reinterpret_cast<const char*>(block), kColumns * sizeof(float),
                    count, width, centered ? center + c : nullptr);
    }
  }
}

void FoldKernel::block(void* out, const char* in, int64_t stride, int64_t n, double center) const {
  if (input != element) {
    converted_block(out, in, stride, n, center);
  } else if (stride == static_cast<int64_t>(size_of(element))) {
    dense(out, in, n, center);
  } else {
    strided(out, in, stride, n, center);
  }
}

// Pairwise over blocks: the rounding error grows with the logarithm of n.
void FoldKernel::pairwise(void* out, const char* in, int64_t stride, int64_t n, double center) const {
  const int64_t most = stride == static_cast<int64_t>(size_of(input)) ? kFoldBlock : kStridedBlock;
  if (n <= most) return block(out, in, stride, n, center);
  const int64_t half = (n / 2 + most - 1) / most * most;
  alignas(8) char right[8];
  pairwise(out, in, stride, half, center);
  pairwise(right, in + half * stride, stride, n - half, center);
  combine(out, right, 1);
}

void FoldKernel::row(void* acc, const char* in, int64_t stride, int64_t n, const double* center) const {
  alignas(8) char total[8];
  pairwise(total, in, stride, n, center != nullptr ? *center : 0);
  combine(acc, total, 1);
}

void FoldKernel::columns(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                         const double* center) const {
  auto* a = static_cast<char*>(acc);
  const auto bytes = static_cast<int64_t>(size_of(input));
  // Few dense columns: several rows make one wide one, which vectors fit.
  if (!centered && cols < 2 * lanes && row_stride == cols * bytes && rows * cols >= 16 * lanes) {
    alignas(64) char wide[8 * 64];  // 8 vectors
    const int64_t fold = 8 * lanes / cols;
    const int64_t wide_rows = rows / fold;
    init(wide, fold * cols);
    columns(wide, in, fold * row_stride, wide_rows, fold * cols, nullptr);
    for (int64_t part = 0; part < fold; ++part) combine(a, wide + part * cols * acc_bytes, cols);
    in += wide_rows * fold * row_stride;
    rows -= wide_rows * fold;
  }
  if (input != element) {
    converted_columns(a, in, row_stride, rows, cols, center);
  } else {
    plain_columns(a, in, row_stride, rows, cols, center);
  }
}

const FoldKernel& fold_kernel(Fold fold, DType dtype) {
  static const FoldTable table = make_table();
  return table.kernels[static_cast<int>(fold)][static_cast<int>(dtype)];
}

}  // namespace tt::cpu
