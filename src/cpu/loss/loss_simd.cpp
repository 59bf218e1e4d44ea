// The inner kernels of the losses of single elements, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/loss/loss_simd.cpp"
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include "cpu/loss/loss.h"
#include "cpu/pointwise/simd_exp.h"
#include "cpu/pointwise/simd_log.h"
#include "cpu/runtime/simd_tail.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors of a loss's inputs, each loaded where it is named: an array of them would need vectors of a known
// size, which those of SVE are not.
template <class D>
struct Inputs {
  using T = hn::TFromD<D>;
  const LossInput<T>* in;
  int64_t first;
  size_t left;  // elements

  HWY_INLINE hn::VFromD<D> operator[](int k) const {
    const D d;
    return load_n(d, in[k].data + first * in[k].step, left, hn::Set(d, T(1)));
  }
};

// Each loss: value(d, in, parameter) and slope(d, in, parameter), its derivative by x; in: x, y, w, p.
struct Mse {
  static constexpr int kInputs = 2;
  template <class D, class V>
  static V value(D, const Inputs<D>& in, V) {
    const V z = hn::Sub(in[0], in[1]);
    return hn::Mul(z, z);
  }
  template <class D, class V>
  static V slope(D, const Inputs<D>& in, V) {
    const V z = hn::Sub(in[0], in[1]);
    return hn::Add(z, z);
  }
};

// 0 for NaN, as in PyTorch.
template <class D, class V>
V sign(D d, V z) {
  const V zero = hn::Zero(d), one = hn::Set(d, 1);
  return hn::Sub(hn::IfThenElseZero(hn::Gt(z, zero), one), hn::IfThenElseZero(hn::Lt(z, zero), one));
}

struct L1 {
  static constexpr int kInputs = 2;
  template <class D, class V>
  static V value(D, const Inputs<D>& in, V) {
    return hn::Abs(hn::Sub(in[0], in[1]));
  }
  template <class D, class V>
  static V slope(D d, const Inputs<D>& in, V) {
    return sign(d, hn::Sub(in[0], in[1]));
  }
};

// A divisor for a quotient that is not used where z is 0.
template <class D, class V>
V not_zero(D d, V z) {
  return hn::IfThenElse(hn::Eq(z, hn::Zero(d)), hn::Set(d, 1), z);
}

struct SmoothL1 {
  static constexpr int kInputs = 2;
  template <class D, class V>
  static V value(D d, const Inputs<D>& in, V beta) {
    const V z = hn::Abs(hn::Sub(in[0], in[1]));
    const V half = hn::Set(d, 0.5);
    const V inside = hn::Div(hn::Mul(hn::Mul(half, z), z), not_zero(d, beta));
    return hn::IfThenElse(hn::Lt(z, beta), inside, hn::Sub(z, hn::Mul(half, beta)));
  }
  template <class D, class V>
  static V slope(D d, const Inputs<D>& in, V beta) {
    const V z = hn::Sub(in[0], in[1]);
    return hn::IfThenElse(hn::Ge(hn::Abs(z), beta), sign(d, z), hn::Div(z, not_zero(d, beta)));  // NaN stays
  }
};

struct Huber {
  static constexpr int kInputs = 2;
  template <class D, class V>
  static V value(D d, const Inputs<D>& in, V delta) {
    const V z = hn::Abs(hn::Sub(in[0], in[1]));
    const V half = hn::Set(d, 0.5);
    return hn::IfThenElse(hn::Lt(z, delta), hn::Mul(hn::Mul(half, z), z),
                          hn::Mul(delta, hn::Sub(z, hn::Mul(half, delta))));
  }
  template <class D, class V>
  static V slope(D d, const Inputs<D>& in, V delta) {
    const V z = hn::Sub(in[0], in[1]);
    return hn::IfThenElse(hn::Ge(hn::Abs(z), delta), hn::Mul(delta, sign(d, z)), z);  // NaN stays
  }
};

// Logarithms are cut at -100, as in PyTorch.
template <class D, class V>
V bounded_log(D d, V x) {
  const V lowest = hn::Set(d, -100);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), lowest, hn::Max(log_of(d, x), lowest));
}

struct Bce {
  static constexpr int kInputs = 3;
  template <class D, class V>
  static V value(D d, const Inputs<D>& in, V) {
    const V one = hn::Set(d, 1);
    const V x = in[0], y = in[1], lowest = hn::Set(d, -100);
    // log1p has a pole at -1.
    const auto pole = hn::Eq(x, one);
    const V rest = hn::IfThenZeroElse(pole, x);
    const V log_rest = hn::IfThenElse(pole, lowest, hn::Max(log1p_of(d, hn::Neg(rest)), lowest));
    return hn::Mul(in[2], hn::Sub(hn::Mul(hn::Sub(y, one), log_rest), hn::Mul(y, bounded_log(d, x))));
  }
  template <class D, class V>
  static V slope(D d, const Inputs<D>& in, V) {
    const V x = in[0];
    const V spread = hn::Max(hn::Mul(hn::Sub(hn::Set(d, 1), x), x), hn::Set(d, 1e-12));
    return hn::Mul(in[2], hn::Div(hn::Sub(x, in[1]), spread));
  }
};

