// The op table: the only list of ops. From a row come the backends' enum and kernel instantiations, the
// backward rule, the C wrapper and the tests' coverage checks. This header and functors.h include nothing
// above core/, because the backend interface is generated from them.
//
// TT_UNARY_OPS and the like: X(name, domain, result, saves, backward...)
//   name      PyTorch's name; functor functors::name; C function tt_<name>.
//   domain    dtypes the kernels exist for, and what other inputs become:
//               kAll      every dtype
//               kNumber   every dtype but bool
//               kFloat    floating; integers and bool are computed in the default dtype
//               kIntegral integers and bool
//   result    kSame: the compute dtype; kBool.
//   saves     what the backward expression uses: kNone, kX, kY or kXY of an unary op; kNone, kAB, kAll of a
//   binary one. backward  unary: one expression in g (the result's gradient), x, y (input, result), p (the
//   params).
//             binary: two expressions in g, a, b, y. A single kNotDifferentiable where there is no gradient.
// The expressions are written with differentiable ops, so gradients of gradients need nothing more.
#pragma once

#define TT_UNARY_OPS(X)                                 \
  X(neg, kNumber, kSame, kNone, neg(g))                 \
  X(abs, kNumber, kSame, kX, mul(g, sign(x)))           \
  X(sign, kAll, kSame, kNone, zeros_like(g))            \
  X(exp, kFloat, kSame, kY, mul(g, y))                  \
  X(log, kFloat, kSame, kX, div(g, x))                  \
  X(sqrt, kFloat, kSame, kY, div(g, mul(y, 2.0)))       \
  X(sigmoid, kFloat, kSame, kY, sigmoid_backward(g, y)) \
  X(tanh, kFloat, kSame, kY, tanh_backward(g, y))       \
  X(relu, kNumber, kSame, kY, threshold_backward(g, y)) \
  X(isnan, kAll, kBool, kNone, kNotDifferentiable)

#define TT_BINARY_OPS(X)                                                                                  \
  X(add, kAll, kSame, kNone, g, g)                                                                        \
  X(sub, kNumber, kSame, kNone, g, neg(g))                                                                \
  X(mul, kAll, kSame, kAB, mul(g, b), mul(g, a))                                                          \
  X(div, kFloat, kSame, kAB, div(g, b), neg(mul(g, div(div(a, b), b))))                                   \
  X(sigmoid_backward, kFloat, kSame, kAB, sigmoid_backward(g, b), mul(mul(g, a), rsub(1.0, mul(b, 2.0)))) \
  X(tanh_backward, kFloat, kSame, kAB, tanh_backward(g, b), mul(mul(g, a), mul(b, -2.0)))                 \
  X(threshold_backward, kNumber, kSame, kAB, threshold_backward(g, b), Tensor())                          \
  X(eq, kAll, kBool, kNone, kNotDifferentiable)                                                           \
  X(gt, kAll, kBool, kNone, kNotDifferentiable)

#define TT_TERNARY_OPS(X) X(where, kAll, kSame, kNone, kNotDifferentiable)

#define TT_REDUCE_OPS(X) \
  X(sum)                 \
  X(nansum)              \
  X(mean)                \
  X(prod)                \
  X(amax)                \
  X(amin)                \
  X(all)                 \
  X(any)                 \
  X(count_nonzero)       \
  X(norm)                \
  X(var)                 \
  X(std)                 \
  X(logsumexp)
