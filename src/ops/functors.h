// The pointwise functors: scalar arithmetic written once, compiled for the CPU's loops and for CUDA kernels.
// T is the compute dtype; half types arrive as float. Parameters come from PointwiseParams.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/backend/pointwise.h"
#include "core/macros.h"

namespace tt::functors {

#define TT_FUNCTOR1(name, expression)                                                  \
  struct name {                                                                        \
    template <typename T>                                                              \
    TT_HOST_DEVICE static auto apply(T x, [[maybe_unused]] const PointwiseParams& p) { \
      return expression;                                                               \
    }                                                                                  \
  };
#define TT_FUNCTOR2(name, expression)                                                       \
  struct name {                                                                             \
    template <typename T>                                                                   \
    TT_HOST_DEVICE static auto apply(T a, T b, [[maybe_unused]] const PointwiseParams& p) { \
      return expression;                                                                    \
    }                                                                                       \
  };

TT_FUNCTOR1(neg, static_cast<T>(-x))
TT_FUNCTOR1(exp, std::exp(x))
TT_FUNCTOR1(log, std::log(x))
TT_FUNCTOR1(sqrt, std::sqrt(x))
TT_FUNCTOR1(tanh, std::tanh(x))
TT_FUNCTOR1(sigmoid, T(1) / (T(1) + std::exp(-x)))
TT_FUNCTOR1(relu, x < T(0) ? T(0) : x)  // NaN stays NaN
TT_FUNCTOR1(isnan, x != x)
TT_FUNCTOR1(abs, static_cast<T>(x < T(0) ? -x : x))
TT_FUNCTOR1(sign, static_cast<T>((T(0) < x) - (x < T(0))))

TT_FUNCTOR2(add, static_cast<T>(a + b))
TT_FUNCTOR2(sub, static_cast<T>(a - b))
TT_FUNCTOR2(mul, static_cast<T>(a* b))
TT_FUNCTOR2(div, a / b)
TT_FUNCTOR2(sigmoid_backward, a* b*(T(1) - b))
TT_FUNCTOR2(tanh_backward, a*(T(1) - b * b))
TT_FUNCTOR2(threshold_backward, b > T(0) ? a : T(0))
TT_FUNCTOR2(eq, a == b)
TT_FUNCTOR2(gt, a > b)

}  // namespace tt::functors
