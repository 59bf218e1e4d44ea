// The backward expressions of the op table that are too long for their rows. g is the gradient of the result;
// all are written with differentiable ops.
#pragma once

#include "kernels/functors.h"
#include "ops/pointwise/pointwise.h"

namespace tt::ops {

inline constexpr double kLn2 = 0.69314718055994530942;
inline constexpr double kLn10 = 2.30258509299404568402;
inline constexpr double kTwoOverSqrtPi = special::kTwoOverSqrtPi;
inline constexpr PointwiseParams kSeluParams{functors::kSeluAlpha, functors::kSeluScale, 1.0};

// g where the condition holds, else 0.
Tensor masked(const Tensor& condition, const Tensor& g);
Tensor square_of(const Arg& a);

Tensor logit_gradient(const Tensor& g, const Tensor& x, const PointwiseParams& p);
Tensor pow_gradient_base(const Tensor& g, const Arg& base, const Arg& exponent);
Tensor pow_gradient_exponent(const Tensor& g, const Arg& base, const Arg& exponent, const Tensor& result);
// g * factor / (a^2 + b^2), 0 at the origin.
Tensor atan2_gradient(const Tensor& g, const Arg& factor, const Arg& a, const Arg& b);
Tensor copysign_gradient(const Arg& a, const Tensor& result);  // the factor on g
Tensor erfinv_gradient(const Tensor& g, const Tensor& x);
Tensor xlogy_gradient(const Tensor& g, const Arg& a, const Arg& b);
Tensor prelu_gradient_input(const Tensor& g, const Arg& x, const Arg& weight);

// Of clamp with tensors as bounds: ties share the gradient, NaN anywhere gives all of it to the input.
Tensor clamp_gradient_input(const Tensor& g, const Arg& x, const Arg& min, const Arg& max);
Tensor clamp_gradient_min(const Tensor& g, const Arg& x, const Arg& min, const Arg& max);
Tensor clamp_gradient_max(const Tensor& g, const Arg& x, const Arg& min, const Arg& max);

// gg * g * f''(x), for activations f whose f' is an op of the table: the gradient of g * f'(x) for x.
Tensor hardswish_second(const Tensor& gg, const Arg& g, const Arg& x);
Tensor elu_second(const Tensor& gg, const Arg& g, const Arg& x, const PointwiseParams& p);
Tensor silu_second(const Tensor& gg, const Arg& g, const Arg& x);
Tensor mish_second(const Tensor& gg, const Arg& g, const Arg& x);
Tensor gelu_second(const Tensor& gg, const Arg& g, const Arg& x);
Tensor gelu_tanh_second(const Tensor& gg, const Arg& g, const Arg& x);
Tensor softplus_second(const Tensor& gg, const Arg& g, const Arg& x, const PointwiseParams& p);
Tensor logsigmoid_second(const Tensor& gg, const Arg& g, const Arg& x);

}  // namespace tt::ops
