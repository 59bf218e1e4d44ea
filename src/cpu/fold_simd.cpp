// The fold kernels, on vectors of the compiler's (GCC's and Clang's vector extension) as wide as the
// target's.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/fold_simd.cpp"
#include "cpu/targets.h"
// The line above chooses what the next one repeats this file for.
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cpu/fold.h"

// Vectors are arguments of inlined functions only.
#pragma GCC diagnostic ignored "-Wpsabi"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

constexpr int kVectorBytes = HWY_MAX_BYTES < 16 ? 16 : HWY_MAX_BYTES;

template <typename T, int kLanes>
struct VectorOf {
  typedef T type __attribute__((vector_size(sizeof(T) * kLanes)));
};
template <typename T, int kLanes>
using Vec = typename VectorOf<T, kLanes>::type;

template <int kBytes>
using Int = std::conditional_t<
    kBytes == 1, int8_t,
    std::conditional_t<kBytes == 2, int16_t, std::conditional_t<kBytes == 4, int32_t, int64_t>>>;

// The type arithmetic on T happens in.
template <typename T>
using Computed = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float,
                                    std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;

template <typename T>
HWY_INLINE Computed<T> load(const char* p) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<uint8_t>(*p != 0);
  } else {
    return static_cast<Computed<T>>(*reinterpret_cast<const T*>(p));
  }
}

// kLanes dense elements, converted.
template <typename T, int kLanes>
HWY_INLINE Vec<Computed<T>, kLanes> load_vector(const char* p) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    Vec<uint16_t, kLanes> bits;
    std::memcpy(&bits, p, sizeof(bits));
    const auto wide = __builtin_convertvector(bits, Vec<uint32_t, kLanes>);
    Vec<uint32_t, kLanes> out;
    if constexpr (std::is_same_v<T, BFloat16>) {
      out = wide << 16;
    } else {
      // The exponent moves from bias 15 to 127 by a product, which also makes subnormals right.
      const Vec<uint32_t, kLanes> shifted = (wide & 0x7fffu) << 13;
      Vec<float, kLanes> magnitude;
      std::memcpy(&magnitude, &shifted, sizeof(magnitude));
      magnitude *= 0x1p112f;
      std::memcpy(&out, &magnitude, sizeof(out));
      out = (shifted >= 0x0f800000u) ? (shifted | 0x7f800000u) : out;
      out |= (wide & 0x8000u) << 16;
    }
    Vec<float, kLanes> result;
    std::memcpy(&result, &out, sizeof(result));
    return result;
  } else {
    Vec<Computed<T>, kLanes> v;
    std::memcpy(&v, p, sizeof(v));
    return v;
  }
}

// ---- the folds: map works on values and on vectors alike ----

template <typename T>
using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t,
                                std::conditional_t<std::is_same_v<T, double>, double, float>>;
template <typename C>
using MaskOf = Int<static_cast<int>(sizeof(C))>;

// |x| with a clear sign bit.
template <typename X>
HWY_INLINE X magnitude(X x) {
  return (x < 0 ? -x : x) + 0;
}

// `to<A>(x)`: a value as A, or a vector as a vector of A.
template <typename A, typename X>
HWY_INLINE auto to(X x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return static_cast<A>(x);
  } else {
    constexpr int kLanes = sizeof(X) / sizeof(x[0]);
    return __builtin_convertvector(x, Vec<A, kLanes>);
  }
}

// Comparisons as -1 or 0 in an integer as wide as the operands.
template <typename X>
HWY_INLINE auto equals_zero(X x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return static_cast<MaskOf<X>>(x == 0 ? -1 : 0);
  } else {
    return x == 0;
  }
}
template <typename X>
HWY_INLINE auto differs_from_zero(X x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return static_cast<MaskOf<X>>(x != 0 ? -1 : 0);
  } else {
    return x != 0;
  }
}

