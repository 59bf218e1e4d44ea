/* Each pointwise function gives the right number, as a new tensor and in place: tables of functions, an
 * operand or two, and the result. How they behave in full is said by the recorded vectors of the ops below
 * them (tests/parity). */
#include <math.h>

#include "check.h"

typedef tt_status (*unary)(const tt_tensor*, tt_tensor**);
typedef tt_status (*unary_in_place)(tt_tensor*);
typedef tt_status (*binary)(const tt_tensor*, const tt_tensor*, tt_tensor**);
typedef tt_status (*binary_in_place)(tt_tensor*, const tt_tensor*);
typedef tt_status (*scalar)(const tt_tensor*, double, tt_tensor**);
typedef tt_status (*scalar_in_place)(tt_tensor*, double);
typedef tt_status (*integer)(const tt_tensor*, int64_t, tt_tensor**);
typedef tt_status (*integer_in_place)(tt_tensor*, int64_t);

/* A vector of two equal numbers. */
static tt_tensor* of(double value, tt_dtype dtype) {
  const int64_t size = 2;
  tt_tensor* out = NULL;
  OK(tt_full(&size, 1, value, dtype, &out));
  return out;
}

/* Both elements are the number; the tensor is released. */
static void expect(const char* name, tt_tensor* got, double want) {
  for (int64_t i = 0; i < 2; ++i) {
    tt_tensor* element = NULL;
    OK(tt_select(got, 0, i, &element));
    const double value = item(element);
    if (!(fabs(value - want) <= 1e-6 * (1 + fabs(want)))) {
      ++check_failures;
      fprintf(stderr, "%s: element %d is %.9g, expected %.9g\n", name, (int)i, value, want);
    }
    tt_tensor_release(element);
  }
  tt_tensor_release(got);
}

static void one_operand(void) {
  const struct {
    const char* name;
    unary call;
    unary_in_place in_place;
    double input, want;
  } table[] = {
      {"abs", tt_abs, tt_abs_, -1.5, 1.5},
      {"acos", tt_acos, tt_acos_, 0.5, acos(0.5)},
      {"acosh", tt_acosh, tt_acosh_, 2, acosh(2)},
      {"asin", tt_asin, tt_asin_, 0.5, asin(0.5)},
      {"asinh", tt_asinh, tt_asinh_, 0.5, asinh(0.5)},
      {"atan", tt_atan, tt_atan_, 0.5, atan(0.5)},
      {"atanh", tt_atanh, tt_atanh_, 0.5, atanh(0.5)},
      {"ceil", tt_ceil, tt_ceil_, 1.5, 2},
      {"cos", tt_cos, tt_cos_, 0.5, cos(0.5)},
      {"cosh", tt_cosh, tt_cosh_, 0.5, cosh(0.5)},
      {"digamma", tt_digamma, tt_digamma_, 1, -0.5772156649},
      {"erf", tt_erf, tt_erf_, 0.5, erf(0.5)},
      {"erfc", tt_erfc, tt_erfc_, 0.5, erfc(0.5)},
      {"erfinv", tt_erfinv, tt_erfinv_, 0.5, 0.4769362762},
      {"exp", tt_exp, tt_exp_, 0.5, exp(0.5)},
      {"exp2", tt_exp2, tt_exp2_, 3, 8},
      {"expm1", tt_expm1, tt_expm1_, 0.5, expm1(0.5)},
      {"floor", tt_floor, tt_floor_, -1.5, -2},
      {"frac", tt_frac, tt_frac_, -1.25, -0.25},
      {"hardsigmoid", tt_hardsigmoid, tt_hardsigmoid_, 1.5, 0.75},
      {"hardswish", tt_hardswish, tt_hardswish_, 1.5, 1.125},
      {"lgamma", tt_lgamma, tt_lgamma_, 4, log(6)},
      {"log", tt_log, tt_log_, 2, log(2)},
      {"log10", tt_log10, tt_log10_, 1000, 3},
      {"log1p", tt_log1p, tt_log1p_, 0.5, log1p(0.5)},
      {"log2", tt_log2, tt_log2_, 8, 3},
      {"mish", tt_mish, tt_mish_, 1, tanh(log(1 + exp(1)))},
      {"neg", tt_neg, tt_neg_, 1.5, -1.5},
      {"reciprocal", tt_reciprocal, tt_reciprocal_, 4, 0.25},
      {"relu", tt_relu, tt_relu_, -2, 0},
      {"relu6", tt_relu6, tt_relu6_, 7, 6},
      {"rsqrt", tt_rsqrt, tt_rsqrt_, 4, 0.5},
      {"selu", tt_selu, tt_selu_, 1, 1.0507009874},
      {"sigmoid", tt_sigmoid, tt_sigmoid_, 0.5, 1 / (1 + exp(-0.5))},
      {"sign", tt_sign, tt_sign_, -3, -1},
      {"silu", tt_silu, tt_silu_, 1, 1 / (1 + exp(-1))},
      {"sin", tt_sin, tt_sin_, 0.5, sin(0.5)},
      {"sinh", tt_sinh, tt_sinh_, 0.5, sinh(0.5)},
      {"sqrt", tt_sqrt, tt_sqrt_, 2.25, 1.5},
      {"square", tt_square, tt_square_, 1.5, 2.25},
      {"tan", tt_tan, tt_tan_, 0.5, tan(0.5)},
      {"tanh", tt_tanh, tt_tanh_, 0.5, tanh(0.5)},
      {"trunc", tt_trunc, tt_trunc_, -1.5, -1},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    tt_tensor *x = of(table[i].input, TT_FLOAT64), *y = NULL;
    OK(table[i].call(x, &y));
    expect(table[i].name, y, table[i].want);
    OK(table[i].in_place(x));
    expect(table[i].name, x, table[i].want);
  }
}

