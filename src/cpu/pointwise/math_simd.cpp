// Vector code for the ops whose time goes into a transcendental function: Highway's functions, with the
// special values that they leave out put right. Lanes beyond a function's range go to the C library.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/pointwise/math_simd.cpp"
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// Per target, so it follows foreach_target.h.
#include <hwy/contrib/math/math-inl.h>

#include <cmath>
#include <limits>

#include "cpu/pointwise/pointwise.h"
#include "cpu/pointwise/simd_exp.h"
#include "cpu/pointwise/simd_log.h"
#include "cpu/runtime/simd_tail.h"
#include "kernels/functors.h"

// Machines before AVX2 do with the scalar loops.
#if !defined(__x86_64__) || HWY_TARGET <= HWY_AVX2
HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename D>
using V = hn::Vec<D>;

template <typename D>
V<D> infinity(D d) {
  return hn::Set(d, std::numeric_limits<hn::TFromD<D>>::infinity());
}
template <typename D>
V<D> constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}
// result, but x where x is NaN.
template <typename D>
V<D> keep_nan(D, V<D> x, V<D> result) {
  return hn::IfThenElse(hn::Eq(x, x), result, x);
}

// Of any function that is like the logarithm above `zero`: minus infinity there, NaN below.
template <typename D>
V<D> log_range(D d, V<D> x, V<D> y, double zero) {
  const V<D> z = constant(d, zero);
  y = hn::IfThenElse(hn::Eq(x, infinity(d)), x, y);
  y = hn::IfThenElse(hn::Eq(x, z), hn::Neg(infinity(d)), y);
  y = hn::IfThenElse(hn::Lt(x, z), constant(d, std::numeric_limits<double>::quiet_NaN()), y);
  return keep_nan(d, x, y);
}

template <typename D>
V<D> sigmoid_of(D d, V<D> x) {
  const V<D> one = constant(d, 1);
  const V<D> z = exp_of(d, hn::Neg(hn::Abs(x)));  // does not overflow
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), z, one), hn::Add(one, z));
}

template <typename D>
V<D> tanh_of(D d, V<D> x) {
  // 1 beyond 19, which keeps what Highway computes with in range.
  const V<D> most = constant(d, 20);
  return keep_nan(d, x, hn::Tanh(d, hn::Min(hn::Max(x, hn::Neg(most)), most)));
}

template <typename D>
V<D> expm1_of(D d, V<D> x) {
  constexpr double kMost = sizeof(hn::TFromD<D>) == 4 ? 88.72283172607421875 : 709.782712893383973096;
  // -1 from -40 on, likewise.
  const V<D> y = hn::Expm1(d, hn::Max(hn::Min(x, constant(d, kMost)), constant(d, -100)));
  // Tiny values are their own result: that also keeps the sign of zero.
  const V<D> z = hn::IfThenElse(hn::Lt(hn::Abs(x), constant(d, 1e-30)), x, y);
  return keep_nan(d, x, hn::IfThenElse(hn::Gt(x, constant(d, kMost)), infinity(d), z));
}

// Every op: apply(d, inputs..., params), and whether all lanes are within range.
struct AnyRange {
  template <typename D, typename... X>
  static bool fits(D, X...) {
    return true;
  }
};
struct Exp : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return exp_of(d, x);
  }
};
struct Expm1 : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return expm1_of(d, x);
  }
};
struct Log : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return log_range(d, x, log_of(d, x), 0);
  }
};
struct Log2 : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return log_range(d, x, hn::Log2(d, x), 0);
  }
};
struct Log10 : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return log_range(d, x, hn::Log10(d, x), 0);
  }
};
struct Log1p : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    const V<D> y = log_range(d, x, hn::Log1p(d, x), -1);
    return hn::IfThenElse(hn::Lt(hn::Abs(x), constant(d, 1e-30)), x, y);
  }
};
struct Sigmoid : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return sigmoid_of(d, x);
  }
};
struct Tanh : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return tanh_of(d, x);
  }
};
struct Silu : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return hn::Mul(x, sigmoid_of(d, x));
  }
};
struct SiluBackward : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> g, V<D> x, const PointwiseParams&) {
    const V<D> one = constant(d, 1);
    const V<D> s = sigmoid_of(d, x);
    return hn::Mul(hn::Mul(g, s), hn::Add(one, hn::Mul(x, hn::Sub(one, s))));
  }
};
struct Elu : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams& p) {
    const V<D> below = hn::Min(x, hn::Zero(d));
    const V<D> negative = hn::Mul(expm1_of(d, hn::Mul(below, constant(d, p.c))), constant(d, p.a * p.b));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), negative, hn::Mul(x, constant(d, p.b)));
  }
};
struct EluBackward : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> g, V<D> x, const PointwiseParams& p) {
    const V<D> below = hn::Min(x, hn::Zero(d));
    const V<D> slope = hn::Mul(exp_of(d, hn::Mul(below, constant(d, p.c))), constant(d, p.a * p.b * p.c));
    return hn::Mul(g, hn::IfThenElse(hn::Le(x, hn::Zero(d)), slope, constant(d, p.b)));
  }
};
struct GeluTanh : AnyRange {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    const V<D> cubic = hn::MulAdd(hn::Mul(hn::Mul(x, x), x), constant(d, functors::kGeluKappa), x);
    const V<D> t = tanh_of(d, hn::Mul(cubic, constant(d, functors::kGeluBeta)));
    return hn::Mul(hn::Mul(constant(d, 0.5), x), hn::Add(constant(d, 1), t));
  }
};
// Argument reduction is exact enough up to some thousand turns.
struct SmallAngles {
  template <typename D>
  static bool fits(D d, V<D> x) {
    return hn::AllTrue(d, hn::Lt(hn::Abs(x), constant(d, 8192)));
  }
};
struct Sin : SmallAngles {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    // Highway's gives +0 for -0.
    return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, hn::Sin(d, x));
  }
};
struct Cos : SmallAngles {
  template <typename D>
  static V<D> apply(D d, V<D> x, const PointwiseParams&) {
    return hn::Cos(d, x);
  }
};

