// The op table: the only list of ops. From a row come the backends' enum and kernel instantiations, the
// backward rule, the C wrapper and the tests' coverage checks. This header and functors.h include nothing
// but base/, because the kernel calls are generated from them.
//
// Columns: X(name, kernel, domain, result, saves, backward...)
//   name      PyTorch's name; functor functors::name.
//   kernel    on the CPU: kVector, inner loops for every instruction set; kScalar, for the oldest only (rare
//             ops, or ops that have hand-written vector code in cpu/pointwise/math_simd.cpp).
//   domain    dtypes the kernels exist for, and what other inputs become:
//               kAll       every dtype
//               kNumber    every dtype but bool
//               kFloat     floating; integers and bool are computed in the default dtype
//               kFloatOnly floating
//               kIntegral  integers and bool
//               kInteger   integers
//   result    kSame: the compute dtype; kBool. (Ternary rows have no such column: kSame.)
//   saves     what the backward expressions use, and so what must not be written to before backward: no more
//             than PyTorch saves. Unary: kNone, kX, kY. Binary: kNone; kOther, each gradient uses the other
//             operand; kDivisor, a's uses b and b's uses both; kModulus, only b's uses both; kBoth; kPower,
//             as kBoth and b's the result; kOwnAndY, each its own operand and the result; kSign, a's uses a
//             and the result. Ternary: kLerp, a's and b's use c, c's uses a and b; kProduct, b's uses c and
//             c's uses b; kQuotient, b's uses c and c's uses both; kSelected, only a's, b and c; kAllThree.
//   backward  unary: one expression in g (the result's gradient), x, y (input, result), p (the params);
//             binary: two, in g, a, b, y, p; ternary: three, in g, a, b, c, p. A single kNotDifferentiable
//             where there is no gradient.
// The expressions are written with differentiable ops, so gradients of gradients need nothing more; those
// that take a name of their own are in derivatives.h.
//
// The lists differ in their C functions:
//   TT_UNARY_INPLACE   tt_name, tt_name_
//   TT_UNARY_OUT       tt_name
//   TT_UNARY_PARAMS    tt_name with further parameters, written by hand in capi
//   TT_BINARY_SCALAR   tt_name, tt_name_, tt_name_scalar, tt_name_scalar_
//   TT_BINARY_INPLACE  tt_name, tt_name_
//   TT_BINARY_OUT      tt_name
//   ..._INTERNAL       none of their own
#pragma once