static void two_operands(void) {
  const struct {
    const char* name;
    binary call;
    binary_in_place in_place;
    scalar with_number;
    scalar_in_place number_in_place;
    double a, b, want;
  } table[] = {
      {"div", tt_div, tt_div_, tt_div_scalar, tt_div_scalar_, 3, 2, 1.5},
      {"remainder", tt_remainder, tt_remainder_, tt_remainder_scalar, tt_remainder_scalar_, -3, 2, 1},
      {"fmod", tt_fmod, tt_fmod_, tt_fmod_scalar, tt_fmod_scalar_, -3, 2, -1},
      {"pow", tt_pow, tt_pow_, tt_pow_scalar, tt_pow_scalar_, 3, 2, 9},
      {"copysign", tt_copysign, tt_copysign_, tt_copysign_scalar, tt_copysign_scalar_, 3, -2, -3},
      {"xlogy", tt_xlogy, tt_xlogy_, tt_xlogy_scalar, tt_xlogy_scalar_, 3, 1, 0},
      {"eq", tt_eq, tt_eq_, tt_eq_scalar, tt_eq_scalar_, 3, 2, 0},
      {"ne", tt_ne, tt_ne_, tt_ne_scalar, tt_ne_scalar_, 3, 2, 1},
      {"lt", tt_lt, tt_lt_, tt_lt_scalar, tt_lt_scalar_, 3, 2, 0},
      {"le", tt_le, tt_le_, tt_le_scalar, tt_le_scalar_, 2, 2, 1},
      {"gt", tt_gt, tt_gt_, tt_gt_scalar, tt_gt_scalar_, 3, 2, 1},
      {"ge", tt_ge, tt_ge_, tt_ge_scalar, tt_ge_scalar_, 2, 3, 0},
      {"sub", tt_sub, tt_sub_, tt_sub_scalar, tt_sub_scalar_, 3, 2, 1},
      {"hypot", tt_hypot, tt_hypot_, NULL, NULL, 3, 4, 5},
      {"atan2", tt_atan2, tt_atan2_, NULL, NULL, 0, 1, 0},
      {"logical_and", tt_logical_and, tt_logical_and_, NULL, NULL, 1, 0, 0},
      {"logical_or", tt_logical_or, tt_logical_or_, NULL, NULL, 1, 0, 1},
      {"logical_xor", tt_logical_xor, tt_logical_xor_, NULL, NULL, 1, 1, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    tt_tensor *a = of(table[i].a, TT_FLOAT64), *b = of(table[i].b, TT_FLOAT64), *out = NULL;
    OK(table[i].call(a, b, &out));
    expect(table[i].name, out, table[i].want);
    if (table[i].with_number != NULL) {
      OK(table[i].with_number(a, table[i].b, &out));
      expect(table[i].name, out, table[i].want);
      tt_tensor* c = of(table[i].a, TT_FLOAT64);
      OK(table[i].number_in_place(c, table[i].b));
      expect(table[i].name, c, table[i].want);
    }
    OK(table[i].in_place(a, b));
    expect(table[i].name, a, table[i].want);
    tt_tensor_release(b);
  }
}

static void integers(void) {
  const struct {
    const char* name;
    binary call;
    binary_in_place in_place;
    integer with_number;
    integer_in_place number_in_place;
    int64_t a, b, want;
  } table[] = {
      {"bitwise_and", tt_bitwise_and, tt_bitwise_and_, tt_bitwise_and_scalar, tt_bitwise_and_scalar_, 6, 3,
       2},
      {"bitwise_or", tt_bitwise_or, tt_bitwise_or_, tt_bitwise_or_scalar, tt_bitwise_or_scalar_, 6, 3, 7},
      {"bitwise_xor", tt_bitwise_xor, tt_bitwise_xor_, tt_bitwise_xor_scalar, tt_bitwise_xor_scalar_, 6, 3,
       5},
      {"bitwise_left_shift", tt_bitwise_left_shift, tt_bitwise_left_shift_, tt_bitwise_left_shift_scalar,
       tt_bitwise_left_shift_scalar_, 3, 2, 12},
      {"bitwise_right_shift", tt_bitwise_right_shift, tt_bitwise_right_shift_, tt_bitwise_right_shift_scalar,
       tt_bitwise_right_shift_scalar_, 12, 2, 3},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    tt_tensor *a = of((double)table[i].a, TT_INT64), *b = of((double)table[i].b, TT_INT64), *out = NULL;
    const double want = (double)table[i].want;
    OK(table[i].call(a, b, &out));
    expect(table[i].name, out, want);
    OK(table[i].with_number(a, table[i].b, &out));
    expect(table[i].name, out, want);
    tt_tensor* c = of((double)table[i].a, TT_INT64);
    OK(table[i].number_in_place(c, table[i].b));
    expect(table[i].name, c, want);
    OK(table[i].in_place(a, b));
    expect(table[i].name, a, want);
    tt_tensor_release(b);
  }
  tt_tensor *x = of(6, TT_INT64), *y = NULL;
  OK(tt_bitwise_not(x, &y));
  expect("bitwise_not", y, -7);
  OK(tt_bitwise_not_(x));
  expect("bitwise_not_", x, -7);
}

/* The number first; greatest and least of two; what numbers are. */
static void others(void) {
  const struct {
    const char* name;
    scalar call;
    double tensor, number, want;
  } reversed[] = {
      {"rdiv", tt_rdiv_scalar, 2, 3, 1.5},
      {"rpow", tt_rpow_scalar, 2, 3, 9},
      {"rremainder", tt_rremainder_scalar, 2, -3, 1},
      {"rxlogy", tt_rxlogy_scalar, 1, 3, 0},
  };
  for (size_t i = 0; i < sizeof reversed / sizeof *reversed; ++i) {
    tt_tensor *x = of(reversed[i].tensor, TT_FLOAT64), *y = NULL;
    OK(reversed[i].call(x, reversed[i].number, &y));
    expect(reversed[i].name, y, reversed[i].want);
    tt_tensor_release(x);
  }
  tt_tensor *a = of(2, TT_FLOAT64), *b = of(3, TT_FLOAT64), *out = NULL;
  OK(tt_maximum(a, b, &out));
  expect("maximum", out, 3);
  OK(tt_minimum(a, b, &out));
  expect("minimum", out, 2);
  OK(tt_logaddexp(a, b, &out));
  expect("logaddexp", out, log(exp(2) + exp(3)));
  OK(tt_softsign(b, &out));
  expect("softsign", out, 0.75);
  OK(tt_tanhshrink(b, &out));
  expect("tanhshrink", out, 3 - tanh(3));
  OK(tt_logsigmoid(b, &out));
  expect("logsigmoid", out, -log1p(exp(-3)));
  OK(tt_isnan(a, &out));
  expect("isnan", out, 0);
  OK(tt_isinf(a, &out));
  expect("isinf", out, 0);
  OK(tt_isfinite(a, &out));
  expect("isfinite", out, 1);
  OK(tt_logical_not(a, &out));
  expect("logical_not", out, 0);
  OK(tt_logical_not_(a));
  expect("logical_not_", a, 0);
  tt_tensor* infinite = of(HUGE_VAL, TT_FLOAT64);
  OK(tt_isinf(infinite, &out));
  expect("isinf", out, 1);
  OK(tt_isfinite(infinite, &out));
  expect("isfinite", out, 0);
  tt_tensor_release(infinite);
  tt_tensor_release(b);
}

int main(void) {
  one_operand();
  two_operands();
  integers();
  others();
  return finish("every_function");
}