template <typename X>
HWY_INLINE X greater_or_nan(X a, X b) {
  if constexpr (std::is_arithmetic_v<X>) {
    return (a > b || a != a) ? a : b;
  } else {
    return ((a > b) | (a != a)) ? a : b;
  }
}
template <typename X>
HWY_INLINE X less_or_nan(X a, X b) {
  if constexpr (std::is_arithmetic_v<X>) {
    return (a < b || a != a) ? a : b;
  } else {
    return ((a < b) | (a != a)) ? a : b;
  }
}

template <typename A>
constexpr A lowest() {
  if constexpr (std::is_floating_point_v<A>) return -std::numeric_limits<A>::infinity();
  return std::numeric_limits<A>::lowest();
}
template <typename A>
constexpr A highest() {
  if constexpr (std::is_floating_point_v<A>) return std::numeric_limits<A>::infinity();
  return std::numeric_limits<A>::max();
}

// kAcc: the accumulator's type; kIdentity; kVectors: map works on vectors; kCentered: it takes a center.
template <typename T, typename A>
struct AddFold {
  using Acc = A;
  static constexpr bool kVectors = true, kCentered = false;
  static constexpr Acc identity() { return 0; }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a + b;
  }
};
template <typename T>
struct SumFold : AddFold<T, Wide<T>> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<Wide<T>>(x);
  }
};
template <typename T>
struct NanSumFold : AddFold<T, Wide<T>> {
  static constexpr bool kVectors = false;
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x == x ? x : X{};
  }
};
template <typename T>
struct ProdFold : AddFold<T, Wide<T>> {
  static constexpr bool kVectors = false;
  static constexpr Wide<T> identity() { return 1; }
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<Wide<T>>(x);
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a * b;
  }
};
template <typename T>
struct MaxFold : AddFold<T, Computed<T>> {
  static constexpr Computed<T> identity() { return lowest<Computed<T>>(); }
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x;
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return greater_or_nan(a, b);
  }
};
template <typename T>
struct MinFold : AddFold<T, Computed<T>> {
  static constexpr Computed<T> identity() { return highest<Computed<T>>(); }
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x;
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return less_or_nan(a, b);
  }
};
template <typename T>
struct NonzeroFold : AddFold<T, MaskOf<Computed<T>>> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return differs_from_zero(x);
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a | b;
  }
};
template <typename T>
struct ZeroFold : NonzeroFold<T> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return equals_zero(x);
  }
};
template <typename T>
struct CountFold : AddFold<T, uint64_t> {
  static constexpr bool kVectors = false;
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return -to<uint64_t>(differs_from_zero(x));
  }
};
template <typename T>
struct AbsSumFold : AddFold<T, Wide<T>> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct SquaresFold : AddFold<T, Wide<T>> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x * x;
  }
};
template <typename T>
struct AbsMaxFold : MaxFold<T> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct AbsMinFold : MinFold<T> {
  static constexpr bool kVectors = false;
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct SumDoubleFold : AddFold<T, double> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<double>(x);
  }
};
template <typename T>
struct DeviationsFold : AddFold<T, double> {
  static constexpr bool kCentered = true;
  template <typename X, typename D>
  static HWY_INLINE D map(X x, D center) {
    const D d = to<double>(x) - center;
    return d * d;
  }
};
template <typename T>
struct PowersFold : AddFold<T, double> {
  static constexpr bool kVectors = false, kCentered = true;
  static HWY_INLINE double map(double x, double center) { return std::pow(std::fabs(x), center); }
};
template <typename T>
struct ExpsFold : AddFold<T, double> {
  static constexpr bool kVectors = false, kCentered = true;
  static HWY_INLINE double map(double x, double center) {
    if (std::isinf(center)) center = 0;
    if constexpr (std::is_same_v<T, double>) {
      return std::exp(x - center);
    } else {
      return std::exp(static_cast<float>(x - center));
    }
  }
};

// ---- kernels ----