#define TT_UNARY_INPLACE(X)                                                              \
  X(abs, kVector, kNumber, kSame, kX, mul(g, sign(x)))                                   \
  X(neg, kVector, kNumber, kSame, kNone, neg(g))                                         \
  X(sign, kVector, kAll, kSame, kNone, zeros_like(g))                                    \
  X(exp, kScalar, kFloat, kSame, kY, mul(g, y))                                          \
  X(exp2, kScalar, kFloat, kSame, kY, mul(g, mul(y, kLn2)))                              \
  X(expm1, kScalar, kFloat, kSame, kY, mul(g, add(y, 1.0)))                              \
  X(log, kScalar, kFloat, kSame, kX, div(g, x))                                          \
  X(log2, kScalar, kFloat, kSame, kX, div(g, mul(x, kLn2)))                              \
  X(log10, kScalar, kFloat, kSame, kX, div(g, mul(x, kLn10)))                            \
  X(log1p, kScalar, kFloat, kSame, kX, div(g, add(x, 1.0)))                              \
  X(sqrt, kVector, kFloat, kSame, kY, div(g, mul(y, 2.0)))                               \
  X(rsqrt, kVector, kFloat, kSame, kY, mul(mul(g, -0.5), mul(square(y), y)))             \
  X(square, kVector, kNumber, kSame, kX, mul(g, mul(x, 2.0)))                            \
  X(reciprocal, kVector, kFloat, kSame, kY, neg(mul(g, square(y))))                      \
  X(sin, kScalar, kFloat, kSame, kX, mul(g, cos(x)))                                     \
  X(cos, kScalar, kFloat, kSame, kX, neg(mul(g, sin(x))))                                \
  X(tan, kScalar, kFloat, kSame, kY, mul(g, add(square(y), 1.0)))                        \
  X(asin, kScalar, kFloat, kSame, kX, mul(g, rsqrt(rsub(1.0, square(x)))))               \
  X(acos, kScalar, kFloat, kSame, kX, neg(mul(g, rsqrt(rsub(1.0, square(x))))))          \
  X(atan, kScalar, kFloat, kSame, kX, div(g, add(square(x), 1.0)))                       \
  X(sinh, kScalar, kFloat, kSame, kX, mul(g, cosh(x)))                                   \
  X(cosh, kScalar, kFloat, kSame, kX, mul(g, sinh(x)))                                   \
  X(tanh, kScalar, kFloat, kSame, kY, tanh_backward(g, y))                               \
  X(asinh, kScalar, kFloat, kSame, kX, mul(g, rsqrt(add(square(x), 1.0))))               \
  X(acosh, kScalar, kFloat, kSame, kX, mul(g, rsqrt(sub(square(x), 1.0))))               \
  X(atanh, kScalar, kFloat, kSame, kX, div(g, rsub(1.0, square(x))))                     \
  X(erf, kScalar, kFloat, kSame, kX, mul(g, mul(exp(neg(square(x))), kTwoOverSqrtPi)))   \
  X(erfc, kScalar, kFloat, kSame, kX, mul(g, mul(exp(neg(square(x))), -kTwoOverSqrtPi))) \
  X(erfinv, kScalar, kFloat, kSame, kX, erfinv_gradient(g, x))                           \
  X(lgamma, kScalar, kFloat, kSame, kX, mul(g, digamma(x)))                              \
  X(digamma, kScalar, kFloat, kSame, kX, mul(g, polygamma(x, {.a = 1})))                 \
  X(sigmoid, kScalar, kFloat, kSame, kY, sigmoid_backward(g, y))                         \
  X(floor, kVector, kNumber, kSame, kNone, zeros_like(g))                                \
  X(ceil, kVector, kNumber, kSame, kNone, zeros_like(g))                                 \
  X(trunc, kVector, kNumber, kSame, kNone, zeros_like(g))                                \
  X(frac, kVector, kFloatOnly, kSame, kNone, g)                                          \
  X(logical_not, kVector, kAll, kBool, kNone, kNotDifferentiable)                        \
  X(bitwise_not, kVector, kIntegral, kSame, kNone, kNotDifferentiable)                   \
  X(relu, kVector, kNumber, kSame, kY, threshold_backward(g, y))                         \
  X(selu, kScalar, kFloatOnly, kSame, kX, elu_backward(g, x, kSeluParams))               \
  X(silu, kScalar, kFloatOnly, kSame, kX, silu_backward(g, x))                           \
  X(mish, kScalar, kFloatOnly, kSame, kX, mish_backward(g, x))                           \
  X(hardsigmoid, kVector, kFloatOnly, kSame, kX, hardsigmoid_backward(g, x))             \
  X(hardswish, kVector, kFloatOnly, kSame, kX, hardswish_backward(g, x))

#define TT_UNARY_OUT(X)                                        \
  X(isnan, kVector, kAll, kBool, kNone, kNotDifferentiable)    \
  X(isinf, kVector, kAll, kBool, kNone, kNotDifferentiable)    \
  X(isfinite, kVector, kAll, kBool, kNone, kNotDifferentiable) \
  X(logsigmoid, kScalar, kFloatOnly, kSame, kX, logsigmoid_backward(g, x))

#define TT_UNARY_PARAMS(X)                                                    \
  X(round, kVector, kNumber, kSame, kNone, zeros_like(g))                     \
  X(nan_to_num, kVector, kAll, kSame, kX, mul(g, isfinite(x)))                \
  X(logit, kScalar, kFloat, kSame, kX, logit_gradient(g, x, p))               \
  X(clamp, kVector, kNumber, kSame, kX, clamp_backward(g, x, p))              \
  X(leaky_relu, kVector, kFloatOnly, kSame, kX, leaky_relu_backward(g, x, p)) \
  X(elu, kScalar, kFloatOnly, kSame, kX, elu_backward(g, x, p))               \
  X(gelu, kScalar, kFloatOnly, kSame, kX, gelu_backward(g, x))                \
  X(softplus, kScalar, kFloatOnly, kSame, kX, softplus_backward(g, x, p))     \
  X(hardtanh, kVector, kNumber, kSame, kX, hardtanh_backward(g, x, p))        \
  X(threshold, kVector, kNumber, kSame, kX, threshold_backward(g, x, p))      \
  X(softshrink, kVector, kFloatOnly, kSame, kX, shrink_backward(g, x, p))     \
  X(hardshrink, kVector, kFloatOnly, kSame, kX, shrink_backward(g, x, p))

