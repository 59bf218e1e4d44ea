/* TinyTorch: pointwise ops. Operands broadcast and promote as PyTorch's do. An op marked F computes integers
 * and bool in the default dtype. A `_scalar` form takes a number that promotes as a Python float: it turns
 * integer tensors into the default dtype and leaves floating ones as they are. `name_` writes its result into
 * its first argument, whose dtype and shape must be able to hold it (TT_ERR_DTYPE, TT_ERR_SHAPE), which must
 * not be a leaf that requires gradients (TT_ERR_AUTOGRAD), and whose elements must not overlap in memory. It
 * may be one of the other arguments too, but not share a part of its memory with one
 * (TT_ERR_INVALID_ARGUMENT). Shapes that do not broadcast are TT_ERR_SHAPE; a dtype that the op does not have
 * is TT_ERR_DTYPE. */
#ifndef TINYTORCH_POINTWISE_H_
#define TINYTORCH_POINTWISE_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one operand ---- */
/* |input|. Not bool. Its gradient at 0 is 0. */
TT_API tt_status tt_abs(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_abs_(tt_tensor* input);
/* -input. Not bool. */
TT_API tt_status tt_neg(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_neg_(tt_tensor* input);
/* -1, 0 or 1; 0 for NaN. */
TT_API tt_status tt_sign(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_sign_(tt_tensor* input);
/* e^input. F */
TT_API tt_status tt_exp(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_exp_(tt_tensor* input);
/* 2^input. F */
TT_API tt_status tt_exp2(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_exp2_(tt_tensor* input);
/* e^input - 1, precise near 0. F */
TT_API tt_status tt_expm1(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_expm1_(tt_tensor* input);
/* The natural logarithm: NaN below 0. F */
TT_API tt_status tt_log(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_log_(tt_tensor* input);
/* F */
TT_API tt_status tt_log2(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_log2_(tt_tensor* input);
/* F */
TT_API tt_status tt_log10(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_log10_(tt_tensor* input);
/* log(1 + input), precise near 0. F */
TT_API tt_status tt_log1p(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_log1p_(tt_tensor* input);
/* NaN below 0. F */
TT_API tt_status tt_sqrt(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_sqrt_(tt_tensor* input);
/* 1 / sqrt(input). F */
TT_API tt_status tt_rsqrt(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_rsqrt_(tt_tensor* input);
/* input * input. */
TT_API tt_status tt_square(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_square_(tt_tensor* input);
/* 1 / input. F */
TT_API tt_status tt_reciprocal(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_reciprocal_(tt_tensor* input);
/* F */
TT_API tt_status tt_sin(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_sin_(tt_tensor* input);
/* F */
TT_API tt_status tt_cos(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_cos_(tt_tensor* input);
/* F */
TT_API tt_status tt_tan(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_tan_(tt_tensor* input);
/* F */
TT_API tt_status tt_asin(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_asin_(tt_tensor* input);
/* F */
TT_API tt_status tt_acos(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_acos_(tt_tensor* input);
/* F */
TT_API tt_status tt_atan(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_atan_(tt_tensor* input);
/* F */
TT_API tt_status tt_sinh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_sinh_(tt_tensor* input);
/* F */
TT_API tt_status tt_cosh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_cosh_(tt_tensor* input);
/* F */
TT_API tt_status tt_tanh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_tanh_(tt_tensor* input);
/* F */
TT_API tt_status tt_asinh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_asinh_(tt_tensor* input);
/* F */
TT_API tt_status tt_acosh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_acosh_(tt_tensor* input);
/* F */
TT_API tt_status tt_atanh(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_atanh_(tt_tensor* input);
/* 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to input. F */
TT_API tt_status tt_erf(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_erf_(tt_tensor* input);
/* 1 - erf(input). F */
TT_API tt_status tt_erfc(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_erfc_(tt_tensor* input);
/* The inverse of erf: infinite at -1 and 1, NaN beyond. F */
TT_API tt_status tt_erfinv(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_erfinv_(tt_tensor* input);
/* log |gamma(input)|. F */
TT_API tt_status tt_lgamma(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_lgamma_(tt_tensor* input);
/* The derivative of lgamma. F */
TT_API tt_status tt_digamma(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_digamma_(tt_tensor* input);
/* 1 / (1 + exp(-input)). F */
TT_API tt_status tt_sigmoid(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_sigmoid_(tt_tensor* input);
/* Integers stay as they are. Not bool. */
TT_API tt_status tt_floor(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_floor_(tt_tensor* input);
/* Likewise. */
TT_API tt_status tt_ceil(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_ceil_(tt_tensor* input);
/* Likewise: towards zero. */
TT_API tt_status tt_trunc(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_trunc_(tt_tensor* input);
/* input - trunc(input). Floating dtypes only. */
TT_API tt_status tt_frac(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_frac_(tt_tensor* input);
/* input == 0, as bool. */
TT_API tt_status tt_logical_not(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_logical_not_(tt_tensor* input);
/* Integers, and bool (its negation). */
TT_API tt_status tt_bitwise_not(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_bitwise_not_(tt_tensor* input);
/* bool; so are the next two. */
TT_API tt_status tt_isnan(const tt_tensor* input, tt_tensor** out);
/* Either infinity. */
TT_API tt_status tt_isinf(const tt_tensor* input, tt_tensor** out);
/* Neither infinite nor NaN. */
TT_API tt_status tt_isfinite(const tt_tensor* input, tt_tensor** out);
/* To the nearest integer, halves to even; with decimals, to that many digits after the point (negative:
 * before it; floating dtypes only then). */
TT_API tt_status tt_round(const tt_tensor* input, int64_t decimals, tt_tensor** out);
TT_API tt_status tt_round_(tt_tensor* input, int64_t decimals);
/* log(z / (1 - z)), where z is input clamped to [eps, 1 - eps]; eps NULL: not clamped. F */
TT_API tt_status tt_logit(const tt_tensor* input, const double* eps, tt_tensor** out);
TT_API tt_status tt_logit_(tt_tensor* input, const double* eps);
/* NaN and the infinities replaced. NULL: 0, the dtype's largest and its lowest value. */
TT_API tt_status tt_nan_to_num(const tt_tensor* input, const double* nan, const double* posinf,
                               const double* neginf, tt_tensor** out);
TT_API tt_status tt_nan_to_num_(tt_tensor* input, const double* nan, const double* posinf,
                                const double* neginf);
/* min(max(input, min), max); a NULL bound does not bind, but not both may be NULL. NaN where a bound is NaN.
 * The bounds promote as Python floats. The gradient is that of the result where min < input < max, else 0. */
TT_API tt_status tt_clamp(const tt_tensor* input, const double* min, const double* max, tt_tensor** out);
TT_API tt_status tt_clamp_(tt_tensor* input, const double* min, const double* max);
/* The same with tensors as bounds, which broadcast. */
TT_API tt_status tt_clamp_tensor(const tt_tensor* input, const tt_tensor* min, const tt_tensor* max,
                                 tt_tensor** out);
TT_API tt_status tt_clamp_tensor_(tt_tensor* input, const tt_tensor* min, const tt_tensor* max);

/* ---- two operands ---- */
/* input + other. Of bool: or. */
TT_API tt_status tt_add(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_add_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_add_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_add_scalar_(tt_tensor* input, double other);
/* input - other. Neither may be bool. */
TT_API tt_status tt_sub(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_sub_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_sub_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_sub_scalar_(tt_tensor* input, double other);
/* input * other. Of bool: and. */
TT_API tt_status tt_mul(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_mul_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_mul_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_mul_scalar_(tt_tensor* input, double other);
/* input / other. F */
TT_API tt_status tt_div(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_div_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_div_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_div_scalar_(tt_tensor* input, double other);
/* input - other * floor(input / other): the divisor's sign, as Python's %. Not bool. Integers by zero are
 * TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_remainder(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_remainder_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_remainder_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_remainder_scalar_(tt_tensor* input, double other);
/* The remainder with the sign of input, as C's fmod. Not bool. Integers by zero are TT_ERR_INVALID_ARGUMENT.
 */
TT_API tt_status tt_fmod(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_fmod_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_fmod_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_fmod_scalar_(tt_tensor* input, double other);
/* input^other. Not two bools. Integers wrap around; a negative exponent gives 0, or a power of a base 1 or
 * -1. */
TT_API tt_status tt_pow(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_pow_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_pow_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_pow_scalar_(tt_tensor* input, double other);
/* |input| with the sign of other. F */
TT_API tt_status tt_copysign(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_copysign_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_copysign_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_copysign_scalar_(tt_tensor* input, double other);
/* input * log(other); 0 where input is 0 and other is not NaN. F */
TT_API tt_status tt_xlogy(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_xlogy_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_xlogy_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_xlogy_scalar_(tt_tensor* input, double other);
/* Comparisons give bool. */
TT_API tt_status tt_eq(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_eq_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_eq_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_eq_scalar_(tt_tensor* input, double other);
/* input != other. */
TT_API tt_status tt_ne(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_ne_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_ne_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_ne_scalar_(tt_tensor* input, double other);
/* input < other. */
TT_API tt_status tt_lt(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_lt_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_lt_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_lt_scalar_(tt_tensor* input, double other);
/* input <= other. */
TT_API tt_status tt_le(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_le_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_le_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_le_scalar_(tt_tensor* input, double other);
/* input > other. */
TT_API tt_status tt_gt(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_gt_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_gt_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_gt_scalar_(tt_tensor* input, double other);
/* input >= other. */
TT_API tt_status tt_ge(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_ge_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_ge_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_ge_scalar_(tt_tensor* input, double other);
/* The angle of the point (x = other, y = input). F */
TT_API tt_status tt_atan2(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_atan2_(tt_tensor* input, const tt_tensor* other);
/* sqrt(input^2 + other^2). Floating dtypes only. */
TT_API tt_status tt_hypot(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_hypot_(tt_tensor* input, const tt_tensor* other);
/* bool, of whether the operands are not zero. */
TT_API tt_status tt_logical_and(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_logical_and_(tt_tensor* input, const tt_tensor* other);
/* Likewise. */
TT_API tt_status tt_logical_or(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_logical_or_(tt_tensor* input, const tt_tensor* other);
/* Likewise. */
TT_API tt_status tt_logical_xor(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_logical_xor_(tt_tensor* input, const tt_tensor* other);
/* Integers and bool. */
TT_API tt_status tt_bitwise_and(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_bitwise_and_(tt_tensor* input, const tt_tensor* other);
/* Integers and bool. */
TT_API tt_status tt_bitwise_or(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_bitwise_or_(tt_tensor* input, const tt_tensor* other);
/* Integers and bool. */
TT_API tt_status tt_bitwise_xor(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_bitwise_xor_(tt_tensor* input, const tt_tensor* other);
/* input * 2^other. Integers; a count that is negative or no less than the width gives 0. */
TT_API tt_status tt_bitwise_left_shift(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_bitwise_left_shift_(tt_tensor* input, const tt_tensor* other);
/* Keeps the sign: such a count gives 0 or -1. */
TT_API tt_status tt_bitwise_right_shift(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_bitwise_right_shift_(tt_tensor* input, const tt_tensor* other);
/* NaN where either is. Where they are equal, each gets half of the gradient. */
TT_API tt_status tt_maximum(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* Likewise. */
TT_API tt_status tt_minimum(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* log(e^input + e^other) without overflow. Floating dtypes only. */
TT_API tt_status tt_logaddexp(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* The integer forms with an exact number. Bitwise ops take no floating numbers. */
TT_API tt_status tt_bitwise_and_scalar(const tt_tensor* input, int64_t other, tt_tensor** out);
TT_API tt_status tt_bitwise_and_scalar_(tt_tensor* input, int64_t other);
TT_API tt_status tt_bitwise_or_scalar(const tt_tensor* input, int64_t other, tt_tensor** out);
TT_API tt_status tt_bitwise_or_scalar_(tt_tensor* input, int64_t other);
TT_API tt_status tt_bitwise_xor_scalar(const tt_tensor* input, int64_t other, tt_tensor** out);
TT_API tt_status tt_bitwise_xor_scalar_(tt_tensor* input, int64_t other);
TT_API tt_status tt_bitwise_left_shift_scalar(const tt_tensor* input, int64_t other, tt_tensor** out);
TT_API tt_status tt_bitwise_left_shift_scalar_(tt_tensor* input, int64_t other);
TT_API tt_status tt_bitwise_right_shift_scalar(const tt_tensor* input, int64_t other, tt_tensor** out);
TT_API tt_status tt_bitwise_right_shift_scalar_(tt_tensor* input, int64_t other);
/* The number first: other - input, other / input (the reciprocal times other, as in Python), other^input,
 * other % input, and other * log(input). */
TT_API tt_status tt_rsub_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_rdiv_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_rpow_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_rremainder_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_rxlogy_scalar(const tt_tensor* input, double other, tt_tensor** out);
/* input + alpha * other and input - alpha * other. For integers alpha must be integral and, as in tt_addmm,
 * fit the dtype; for bools it must be integral too, and says only whether other counts. sub: not bool. */
TT_API tt_status tt_add_alpha(const tt_tensor* input, const tt_tensor* other, double alpha, tt_tensor** out);
TT_API tt_status tt_add_alpha_(tt_tensor* input, const tt_tensor* other, double alpha);
TT_API tt_status tt_sub_alpha(const tt_tensor* input, const tt_tensor* other, double alpha, tt_tensor** out);
TT_API tt_status tt_sub_alpha_(tt_tensor* input, const tt_tensor* other, double alpha);
/* How a quotient is rounded: not, towards zero, down. */
typedef int32_t tt_rounding_mode;
enum { TT_ROUNDING_NONE = 0, TT_ROUNDING_TRUNC = 1, TT_ROUNDING_FLOOR = 2 };
/* tt_div, rounded; rounded quotients of integers are integers, by zero TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_div_mode(const tt_tensor* input, const tt_tensor* other, tt_rounding_mode rounding_mode,
                             tt_tensor** out);
TT_API tt_status tt_div_mode_(tt_tensor* input, const tt_tensor* other, tt_rounding_mode rounding_mode);
TT_API tt_status tt_div_mode_scalar(const tt_tensor* input, double other, tt_rounding_mode rounding_mode,
                                    tt_tensor** out);
TT_API tt_status tt_div_mode_scalar_(tt_tensor* input, double other, tt_rounding_mode rounding_mode);
/* other / input, rounded. */
TT_API tt_status tt_rdiv_mode_scalar(const tt_tensor* input, double other, tt_rounding_mode rounding_mode,
                                     tt_tensor** out);

/* ---- three operands ---- */

/* input where condition (bool) is true, else other. */
TT_API tt_status tt_where(const tt_tensor* condition, const tt_tensor* input, const tt_tensor* other,
                          tt_tensor** out);
/* The same with a number for other, and with a number for input. */
TT_API tt_status tt_where_scalar(const tt_tensor* condition, const tt_tensor* input, double other,
                                 tt_tensor** out);
TT_API tt_status tt_rwhere_scalar(const tt_tensor* condition, double input, const tt_tensor* other,
                                  tt_tensor** out);
/* input with value where mask (bool) is true, in input's dtype: a value that it cannot hold is
 * TT_ERR_INVALID_ARGUMENT, as in tt_full. */
TT_API tt_status tt_masked_fill(const tt_tensor* input, const tt_tensor* mask, double value, tt_tensor** out);
TT_API tt_status tt_masked_fill_(tt_tensor* input, const tt_tensor* mask, double value);
/* The same with a 0-dim tensor as value. */
TT_API tt_status tt_masked_fill_tensor(const tt_tensor* input, const tt_tensor* mask, const tt_tensor* value,
                                       tt_tensor** out);
TT_API tt_status tt_masked_fill_tensor_(tt_tensor* input, const tt_tensor* mask, const tt_tensor* value);
/* input + weight * (end - input). One floating dtype. */
TT_API tt_status tt_lerp(const tt_tensor* input, const tt_tensor* end, const tt_tensor* weight,
                         tt_tensor** out);
TT_API tt_status tt_lerp_(tt_tensor* input, const tt_tensor* end, const tt_tensor* weight);
TT_API tt_status tt_lerp_scalar(const tt_tensor* input, const tt_tensor* end, double weight, tt_tensor** out);
TT_API tt_status tt_lerp_scalar_(tt_tensor* input, const tt_tensor* end, double weight);
/* input + value * tensor1 * tensor2. Not bool; for integers value is as alpha in tt_add_alpha. */
TT_API tt_status tt_addcmul(const tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2,
                            double value, tt_tensor** out);
TT_API tt_status tt_addcmul_(tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2,
                             double value);
/* input + value * tensor1 / tensor2, of which one at least is floating. */
TT_API tt_status tt_addcdiv(const tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2,
                            double value, tt_tensor** out);
TT_API tt_status tt_addcdiv_(tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2,
                             double value);

#ifdef __cplusplus
}
#endif

#endif