template <typename T, typename F>
struct Kernels {
  using A = typename F::Acc;
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(A));
  using V = Vec<A, kLanes>;
  static constexpr int64_t kBytes = sizeof(T);

  static HWY_INLINE A value(const char* p, [[maybe_unused]] double center) {
    if constexpr (F::kCentered) {
      return F::map(load<T>(p), center);
    } else {
      return F::map(load<T>(p));
    }
  }
  static HWY_INLINE V vector(const char* p, [[maybe_unused]] V center) {
    if constexpr (F::kCentered) {
      return F::map(load_vector<T, kLanes>(p), center);
    } else {
      return F::map(load_vector<T, kLanes>(p));
    }
  }
  static HWY_INLINE V broadcast(A a) { return V{} + a; }

  static void init(void* acc, int64_t n) {
    for (int64_t i = 0; i < n; ++i) static_cast<A*>(acc)[i] = F::identity();
  }

  static void combine(void* acc, const void* other, int64_t n) {
    A* a = static_cast<A*>(acc);
    const A* b = static_cast<const A*>(other);
    for (int64_t i = 0; i < n; ++i) a[i] = F::combine(a[i], b[i]);
  }

  // At most kFoldBlock dense elements.
  static A block(const char* p, int64_t n, double center) {
    int64_t i = 0;
    A total = F::identity();
    if constexpr (F::kVectors) {
      if (n >= kLanes) {
        V c{};
        if constexpr (F::kCentered) c = broadcast(center);
        V a0 = broadcast(F::identity()), a1 = a0, a2 = a0, a3 = a0;
        for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
          const char* q = p + i * kBytes;
          a0 = F::combine(a0, vector(q, c));
          a1 = F::combine(a1, vector(q + kLanes * kBytes, c));
          a2 = F::combine(a2, vector(q + 2 * kLanes * kBytes, c));
          a3 = F::combine(a3, vector(q + 3 * kLanes * kBytes, c));
        }
        for (; i + kLanes <= n; i += kLanes) a0 = F::combine(a0, vector(p + i * kBytes, c));
        a0 = F::combine(F::combine(a0, a1), F::combine(a2, a3));
        A lanes[kLanes];
        std::memcpy(lanes, &a0, sizeof(lanes));
        for (int half = kLanes / 2; half > 0; half /= 2) {
          for (int l = 0; l < half; ++l) lanes[l] = F::combine(lanes[l], lanes[l + half]);
        }
        total = lanes[0];
      }
    }
    for (; i < n; ++i) total = F::combine(total, value(p + i * kBytes, center));
    return total;
  }

  static A strided_block(const char* p, int64_t stride, int64_t n, double center) {
    A total = F::identity();
    int64_t i = 0;
    if (n >= 8) {
      A a[4] = {total, total, total, total};
      for (; i + 4 <= n; i += 4) {
        for (int l = 0; l < 4; ++l) a[l] = F::combine(a[l], value(p + (i + l) * stride, center));
      }
      total = F::combine(F::combine(a[0], a[1]), F::combine(a[2], a[3]));
    }
    for (; i < n; ++i) total = F::combine(total, value(p + i * stride, center));
    return total;
  }

  // Pairwise over blocks: the rounding error grows with the logarithm of n.
  static A pairwise(const char* p, int64_t stride, int64_t n, double center) {
    if (n <= kFoldBlock) {
      return stride == kBytes ? block(p, n, center) : strided_block(p, stride, n, center);
    }
    const int64_t half = (n / 2 + kFoldBlock - 1) / kFoldBlock * kFoldBlock;
    return F::combine(pairwise(p, stride, half, center),
                      pairwise(p + half * stride, stride, n - half, center));
  }

  static void row(void* acc, const char* in, int64_t stride, int64_t n, const double* center) {
    A* a = static_cast<A*>(acc);
    *a = F::combine(*a, pairwise(in, stride, n, center != nullptr ? *center : 0));
  }

  // kRows rows at once, so that the accumulators are read and written once for all of them.
  template <int kRows>
  static HWY_INLINE void add_rows(A* acc, const char* in, int64_t row_stride, int64_t cols,
                                  [[maybe_unused]] const double* center) {
    int64_t c = 0;
    if constexpr (F::kVectors) {
      for (; c + kLanes <= cols; c += kLanes) {
        V at{};
        if constexpr (F::kCentered) std::memcpy(&at, center + c, sizeof(at));
        V v[kRows];
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) v[r] = vector(in + r * row_stride + c * kBytes, at);
#pragma GCC unroll 4
        for (int step = 1; step < kRows; step *= 2) {
#pragma GCC unroll 4
          for (int r = 0; r + step < kRows; r += 2 * step) v[r] = F::combine(v[r], v[r + step]);
        }
        V a;
        std::memcpy(&a, acc + c, sizeof(a));
        a = F::combine(a, v[0]);
        std::memcpy(acc + c, &a, sizeof(a));
      }
    }
    for (; c < cols; ++c) {
      double at = 0;
      if constexpr (F::kCentered) at = center[c];
      A total = acc[c];
      for (int r = 0; r < kRows; ++r) {
        total = F::combine(total, value(in + r * row_stride + c * kBytes, at));
      }
      acc[c] = total;
    }
  }

  static void columns(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                      const double* center) {
    A* a = static_cast<A*>(acc);
    // Few dense columns: several rows make one wide one, which vectors fit.
    if constexpr (F::kVectors && !F::kCentered) {
      constexpr int64_t kWidest = 8 * kLanes;
      if (cols < 2 * kLanes && row_stride == cols * kBytes && rows * cols >= 16 * kLanes) {
        const int64_t fold = kWidest / cols;
        alignas(64) A wide[kWidest];
        init(wide, fold * cols);
        const int64_t wide_rows = rows / fold;
        columns(wide, in, fold * row_stride, wide_rows, fold * cols, nullptr);
        for (int64_t part = 0; part < fold; ++part) combine(a, wide + part * cols, cols);
        in += wide_rows * fold * row_stride;
        rows -= wide_rows * fold;
      }
    }
    int64_t r = 0;
    for (; r + 8 <= rows; r += 8) add_rows<8>(a, in + r * row_stride, row_stride, cols, center);
    for (; r < rows; ++r) add_rows<1>(a, in + r * row_stride, row_stride, cols, center);
  }

  static constexpr FoldKernel kernel() { return {sizeof(A), init, row, columns, combine}; }
};