#define TT_UNARY_INTERNAL(X)                                             \
  X(round_decimals, kScalar, kFloatOnly, kSame, kNone, zeros_like(g))    \
  X(gelu_tanh, kScalar, kFloatOnly, kSame, kX, gelu_tanh_backward(g, x)) \
  X(polygamma, kScalar, kFloat, kSame, kX, mul(g, polygamma(x, {.a = p.a + 1})))

#define TT_UNARY_OPS(X) TT_UNARY_INPLACE(X) TT_UNARY_OUT(X) TT_UNARY_PARAMS(X) TT_UNARY_INTERNAL(X)

#define TT_BINARY_SCALAR(X)                                                                              \
  X(add, kVector, kAll, kSame, kNone, g, g)                                                              \
  X(sub, kVector, kNumber, kSame, kNone, g, neg(g))                                                      \
  X(mul, kVector, kAll, kSame, kOther, mul(g, b), mul(g, a))                                             \
  X(div, kVector, kFloat, kSame, kDivisor, div(g, b), neg(mul(g, div(div(a, b), b))))                    \
  X(remainder, kScalar, kNumber, kSame, kModulus, g, neg(mul(g, div_floor(a, b))))                       \
  X(fmod, kScalar, kNumber, kSame, kModulus, g, neg(mul(g, div_trunc(a, b))))                            \
  X(pow, kScalar, kNumber, kSame, kPower, pow_gradient_base(g, a, b), pow_gradient_exponent(g, a, b, y)) \
  X(copysign, kVector, kFloat, kSame, kSign, mul(g, copysign_gradient(a, y)), zeros_like(g))             \
  X(xlogy, kScalar, kFloat, kSame, kBoth, xlogy_gradient(g, a, b), div(mul(g, a), b))                    \
  X(eq, kVector, kAll, kBool, kNone, kNotDifferentiable)                                                 \
  X(ne, kVector, kAll, kBool, kNone, kNotDifferentiable)                                                 \
  X(lt, kVector, kAll, kBool, kNone, kNotDifferentiable)                                                 \
  X(le, kVector, kAll, kBool, kNone, kNotDifferentiable)                                                 \
  X(gt, kVector, kAll, kBool, kNone, kNotDifferentiable)                                                 \
  X(ge, kVector, kAll, kBool, kNone, kNotDifferentiable)

#define TT_BINARY_INPLACE(X)                                                                           \
  X(atan2, kScalar, kFloat, kSame, kBoth, atan2_gradient(g, b, a, b), atan2_gradient(neg(g), a, a, b)) \
  X(hypot, kScalar, kFloatOnly, kSame, kOwnAndY, mul(g, div(a, y)), mul(g, div(b, y)))                 \
  X(logical_and, kVector, kAll, kBool, kNone, kNotDifferentiable)                                      \
  X(logical_or, kVector, kAll, kBool, kNone, kNotDifferentiable)                                       \
  X(logical_xor, kVector, kAll, kBool, kNone, kNotDifferentiable)                                      \
  X(bitwise_and, kVector, kIntegral, kSame, kNone, kNotDifferentiable)                                 \
  X(bitwise_or, kVector, kIntegral, kSame, kNone, kNotDifferentiable)                                  \
  X(bitwise_xor, kVector, kIntegral, kSame, kNone, kNotDifferentiable)                                 \
  X(bitwise_left_shift, kVector, kInteger, kSame, kNone, kNotDifferentiable)                           \
  X(bitwise_right_shift, kVector, kInteger, kSame, kNone, kNotDifferentiable)

#define TT_BINARY_OUT(X)                                                                      \
  X(maximum, kVector, kAll, kSame, kBoth, larger_backward(g, a, b), larger_backward(g, b, a)) \
  X(minimum, kVector, kAll, kSame, kBoth, larger_backward(g, b, a), larger_backward(g, a, b)) \
  X(logaddexp, kScalar, kFloatOnly, kSame, kBoth, mul(g, sigmoid(sub(a, b))), mul(g, sigmoid(sub(b, a))))

