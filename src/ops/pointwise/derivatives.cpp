#include "ops/pointwise/derivatives.h"

#include <cmath>
#include <limits>

#include "autograd/grad_mode.h"
#include "ops/create/create.h"

namespace tt::ops {

// Where an op is undefined, but its value is not used, it gets another operand: a host may trap invalid
// operations.

namespace {

// gg * g * second, the shape that every second derivative has.
Tensor chain(const Tensor& gg, const Arg& g, const Arg& second) { return mul(mul(gg, g), second); }

Tensor sigmoid_of(const Arg& x) { return sigmoid(x.tensor()); }

}  // namespace

Tensor masked(const Tensor& condition, const Tensor& g) { return where(condition, g, 0.0); }

Tensor square_of(const Arg& a) { return mul(a, a); }

Tensor logit_gradient(const Tensor& g, const Tensor& x, const PointwiseParams& p) {
  const bool clamped = p.a >= 0;
  const double low = clamped ? p.a : 0.0;
  const double high = clamped ? p.b : 1.0;
  const Tensor beyond = logical_or(lt(x, low), gt(x, high));
  const double outside = clamped ? 0.0 : std::numeric_limits<double>::quiet_NaN();
  // Beyond the bounds x is replaced, so that nothing infinite meets the zeros there in a second derivative.
  // A sum with 0 makes one zero of both, so that the gradient there has g's sign.
  const Tensor within = clamped ? where(beyond, 0.5, x) : add(x, 0.0);
  return where(beyond, outside, div(g, mul(within, rsub(1.0, within))));
}

Tensor pow_gradient_base(const Tensor& g, const Arg& base, const Arg& exponent) {
  if (!exponent.is_tensor()) {
    const double e = exponent.scalar().to_double();
    if (e == 0) return zeros_like(g);
    return mul(g, mul(e == 2 ? base.tensor() : pow(base, e - 1), e));
  }
  const Tensor zero = eq(exponent, 0.0);
  return where(zero, 0.0, mul(g, mul(exponent, pow(base, where(zero, 0.0, sub(exponent, 1.0))))));
}

Tensor pow_gradient_exponent(const Tensor& g, const Arg& base, const Arg& exponent, const Tensor& result) {
  if (!base.is_tensor()) {
    const double b = base.scalar().to_double();
    if (b != 0) return mul(g, mul(result, std::log(b)));
    const Tensor flat = ge(exponent, 0.0);
    return where(flat, 0.0, mul(g, mul(where(flat, 1.0, result), -std::numeric_limits<double>::infinity())));
  }
  const Tensor flat = logical_and(eq(base, 0.0), ge(exponent, 0.0));
  return where(flat, 0.0, mul(g, mul(result, log(where(flat, 1.0, base)))));
}

Tensor atan2_gradient(const Tensor& g, const Arg& factor, const Arg& a, const Arg& b) {
  const Tensor d = add(square_of(a), square_of(b));
  const Tensor origin = eq(d, 0.0);
  return mul(g, mul(factor, where(origin, 0.0, reciprocal(where(origin, 1.0, d)))));
}

Tensor copysign_gradient(const Arg& a, const Tensor& result) {
  const Tensor zero = eq(a, 0.0);
  return where(zero, 0.0, div(result, where(zero, 1.0, a)));
}

Tensor erfinv_gradient(const Tensor& g, const Tensor& x) {
  // From the input, as in PyTorch: the result may be written to.
  return mul(g, mul(exp(square(erfinv(x))), 1 / kTwoOverSqrtPi));
}

Tensor xlogy_gradient(const Tensor& g, const Arg& a, const Arg& b) {
  if (!b.is_tensor()) {
    const double log_b = std::log(b.scalar().to_double());
    return b.scalar().to_double() > 0 ? mul(g, log_b) : where(eq(a, 0.0), 0.0, mul(g, log_b));
  }
  const Tensor flat = logical_and(eq(a, 0.0), le(b, 0.0));
  return where(flat, 0.0, mul(g, xlogy(1.0, where(flat, 1.0, b))));
}

namespace {

Tensor any_nan(const Arg& x, const Arg& min, const Arg& max) {
  return logical_or(logical_or(ne(x, x), ne(min, min)), ne(max, max));
}

// g where `all` holds, half of it where the input meets a bound and the bounds differ.
Tensor shared(const Tensor& g, const Tensor& all, const Tensor& meets, const Arg& min, const Arg& max) {
  return where(all, g, masked(logical_and(lt(min, max), meets), mul(g, 0.5)));
}

}  // namespace

Tensor clamp_gradient_input(const Tensor& g, const Arg& x, const Arg& min, const Arg& max) {
  const Tensor inside = logical_and(gt(x, min), lt(x, max));
  const Tensor pinned = logical_and(eq(x, min), eq(x, max));
  // A bound that is NaN does not bind, the other one does.
  const Tensor beyond = logical_or(lt(x, min), gt(x, max));
  const Tensor loose = logical_and(any_nan(x, min, max), logical_not(beyond));
  const Tensor all = logical_or(logical_or(inside, pinned), loose);
  return shared(g, all, logical_or(eq(x, min), eq(x, max)), min, max);
}

Tensor clamp_gradient_min(const Tensor& g, const Arg& x, const Arg& min, const Arg& max) {
  return shared(g, logical_and(lt(x, min), le(min, max)), eq(x, min), min, max);
}

Tensor clamp_gradient_max(const Tensor& g, const Arg& x, const Arg& min, const Arg& max) {
  const Tensor above = logical_or(gt(x, max), gt(min, max));
  // Not where min is NaN.
  return shared(g, logical_and(above, eq(min, min)), eq(x, max), min, max);
}

Tensor prelu_gradient_input(const Tensor& g, const Arg& x, const Arg& weight) {
  return where(gt(x, 0.0), g, mul(g, weight));
}

Tensor hardswish_second(const Tensor& gg, const Arg& g, const Arg& x) {
  return masked(logical_and(gt(x, -3.0), lt(x, 3.0)), chain(gg, g, 1.0 / 3));
}

Tensor elu_second(const Tensor& gg, const Arg& g, const Arg& x, const PointwiseParams& p) {
  // The exponent is capped so that the branch not taken stays finite.
  const Tensor e = exp(mul(clamp_max(x, 0.0), p.c));
  return masked(lt(x, 0.0), chain(gg, g, mul(e, p.a * p.b * p.c * p.c)));
}

Tensor silu_second(const Tensor& gg, const Arg& g, const Arg& x) {
  // s (1 - s) (2 + x (1 - 2 s))
  const Tensor s = sigmoid_of(x);
  return chain(gg, g, mul(mul(s, rsub(1.0, s)), add(mul(x, rsub(1.0, mul(s, 2.0))), 2.0)));
}

Tensor mish_second(const Tensor& gg, const Arg& g, const Arg& x) {
  // With s = sigmoid(x), t = tanh(softplus(x)): (1 - t^2) s (2 + x (1 - s) - 2 x s t)
  const Tensor s = sigmoid_of(x);
  const Tensor t = tanh(logaddexp(x, zeros_like(x.tensor())));
  const Tensor inner = sub(add(mul(x, rsub(1.0, s)), 2.0), mul(mul(mul(x, 2.0), s), t));
  return chain(gg, g, mul(mul(rsub(1.0, square(t)), s), inner));
}

Tensor gelu_second(const Tensor& gg, const Arg& g, const Arg& x) {
  // phi(x) (2 - x^2), phi the normal density
  const Tensor xx = square_of(x);
  const Tensor phi = mul(exp(mul(xx, -0.5)), 0.39894228040143267794);
  return chain(gg, g, mul(phi, rsub(2.0, xx)));
}

Tensor gelu_tanh_second(const Tensor& gg, const Arg& g, const Arg& x) {
  // With u = beta (x + kappa x^3), t = tanh(u): (1 - t^2) (u' + x/2 (u'' - 2 t u'^2))
  using functors::kGeluBeta;
  using functors::kGeluKappa;
  const Tensor xx = square_of(x);
  const Tensor t = tanh(mul(mul(x, add(mul(xx, kGeluKappa), 1.0)), kGeluBeta));
  const Tensor u1 = mul(add(mul(xx, 3 * kGeluKappa), 1.0), kGeluBeta);
  const Tensor u2 = mul(x, 6 * kGeluKappa * kGeluBeta);
  const Tensor curve = mul(mul(x, 0.5), sub(u2, mul(mul(t, 2.0), square(u1))));
  return chain(gg, g, mul(rsub(1.0, square(t)), add(u1, curve)));
}

Tensor softplus_second(const Tensor& gg, const Arg& g, const Arg& x, const PointwiseParams& p) {
  const Tensor scaled = mul(x, p.a);
  const Tensor s = sigmoid(scaled);
  return where(ge(scaled, p.b), 0.0, chain(gg, g, mul(mul(s, rsub(1.0, s)), p.a)));  // NaN stays
}

Tensor logsigmoid_second(const Tensor& gg, const Arg& g, const Arg& x) {
  const Tensor s = sigmoid_of(x);
  return chain(gg, g, neg(mul(s, rsub(1.0, s))));
}

}  // namespace tt::ops