struct BceWithLogits {
  static constexpr int kInputs = 4;
  template <class D, class V>
  static V value(D d, const Inputs<D>& in, V) {
    const V one = hn::Set(d, 1);
    const V x = in[0], y = in[1];
    // softplus(-x), without overflow.
    const V soft = hn::Sub(log1p_of(d, exp_of(d, hn::Neg(hn::Abs(x)))), hn::Min(x, hn::Zero(d)));
    const V positive = hn::MulAdd(hn::Sub(in[3], one), y, one);
    return hn::Mul(in[2], hn::MulAdd(hn::Sub(one, y), x, hn::Mul(positive, soft)));
  }
  template <class D, class V>
  static V slope(D d, const Inputs<D>& in, V) {
    const V one = hn::Set(d, 1);
    const V x = in[0], y = in[1];
    const V e = exp_of(d, hn::Neg(hn::Abs(x)));
    const V smaller = hn::Div(e, hn::Add(one, e));  // sigmoid(-|x|)
    const V sigmoid = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), smaller, hn::Sub(one, smaller));
    const V t = hn::Mul(in[3], y);
    const V slope = hn::MulSub(hn::Sub(hn::Add(t, one), y), sigmoid, t);
    return hn::Mul(in[2], hn::IfThenElse(hn::IsNaN(x), x, slope));
  }
};

template <typename T, class L>
void forward(T* out, const LossInput<T>* in, int64_t n, T parameter) {
  const hn::ScalableTag<T> d;
  using V = hn::VFromD<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const V p = hn::Set(d, parameter);
  for (int64_t i = 0; i < n; i += lanes) {
    const auto left = static_cast<size_t>(n - i);
    const Inputs<hn::ScalableTag<T>> v{in, i, left};
    store_n(L::value(d, v, p), d, out + i, left);
  }
}

template <typename T, class L>
void backward(T* out, const LossInput<T>* in, int64_t n, T parameter, T scale) {
  const hn::ScalableTag<T> d;
  using V = hn::VFromD<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const V p = hn::Set(d, parameter), s = hn::Set(d, scale);
  for (int64_t i = 0; i < n; i += lanes) {
    const auto left = static_cast<size_t>(n - i);
    const Inputs<hn::ScalableTag<T>> v{in, i, left};
    store_n(hn::Mul(L::slope(d, v, p), hn::Mul(v[L::kInputs], s)), d, out + i, left);
  }
}

template <typename T>
T sum(const T* values, int64_t n) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto total = hn::Zero(d);
  for (int64_t i = 0; i < n; i += lanes) {
    total = hn::Add(total, load_n(d, values + i, static_cast<size_t>(n - i), hn::Zero(d)));
  }
  return hn::GetLane(hn::SumOfLanes(d, total));
}

template <typename T>
bool in_unit_interval(const T* values, int64_t n) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d), one = hn::Set(d, T(1));
  for (int64_t i = 0; i < n; i += lanes) {
    const auto x = load_n(d, values + i, static_cast<size_t>(n - i), zero);
    if (!hn::AllTrue(d, hn::And(hn::Ge(x, zero), hn::Le(x, one)))) return false;  // also for NaN
  }
  return true;
}

template <typename T>
constexpr LossTable<T> kLosses = {{forward<T, Mse>, forward<T, L1>, forward<T, SmoothL1>, forward<T, Huber>,
                                   forward<T, Bce>, forward<T, BceWithLogits>},
                                  {backward<T, Mse>, backward<T, L1>, backward<T, SmoothL1>,
                                   backward<T, Huber>, backward<T, Bce>, backward<T, BceWithLogits>},
                                  sum<T>,
                                  in_unit_interval<T>};

const LossTable<float>* float_losses() { return &kLosses<float>; }
const LossTable<double>* double_losses() { return &kLosses<double>; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

template <>
const LossTable<float>& loss_table<float>() {
  static const LossTable<float>& table = *TT_CPU_DISPATCH(float_losses)();
  return table;
}
template <>
const LossTable<double>& loss_table<double>() {
  static const LossTable<double>& table = *TT_CPU_DISPATCH(double_losses)();
  return table;
}

}  // namespace tt::cpu
#endif