template <template <typename> typename F, bool kFloatingOnly, typename T>
constexpr FoldKernel entry() {
  if constexpr (kFloatingOnly && std::is_integral_v<T>) {
    return {};
  } else {
    return Kernels<T, F<T>>::kernel();
  }
}

#define TT_FOLD_ENTRY(enumerator, type) entry<kFold, kFloatingOnly, type>(),
template <template <typename> typename kFold, bool kFloatingOnly>
struct FoldRow {
  static constexpr FoldKernel kKernels[] = {TT_FORALL_DTYPES(TT_FOLD_ENTRY)};
};
#undef TT_FOLD_ENTRY

// In the order of Fold.
constexpr const FoldKernel* kFolds[] = {
    FoldRow<SumFold, false>::kKernels,      FoldRow<NanSumFold, true>::kKernels,
    FoldRow<ProdFold, false>::kKernels,     FoldRow<MaxFold, false>::kKernels,
    FoldRow<MinFold, false>::kKernels,      FoldRow<NonzeroFold, false>::kKernels,
    FoldRow<ZeroFold, false>::kKernels,     FoldRow<CountFold, false>::kKernels,
    FoldRow<AbsSumFold, true>::kKernels,    FoldRow<SquaresFold, true>::kKernels,
    FoldRow<AbsMaxFold, true>::kKernels,    FoldRow<AbsMinFold, true>::kKernels,
    FoldRow<SumDoubleFold, true>::kKernels, FoldRow<DeviationsFold, true>::kKernels,
    FoldRow<PowersFold, true>::kKernels,    FoldRow<ExpsFold, true>::kKernels,
};
static_assert(sizeof(kFolds) / sizeof(kFolds[0]) == static_cast<size_t>(Fold::kFoldCount));

const FoldKernel* const* get_folds() { return kFolds; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

const FoldKernel& fold_kernel(Fold fold, DType dtype) {
  static const FoldKernel* const* const folds = TT_CPU_DISPATCH(get_folds)();
  return folds[static_cast<int>(fold)][static_cast<int>(dtype)];
}

}  // namespace tt::cpu
#endif
