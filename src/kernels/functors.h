// The pointwise functors: scalar arithmetic written once, compiled for the CPU's loops and for CUDA kernels.
// T is the compute dtype; half types arrive as float. Parameters come from PointwiseParams, whose members
// mean what the comment at the functor says.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/op_params.h"
#include "base/convert.h"
#include "base/macros.h"
#include "kernels/special_functions.h"

namespace tt::functors {

#define TT_FUNCTOR1(name, ...)                                                         \
  struct name {                                                                        \
    template <typename T>                                                              \
    TT_HOST_DEVICE static auto apply(T x, [[maybe_unused]] const PointwiseParams& p) { \
      return __VA_ARGS__;                                                              \
    }                                                                                  \
  };
#define TT_FUNCTOR2(name, ...)                                                              \
  struct name {                                                                             \
    template <typename T>                                                                   \
    TT_HOST_DEVICE static auto apply(T a, T b, [[maybe_unused]] const PointwiseParams& p) { \
      return __VA_ARGS__;                                                                   \
    }                                                                                       \
  };
#define TT_FUNCTOR3(name, ...)                                                                   \
  struct name {                                                                                  \
    template <typename T>                                                                        \
    TT_HOST_DEVICE static auto apply(T a, T b, T c, [[maybe_unused]] const PointwiseParams& p) { \
      return __VA_ARGS__;                                                                        \
    }                                                                                            \
  };

// Integers wrap around: their sums and products are taken in an unsigned type no narrower than int.
template <typename T>
using Wide =
    std::conditional_t<std::is_integral_v<T>, std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>, T>;

template <typename T>
TT_HOST_DEVICE inline T wrap_add(T a, T b) {
  return static_cast<T>(static_cast<Wide<T>>(a) + static_cast<Wide<T>>(b));
}
template <typename T>
TT_HOST_DEVICE inline T wrap_sub(T a, T b) {
  return static_cast<T>(static_cast<Wide<T>>(a) - static_cast<Wide<T>>(b));
}
template <typename T>
TT_HOST_DEVICE inline T wrap_mul(T a, T b) {
  return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b));
}

// A parameter in the compute dtype; integers saturate.
template <typename T>
TT_HOST_DEVICE inline T param(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    if (!(value > static_cast<double>(std::numeric_limits<T>::min()))) return std::numeric_limits<T>::min();
    if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  }
}

// NaN in either wins; of equals (zeros of either sign) the first.
template <typename T>
TT_HOST_DEVICE inline T larger(T a, T b) {
  return a < b || b != b ? b : a;
}
template <typename T>
TT_HOST_DEVICE inline T smaller(T a, T b) {
  return b < a || b != b ? b : a;
}

// These two do not overflow on the way.
template <typename T>
TT_HOST_DEVICE inline T logistic(T x) {
  const T z = std::exp(-std::fabs(x));
  return (x < T(0) ? z : T(1)) / (T(1) + z);
}
template <typename T>
TT_HOST_DEVICE inline T log1p_exp(T x) {
  return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::fabs(x)));
}

// A functor that does one thing to floats and leaves integers alone.
template <typename T, typename F>
TT_HOST_DEVICE inline T floats_only(T x, F&& f) {
  if constexpr (std::is_floating_point_v<T>) {
    return f(x);
  } else {
    return x;
  }
}

// ---- unary ----