#define TT_BINARY_INTERNAL(X)                                                                        \
  X(add_alpha, kVector, kNumber, kSame, kNone, g, mul(g, p.a))                                       \
  X(sub_alpha, kVector, kNumber, kSame, kNone, g, mul(g, -p.a))                                      \
  X(div_floor, kScalar, kNumber, kSame, kNone, zeros_like(g), zeros_like(g))                         \
  X(div_trunc, kScalar, kNumber, kSame, kNone, zeros_like(g), zeros_like(g))                         \
  X(clamp_min, kVector, kAll, kSame, kBoth, larger_backward(g, a, b), larger_backward(g, b, a))      \
  X(clamp_max, kVector, kAll, kSame, kBoth, larger_backward(g, b, a), larger_backward(g, a, b))      \
  X(prelu_kernel, kVector, kFloatOnly, kSame, kBoth, prelu_gradient_input(g, a, b),                  \
    where(gt(a, 0.0), 0.0, mul(g, a)))                                                               \
  X(sigmoid_backward, kVector, kFloat, kSame, kBoth, sigmoid_backward(g, b),                         \
    mul(mul(g, a), rsub(1.0, mul(b, 2.0))))                                                          \
  X(tanh_backward, kVector, kFloat, kSame, kBoth, tanh_backward(g, b), mul(mul(g, a), mul(b, -2.0))) \
  X(threshold_backward, kVector, kNumber, kSame, kBoth, threshold_backward(g, b, p), Tensor())       \
  X(clamp_backward, kVector, kNumber, kSame, kBoth, clamp_backward(g, b, p), Tensor())               \
  X(hardtanh_backward, kVector, kFloatOnly, kSame, kBoth, hardtanh_backward(g, b, p), Tensor())      \
  X(shrink_backward, kVector, kFloatOnly, kSame, kBoth, shrink_backward(g, b, p), Tensor())          \
  X(leaky_relu_backward, kVector, kFloatOnly, kSame, kBoth, leaky_relu_backward(g, b, p), Tensor())  \
  X(hardsigmoid_backward, kVector, kFloatOnly, kSame, kBoth, hardsigmoid_backward(g, b), Tensor())   \
  X(hardswish_backward, kVector, kFloatOnly, kSame, kBoth, hardswish_backward(g, b),                 \
    hardswish_second(g, a, b))                                                                       \
  X(elu_backward, kScalar, kFloatOnly, kSame, kBoth, elu_backward(g, b, p), elu_second(g, a, b, p))  \
  X(silu_backward, kScalar, kFloatOnly, kSame, kBoth, silu_backward(g, b), silu_second(g, a, b))     \
  X(mish_backward, kScalar, kFloatOnly, kSame, kBoth, mish_backward(g, b), mish_second(g, a, b))     \
  X(gelu_backward, kScalar, kFloatOnly, kSame, kBoth, gelu_backward(g, b), gelu_second(g, a, b))     \
  X(gelu_tanh_backward, kScalar, kFloatOnly, kSame, kBoth, gelu_tanh_backward(g, b),                 \
    gelu_tanh_second(g, a, b))                                                                       \
  X(softplus_backward, kScalar, kFloatOnly, kSame, kBoth, softplus_backward(g, b, p),                \
    softplus_second(g, a, b, p))                                                                     \
  X(logsigmoid_backward, kScalar, kFloatOnly, kSame, kBoth, logsigmoid_backward(g, b),               \
    logsigmoid_second(g, a, b))

#define TT_BINARY_OPS(X) TT_BINARY_SCALAR(X) TT_BINARY_INPLACE(X) TT_BINARY_OUT(X) TT_BINARY_INTERNAL(X)

// addcmul, addcdiv: a + p.a * b * c, a + p.a * b / c. clamp_tensor: a between b and c. larger_backward: the
// gradient a of maximum(b, c) for b.
#define TT_TERNARY_OPS(X)                                                                 \
  X(lerp, kVector, kFloatOnly, kLerp, mul(g, rsub(1.0, c)), mul(g, c), mul(g, sub(b, a))) \
  X(addcmul, kVector, kNumber, kProduct, g, mul(g, mul(c, p.a)), mul(g, mul(b, p.a)))     \
  X(addcdiv, kVector, kFloatOnly, kQuotient, g, mul(g, div(p.a, c)),                      \
    neg(mul(g, div(mul(b, p.a), square_of(c)))))                                          \
  X(clamp_tensor, kVector, kNumber, kAllThree, clamp_gradient_input(g, a, b, c),          \
    clamp_gradient_min(g, a, b, c), clamp_gradient_max(g, a, b, c))                       \
  X(larger_backward, kVector, kFloatOnly, kSelected, larger_backward(g, b, c), Tensor(), Tensor())

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
