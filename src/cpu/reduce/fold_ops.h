// What the folds of fold.h do to one element, or to a vector of them. Included once per instruction set,
// inside the namespace of the target: no include guard.

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

// How accumulators are put together; identity: the fold of nothing.
struct Sum {
  template <typename A>
  static constexpr A identity() {
    return 0;
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a + b;
  }
};
struct Product {
  template <typename A>
  static constexpr A identity() {
    return 1;
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a * b;
  }
};
struct Greatest {
  template <typename A>
  static constexpr A identity() {
    return lowest<A>();
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return greater_or_nan(a, b);
  }
};
struct Least {
  template <typename A>
  static constexpr A identity() {
    return highest<A>();
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return less_or_nan(a, b);
  }
};
struct Either {
  template <typename A>
  static constexpr A identity() {
    return 0;
  }
  template <typename X>
  static HWY_INLINE X combine(X a, X b) {
    return a | b;
  }
};

// Acc: the accumulator's type; kVectors: map works on vectors too; kCentered: it takes a center.
template <typename A, typename C, bool kOnVectors = true, bool kWithCenter = false>
struct FoldTraits {
  using Acc = A;
  using Combine = C;
  static constexpr bool kVectors = kOnVectors, kCentered = kWithCenter;
};
template <typename T>
struct SumFold : FoldTraits<Wide<T>, Sum> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<Wide<T>>(x);
  }
};
template <typename T>
struct NanSumFold : FoldTraits<Wide<T>, Sum> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x == x ? x : X{};
  }
};
template <typename T>
struct ProdFold : FoldTraits<Wide<T>, Product, false> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<Wide<T>>(x);
  }
};
template <typename T>
struct MaxFold : FoldTraits<T, Greatest> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x;
  }
};
template <typename T>
struct MinFold : FoldTraits<T, Least> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x;
  }
};
template <typename T>
struct NonzeroFold : FoldTraits<MaskOf<T>, Either> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return differs_from_zero(x);
  }
};
template <typename T>
struct ZeroFold : FoldTraits<MaskOf<T>, Either> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return equals_zero(x);
  }
};
template <typename T>
struct CountFold : FoldTraits<uint64_t, Sum, false> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return -to<uint64_t>(differs_from_zero(x));
  }
};
template <typename T>
struct AbsSumFold : FoldTraits<Wide<T>, Sum> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct SquaresFold : FoldTraits<Wide<T>, Sum> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return x * x;
  }
};
template <typename T>
struct AbsMaxFold : FoldTraits<T, Greatest> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct AbsMinFold : FoldTraits<T, Least, false> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return magnitude(x);
  }
};
template <typename T>
struct SumDoubleFold : FoldTraits<double, Sum> {
  template <typename X>
  static HWY_INLINE auto map(X x) {
    return to<double>(x);
  }
};
template <typename T>
struct DeviationsFold : FoldTraits<double, Sum, true, true> {
  template <typename X, typename D>
  static HWY_INLINE D map(X x, D center) {
    const D d = to<double>(x) - center;
    return d * d;
  }
};
template <typename T>
struct PowersFold : FoldTraits<double, Sum, false, true> {
  static HWY_INLINE double map(double x, double center) { return std::pow(std::fabs(x), center); }
};
template <typename T>
struct ExpsFold : FoldTraits<double, Sum, false, true> {
  static HWY_INLINE double map(double x, double center) {
    if (std::isinf(center)) center = 0;
    if constexpr (std::is_same_v<T, double>) {
      return std::exp(x - center);
    } else {
      return std::exp(static_cast<float>(x - center));
    }
  }
};

// One element, folded.
template <typename T, typename F>
HWY_INLINE typename F::Acc mapped(const char* p, [[maybe_unused]] double center) {
  if constexpr (F::kCentered) {
    return F::map(*reinterpret_cast<const T*>(p), center);
  } else {
    return F::map(*reinterpret_cast<const T*>(p));
  }
}