TT_FUNCTOR1(abs, floats_only(x < T(0) ? wrap_sub(T(0), x) : x, [](T v) { return std::fabs(v); }))
struct neg {
  template <typename T>
  TT_HOST_DEVICE static T apply(T x, const PointwiseParams&) {
    if constexpr (std::is_floating_point_v<T>) {
      return -x;
    } else {
      return wrap_sub(T(0), x);
    }
  }
};
TT_FUNCTOR1(sign, static_cast<T>((T(0) < x) - (x < T(0))))
TT_FUNCTOR1(exp, std::exp(x))
TT_FUNCTOR1(exp2, std::exp2(x))
TT_FUNCTOR1(expm1, std::expm1(x))
TT_FUNCTOR1(log, std::log(x))
TT_FUNCTOR1(log2, std::log2(x))
TT_FUNCTOR1(log10, std::log10(x))
TT_FUNCTOR1(log1p, std::log1p(x))
TT_FUNCTOR1(sqrt, std::sqrt(x))
TT_FUNCTOR1(rsqrt, T(1) / std::sqrt(x))
TT_FUNCTOR1(square, wrap_mul(x, x))
TT_FUNCTOR1(reciprocal, T(1) / x)
TT_FUNCTOR1(sin, std::sin(x))
TT_FUNCTOR1(cos, std::cos(x))
TT_FUNCTOR1(tan, std::tan(x))
TT_FUNCTOR1(asin, std::asin(x))
TT_FUNCTOR1(acos, std::acos(x))
TT_FUNCTOR1(atan, std::atan(x))
TT_FUNCTOR1(sinh, std::sinh(x))
TT_FUNCTOR1(cosh, std::cosh(x))
TT_FUNCTOR1(tanh, std::tanh(x))
TT_FUNCTOR1(asinh, std::asinh(x))
TT_FUNCTOR1(acosh, std::acosh(x))
TT_FUNCTOR1(atanh, std::atanh(x))
TT_FUNCTOR1(erf, std::erf(x))
TT_FUNCTOR1(erfc, std::erfc(x))
TT_FUNCTOR1(erfinv, static_cast<T>(special::erfinv(x)))
TT_FUNCTOR1(lgamma, static_cast<T>(special::lgamma(x)))
TT_FUNCTOR1(digamma, static_cast<T>(special::digamma(x)))
TT_FUNCTOR1(polygamma, static_cast<T>(special::polygamma(p.a, x)))  // a: the order
TT_FUNCTOR1(sigmoid, logistic(x))
TT_FUNCTOR1(floor, floats_only(x, [](T v) { return std::floor(v); }))
TT_FUNCTOR1(ceil, floats_only(x, [](T v) { return std::ceil(v); }))
TT_FUNCTOR1(trunc, floats_only(x, [](T v) { return std::trunc(v); }))
TT_FUNCTOR1(round, floats_only(x, [](T v) { return std::rint(v); }))  // halves to even
TT_FUNCTOR1(frac, x - std::trunc(x))
// a: 10^|decimals|; b: whether decimals is negative.
TT_FUNCTOR1(round_decimals, p.b != 0 ? std::rint(x / T(p.a)) * T(p.a) : std::rint(x * T(p.a)) / T(p.a))
TT_FUNCTOR1(logical_not, x == T(0))
struct bitwise_not {
  template <typename T>
  TT_HOST_DEVICE static T apply(T x, const PointwiseParams&) {
    if constexpr (std::is_same_v<T, bool>) {
      return !x;
    } else {
      return static_cast<T>(~x);
    }
  }
};
TT_FUNCTOR1(isnan, x != x)
struct isinf {
  template <typename T>
  TT_HOST_DEVICE static bool apply(T x, const PointwiseParams&) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(x) == std::numeric_limits<T>::infinity();
    } else {
      return false;
    }
  }
};
struct isfinite {
  template <typename T>
  TT_HOST_DEVICE static bool apply(T x, const PointwiseParams&) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(x) < std::numeric_limits<T>::infinity();
    } else {
      return true;
    }
  }
};
// a, b, c: what NaN, infinity and minus infinity become.
struct nan_to_num {
  template <typename T>
  TT_HOST_DEVICE static T apply(T x, const PointwiseParams& p) {
    if constexpr (std::is_floating_point_v<T>) {
      constexpr T kInfinity = std::numeric_limits<T>::infinity();
      return x != x ? T(p.a) : x == kInfinity ? T(p.b) : x == -kInfinity ? T(p.c) : x;
    } else {
      return x;
    }
  }
};
// a, b: what to clamp to; a negative for nothing.
struct logit {
  template <typename T>
  TT_HOST_DEVICE static T apply(T x, const PointwiseParams& p) {
    const T low = T(p.a);
    const T high = T(p.b);
    const T z = low < T(0) ? x : x < low ? low : x > high ? high : x;
    return std::log(z / (T(1) - z));
  }
};
TT_FUNCTOR1(clamp, smaller(larger(x, param<T>(p.a)), param<T>(p.b)))  // a, b: the bounds, infinite for none