// The first n lanes from p; the others repeat the first, so that they raise no exception that no element
// raises.
template <typename D, typename T>
V<D> load_repeated(D d, const T* p, int64_t n) {
  return load_tail(d, p, static_cast<size_t>(n), hn::Set(d, *p));
}

// F: the vector op; S: the scalar functor for lanes out of range.
template <typename F, typename S, typename T>
void unary_math(char* const* data, int64_t n, const PointwiseParams& p) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto* out = reinterpret_cast<T*>(data[0]);
  const auto* x = reinterpret_cast<const T*>(data[1]);
  const auto step = [&](const T* from, T* to) HWY_ATTR {
    const auto v = hn::LoadU(d, from);
    if (HWY_LIKELY(F::fits(d, v))) {
      hn::StoreU(F::apply(d, v, p), d, to);
    } else {
      for (int64_t i = 0; i < lanes; ++i) to[i] = S::apply(from[i], p);
    }
  };
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) step(x + i, out + i);
  if (i < n) {
    HWY_ALIGN T buffer[hn::MaxLanes(d)];
    hn::Store(load_repeated(d, x + i, n - i), d, buffer);
    step(buffer, buffer);
    store_tail(hn::Load(d, buffer), d, out + i, static_cast<size_t>(n - i));
  }
}

template <typename F, typename T>
void binary_math(char* const* data, int64_t n, const PointwiseParams& p) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto* out = reinterpret_cast<T*>(data[0]);
  const auto* a = reinterpret_cast<const T*>(data[1]);
  const auto* b = reinterpret_cast<const T*>(data[2]);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(F::apply(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i), p), d, out + i);
  }
  if (i < n) {
    const auto rest = F::apply(d, load_repeated(d, a + i, n - i), load_repeated(d, b + i, n - i), p);
    store_tail(rest, d, out + i, static_cast<size_t>(n - i));
  }
}

template <typename F, typename S>
void set_unary(PointwiseTable& table, UnaryOp op) {
  table.unary[static_cast<int>(op)][static_cast<int>(DType::kFloat32)] = unary_math<F, S, float>;
  table.unary[static_cast<int>(op)][static_cast<int>(DType::kFloat64)] = unary_math<F, S, double>;
}
template <typename F>
void set_binary(PointwiseTable& table, BinaryOp op) {
  table.binary[static_cast<int>(op)][static_cast<int>(DType::kFloat32)] = binary_math<F, float>;
  table.binary[static_cast<int>(op)][static_cast<int>(DType::kFloat64)] = binary_math<F, double>;
}

void add_loops(PointwiseTable& table) {
  set_unary<Exp, functors::exp>(table, UnaryOp::exp);
  set_unary<Expm1, functors::expm1>(table, UnaryOp::expm1);
  set_unary<Log, functors::log>(table, UnaryOp::log);
  set_unary<Log2, functors::log2>(table, UnaryOp::log2);
  set_unary<Log10, functors::log10>(table, UnaryOp::log10);
  set_unary<Log1p, functors::log1p>(table, UnaryOp::log1p);
  set_unary<Sin, functors::sin>(table, UnaryOp::sin);
  set_unary<Cos, functors::cos>(table, UnaryOp::cos);
  set_unary<Tanh, functors::tanh>(table, UnaryOp::tanh);
  set_unary<Sigmoid, functors::sigmoid>(table, UnaryOp::sigmoid);
  set_unary<Silu, functors::silu>(table, UnaryOp::silu);
  set_unary<Elu, functors::elu>(table, UnaryOp::elu);
  set_unary<GeluTanh, functors::gelu_tanh>(table, UnaryOp::gelu_tanh);
  set_binary<SiluBackward>(table, BinaryOp::silu_backward);
  set_binary<EluBackward>(table, BinaryOp::elu_backward);
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tt::cpu {

void add_math_loops(PointwiseTable& table) {
#if defined(__x86_64__)
  if (isa() >= Isa::kAvx512) {
    N_AVX3::add_loops(table);
  } else if (isa() >= Isa::kAvx2) {
    N_AVX2::add_loops(table);
  }
#else
  TT_CPU_DISPATCH(add_loops)(table);
#endif
}

}  // namespace tt::cpu
#endif
