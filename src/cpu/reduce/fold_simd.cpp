// The inner loops of the folds that have vectors, on the compiler's own (GCC's and Clang's vector extension),
// as wide as the target's.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/reduce/fold_simd.cpp"
#define TT_CPU_WITHOUT_SSE4
#define TT_CPU_WITHOUT_SVE
#include "cpu/runtime/targets.h"
// The lines above choose what the next one repeats this file for.
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cpu/reduce/fold.h"

// Vectors are arguments of inlined functions only.
#pragma GCC diagnostic ignored "-Wpsabi"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

#include "cpu/reduce/fold_ops.h"

constexpr int kVectorBytes = HWY_MAX_BYTES < 16 ? 16 : HWY_MAX_BYTES;

// Integers, whose folds are exact, have no loops of their own for AVX-512.
#if defined(__x86_64__)
constexpr bool kIntegers = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_STATIC_TARGET;
#else
constexpr bool kIntegers = true;
#endif

template <typename T, typename F>
struct Loops {
  using A = typename F::Acc;
  using Combine = typename F::Combine;
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(A));
  using V = Vec<A, kLanes>;
  static constexpr int64_t kBytes = sizeof(T);

  static HWY_INLINE V vector(const char* p, [[maybe_unused]] V center) {
    Vec<T, kLanes> x;
    std::memcpy(&x, p, sizeof(x));
    if constexpr (F::kCentered) {
      return F::map(x, center);
    } else {
      return F::map(x);
    }
  }
  static HWY_INLINE V broadcast(A a) { return V{} + a; }

  static void dense(void* out, const char* p, int64_t n, double center) {
    int64_t i = 0;
    A total = Combine::template identity<A>();
    if (n >= kLanes) {
      V c{};
      if constexpr (F::kCentered) c = broadcast(center);
      V a0 = broadcast(total), a1 = a0, a2 = a0, a3 = a0;
      for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
        const char* q = p + i * kBytes;
        a0 = Combine::combine(a0, vector(q, c));
        a1 = Combine::combine(a1, vector(q + kLanes * kBytes, c));
        a2 = Combine::combine(a2, vector(q + 2 * kLanes * kBytes, c));
        a3 = Combine::combine(a3, vector(q + 3 * kLanes * kBytes, c));
      }
      for (; i + kLanes <= n; i += kLanes) a0 = Combine::combine(a0, vector(p + i * kBytes, c));
      a0 = Combine::combine(Combine::combine(a0, a1), Combine::combine(a2, a3));
      A lanes[kLanes];
      std::memcpy(lanes, &a0, sizeof(lanes));
#pragma GCC unroll 1  // once a block: not worth its code unrolled
      for (int half = kLanes / 2; half > 0; half /= 2) {
#pragma GCC unroll 1
        for (int l = 0; l < half; ++l) lanes[l] = Combine::combine(lanes[l], lanes[l + half]);
      }
      total = lanes[0];
    }
    for (; i < n; ++i) total = Combine::combine(total, mapped<T, F>(p + i * kBytes, center));
    *static_cast<A*>(out) = total;
  }

  // kRows rows at once, so that the accumulators are read and written once for all of them.
  template <int kRows>
  static HWY_INLINE void add_rows(A* acc, const char* in, int64_t row_stride, int64_t cols,
                                  [[maybe_unused]] const double* center) {
    int64_t c = 0;
    for (; c + kLanes <= cols; c += kLanes) {
      V at{};
      if constexpr (F::kCentered) std::memcpy(&at, center + c, sizeof(at));
      V v[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) v[r] = vector(in + r * row_stride + c * kBytes, at);
#pragma GCC unroll 4
      for (int step = 1; step < kRows; step *= 2) {
#pragma GCC unroll 4
        for (int r = 0; r + step < kRows; r += 2 * step) v[r] = Combine::combine(v[r], v[r + step]);
      }
      V a;
      std::memcpy(&a, acc + c, sizeof(a));
      a = Combine::combine(a, v[0]);
      std::memcpy(acc + c, &a, sizeof(a));
    }
    for (; c < cols; ++c) {
      double at = 0;
      if constexpr (F::kCentered) at = center[c];
      A total = acc[c];
#pragma GCC unroll 1
      for (int r = 0; r < kRows; ++r) {
        total = Combine::combine(total, mapped<T, F>(in + r * row_stride + c * kBytes, at));
      }
      acc[c] = total;
    }
  }

  static void columns(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                      const double* center) {
    A* a = static_cast<A*>(acc);
    int64_t r = 0;
    for (; r + 8 <= rows; r += 8) add_rows<8>(a, in + r * row_stride, row_stride, cols, center);
    for (; r < rows; ++r) add_rows<1>(a, in + r * row_stride, row_stride, cols, center);
  }
};

template <template <typename> typename F, typename T, bool kWanted>
void set(FoldKernel& kernel) {
  if constexpr (kWanted) {
    using L = Loops<T, F<T>>;
    kernel.lanes = L::kLanes;
    kernel.dense = L::dense;
    kernel.plain_columns = L::columns;
  }
}

template <template <typename> typename F>
void set_floating(FoldTable& table, Fold fold) {
  set<F, float, true>(table.at(fold, DType::kFloat32));
  set<F, double, true>(table.at(fold, DType::kFloat64));
}
template <template <typename> typename F>
void set_all(FoldTable& table, Fold fold) {
  set<F, uint8_t, kIntegers>(table.at(fold, DType::kUInt8));
  set<F, int8_t, kIntegers>(table.at(fold, DType::kInt8));
  set<F, int16_t, kIntegers>(table.at(fold, DType::kInt16));
  set<F, int32_t, kIntegers>(table.at(fold, DType::kInt32));
  set<F, int64_t, kIntegers>(table.at(fold, DType::kInt64));
  set_floating<F>(table, fold);
}

void add_folds(FoldTable& table) {
  set_all<SumFold>(table, Fold::kSum);
  set_floating<NanSumFold>(table, Fold::kNanSum);
  set_all<MaxFold>(table, Fold::kMax);
  set_all<MinFold>(table, Fold::kMin);
  set_all<NonzeroFold>(table, Fold::kNonzero);
  set_all<ZeroFold>(table, Fold::kZero);
  set_floating<AbsSumFold>(table, Fold::kAbsSum);
  set_floating<SquaresFold>(table, Fold::kSquares);
  set_floating<AbsMaxFold>(table, Fold::kAbsMax);
  set_floating<SumDoubleFold>(table, Fold::kSumDouble);
  set_floating<DeviationsFold>(table, Fold::kDeviations);
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

void add_vector_folds(FoldTable& table) {
#if defined(__x86_64__)
  if (isa() >= Isa::kAvx512) N_AVX2::add_folds(table);  // the integers
#endif
  TT_CPU_DISPATCH(add_folds)(table);
}

}  // namespace tt::cpu
#endif