// ---- activations ----

TT_FUNCTOR1(relu, x < T(0) ? T(0) : x)                                   // NaN stays NaN
TT_FUNCTOR1(hardtanh, smaller(larger(x, param<T>(p.a)), param<T>(p.b)))  // a, b: the bounds
TT_FUNCTOR1(threshold, x <= param<T>(p.a) ? param<T>(p.b) : x)           // a: threshold; b: value
TT_FUNCTOR1(leaky_relu, x > T(0) ? x : x * T(p.a))                       // a: negative slope
// a: alpha; b: scale; c: scale of the input, of its negative side.
struct elu {
  template <typename T>
  TT_HOST_DEVICE static T apply(T x, const PointwiseParams& p) {
    return x < T(0) ? std::expm1(x * T(p.c)) * T(p.a * p.b) : x * T(p.b);  // so zero keeps its sign
  }
};
inline constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
inline constexpr double kSeluScale = 1.0507009873554804934193349852946;
TT_FUNCTOR1(selu, elu::apply(x, PointwiseParams{kSeluAlpha, kSeluScale, 1.0}))
TT_FUNCTOR1(silu, x* logistic(x))
TT_FUNCTOR1(mish, x* std::tanh(log1p_exp(x)))
TT_FUNCTOR1(gelu, x* T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))))
inline constexpr double kGeluBeta = 0.79788456080286535588;  // sqrt(2 / pi)
inline constexpr double kGeluKappa = 0.044715;
TT_FUNCTOR1(gelu_tanh, T(0.5) * x * (T(1) + std::tanh(T(kGeluBeta) * (x + T(kGeluKappa) * x * x * x))))
// a: beta; b: threshold.
TT_FUNCTOR1(softplus, x* T(p.a) > T(p.b) ? x : std::log1p(std::exp(x * T(p.a))) / T(p.a))
TT_FUNCTOR1(hardsigmoid, smaller(larger(x + T(3), T(0)), T(6)) / T(6))
TT_FUNCTOR1(hardswish, x* smaller(larger(x + T(3), T(0)), T(6)) / T(6))
TT_FUNCTOR1(logsigmoid, (x < T(0) ? x : T(0)) - std::log1p(std::exp(-std::fabs(x))))
TT_FUNCTOR1(softshrink, x > T(p.a) ? x - T(p.a) : x < -T(p.a) ? x + T(p.a) : x * T(0))  // a: lambda
TT_FUNCTOR1(hardshrink, x >= -T(p.a) && x <= T(p.a) ? T(0) : x)                         // a: lambda

// ---- binary ----

TT_FUNCTOR2(add, wrap_add(a, b))
TT_FUNCTOR2(sub, wrap_sub(a, b))
TT_FUNCTOR2(mul, wrap_mul(a, b))
TT_FUNCTOR2(add_alpha, wrap_add(a, wrap_mul(param<T>(p.a), b)))  // a: alpha
TT_FUNCTOR2(sub_alpha, wrap_sub(a, wrap_mul(param<T>(p.a), b)))
TT_FUNCTOR2(div, a / b)

// What lies between the operands and a rounded quotient, in the half type that p.a names; 0 for none.
template <typename T>
TT_HOST_DEVICE inline T step(T x, const PointwiseParams& p) {
  if constexpr (std::is_same_v<T, float>) {
    if (p.a != 0) return rounded_to(static_cast<DType>(static_cast<int>(p.a)), x);
  }
  return x;
}
// Integer division never traps: a zero divisor gives 0 (the ops refuse it before), and -1 wraps around.
struct div_trunc {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams& p) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::trunc(step(a / b, p));
    } else {
      if (b == T(0)) return T(0);
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return wrap_sub(T(0), a);
      }
      return static_cast<T>(a / b);
    }
  }
};
struct fmod {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      if (b == T(0)) return T(0);
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return T(0);
      }
      return static_cast<T>(a % b);
    }
  }
};
// The remainder takes the divisor's sign, as Python's.
struct remainder {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams& p) {
    const T rest = fmod::apply(a, b, p);
    return rest != T(0) && (rest < T(0)) != (b < T(0)) ? static_cast<T>(rest + b) : rest;
  }
};
// Python's // for floats: exact where the quotient rounds to an integer from the wrong side.
struct div_floor {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams& p) {
    if constexpr (std::is_floating_point_v<T>) {
      if (b == T(0)) return a / b;
      const T rest = std::fmod(a, b);
      T quotient = step(step(a - rest, p) / b, p);
      if (rest != T(0) && (b < T(0)) != (rest < T(0))) quotient = step(quotient - T(1), p);
      if (quotient == T(0)) return std::copysign(T(0), a / b);
      const T floored = std::floor(quotient);
      return quotient - floored > T(0.5) ? floored + T(1) : floored;
    } else {
      const T quotient = div_trunc::apply(a, b, p);
      const T rest = fmod::apply(a, b, p);
      return rest != T(0) && (rest < T(0)) != (b < T(0)) ? static_cast<T>(quotient - T(1)) : quotient;
    }
  }
};
struct pow {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::pow(a, b);
    } else {
      if (b < T(0)) {
        if (a == T(1)) return T(1);
        if (a == static_cast<T>(-1)) return b % T(2) == T(0) ? T(1) : a;
        return T(0);
      }
      T result = T(1);
      for (auto rest = static_cast<uint64_t>(b); rest != 0; rest >>= 1) {
        if (rest & 1) result = wrap_mul(result, a);
        a = wrap_mul(a, a);
      }
      return result;
    }
  }
};
TT_FUNCTOR2(copysign, std::copysign(a, b))
TT_FUNCTOR2(xlogy, b != b ? b : a == T(0) ? T(0) : a * std::log(b))
TT_FUNCTOR2(atan2, std::atan2(a, b))
TT_FUNCTOR2(hypot, std::hypot(a, b))
TT_FUNCTOR2(maximum, larger(a, b))
TT_FUNCTOR2(minimum, smaller(a, b))
TT_FUNCTOR2(clamp_min, larger(a, b))
TT_FUNCTOR2(clamp_max, smaller(a, b))
struct logaddexp {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    if (a == b && std::fabs(a) == std::numeric_limits<T>::infinity()) return a;
    return larger(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
  }
};
TT_FUNCTOR2(eq, a == b)
TT_FUNCTOR2(ne, a != b)
TT_FUNCTOR2(lt, a < b)
TT_FUNCTOR2(le, a <= b)
TT_FUNCTOR2(gt, a > b)
TT_FUNCTOR2(ge, a >= b)
TT_FUNCTOR2(logical_and, a != T(0) && b != T(0))
TT_FUNCTOR2(logical_or, a != T(0) || b != T(0))
TT_FUNCTOR2(logical_xor, (a != T(0)) != (b != T(0)))
TT_FUNCTOR2(bitwise_and, static_cast<T>(a& b))
TT_FUNCTOR2(bitwise_or, static_cast<T>(a | b))
TT_FUNCTOR2(bitwise_xor, static_cast<T>(a ^ b))
// Counts that are negative or too large shift everything out.
struct bitwise_left_shift {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    constexpr int kBits = 8 * sizeof(T);
    return b < T(0) || b >= T(kBits) ? T(0) : static_cast<T>(static_cast<Wide<T>>(a) << b);
  }
};
struct bitwise_right_shift {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    constexpr int kMost = 8 * sizeof(T) - std::is_signed_v<T>;
    return static_cast<T>(a >> (b < T(0) || b >= T(kMost) ? kMost : static_cast<int>(b)));
  }
};
TT_FUNCTOR2(prelu_kernel, a > T(0) ? a : b * a)

// ---- gradients: a is the incoming one, b the op's input (or, of sigmoid, tanh and relu, its result) ----
// NaN compares false, so the order of the branches says what its gradient is: PyTorch's, on CUDA devices and
// for what the CPU's vectors leave over (its vectors give others).

TT_FUNCTOR2(sigmoid_backward, a*(T(1) - b) * b)
TT_FUNCTOR2(tanh_backward, a*(T(1) - b * b))
TT_FUNCTOR2(threshold_backward, b <= param<T>(p.a) ? T(0) : a)
// a, b: the bounds; c: 1 where there is no lower one, 2 where there is no upper one. 0 at the bounds
// themselves.
TT_FUNCTOR2(clamp_backward, (p.c == 1 || b > param<T>(p.a)) && (p.c == 2 || b < param<T>(p.b)) ? a : T(0))
TT_FUNCTOR2(hardtanh_backward, b <= param<T>(p.a) || b >= param<T>(p.b) ? T(0) : a)  // a, b: the bounds
TT_FUNCTOR2(shrink_backward, b >= -T(p.a) && b <= T(p.a) ? T(0) : a)
TT_FUNCTOR2(leaky_relu_backward, b > T(0) ? a : a * T(p.a))
TT_FUNCTOR2(hardsigmoid_backward, b > T(-3) && b < T(3) ? a * T(1.0 / 6) : T(0))
TT_FUNCTOR2(hardswish_backward, b <= T(-3) ? T(0) : b < T(3) ? a * (b / T(3) + T(0.5)) : a)
TT_FUNCTOR2(elu_backward, b <= T(0) ? a * T(p.a * p.b * p.c) * std::exp(b * T(p.c)) : a * T(p.b))
struct silu_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    const T s = logistic(b);
    return a * s * (T(1) + b * (T(1) - s));
  }
};
struct mish_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    const T t = std::tanh(log1p_exp(b));
    return a * (t + b * logistic(b) * (T(1) - t * t));
  }
};
struct gelu_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    const T cdf = T(0.5) * (T(1) + std::erf(b * T(0.70710678118654752440)));
    const T pdf = T(0.39894228040143267794) * std::exp(T(-0.5) * b * b);
    return a * (cdf + b * pdf);
  }
};
struct gelu_tanh_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    const T t = std::tanh(T(kGeluBeta) * (b + T(kGeluKappa) * b * b * b));
    const T slope = T(kGeluBeta) * (T(1) + T(3 * kGeluKappa) * b * b);
    return a * (T(0.5) * (T(1) + t) + T(0.5) * b * (T(1) - t * t) * slope);
  }
};
struct softplus_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams& p) {
    const T scaled = b * T(p.a);
    if (scaled > T(p.b)) return a;
    const T z = std::exp(scaled);
    return a * z / (z + T(1));
  }
};
struct logsigmoid_backward {
  template <typename T>
  TT_HOST_DEVICE static T apply(T a, T b, const PointwiseParams&) {
    const T z = std::exp(-std::fabs(b));
    const T tail = z / (T(1) + z);
    return a * (b < T(0) ? T(1) - tail : tail);
  }
};

// ---- ternary ----

// From the nearer end, so that weights 0 and 1 are exact.
TT_FUNCTOR3(lerp, std::fabs(c) < T(0.5) ? a + c * (b - a) : b - (b - a) * (T(1) - c))
TT_FUNCTOR3(addcmul, wrap_add(a, wrap_mul(wrap_mul(param<T>(p.a), b), c)))
TT_FUNCTOR3(addcdiv, a + T(p.a) * (b / c))
TT_FUNCTOR3(clamp_tensor, smaller(larger(a, b), c))
// a where b > c, half of it where they are equal, 0 where b < c; a where they cannot be compared.
TT_FUNCTOR3(larger_backward, b < c ? T(0) : b == c ? a / T(2) : a)

}  // namespace tt::functors
