/* Each activation's module does what its function does, and the function gives the right number. */
#include <math.h>

#include "check.h"

/* The module is released, and so is the function's result, which is one number. */
static void expect(const char* name, tt_module* module, const tt_tensor* input, tt_tensor* by_function,
                   double want) {
  tt_tensor* by_module = NULL;
  int32_t same = 0;
  OK(tt_module_forward(module, input, &by_module));
  OK(tt_equal(by_module, by_function, &same));
  const double value = item(by_function);
  if (same != 1 || !(fabs(value - want) <= 1e-6)) {
    ++check_failures;
    fprintf(stderr, "%s: %.9g, expected %.9g; by the module %.9g\n", name, value, want, item(by_module));
  }
  tt_tensor_release(by_module);
  tt_tensor_release(by_function);
  tt_module_release(module);
}

static void without_options(const tt_tensor* x) {
  const struct {
    const char* name;
    tt_status (*make)(tt_module**);
    tt_status (*call)(const tt_tensor*, tt_tensor**);
    double want;
  } table[] = {
      {"Identity", tt_nn_identity_new, tt_clone, -0.5},
      {"ReLU6", tt_nn_relu6_new, tt_relu6, 0},
      {"SELU", tt_nn_selu_new, tt_selu, 1.0507009874 * 1.6732632424 * expm1(-0.5)},
      {"SiLU", tt_nn_silu_new, tt_silu, -0.5 / (1 + exp(0.5))},
      {"Mish", tt_nn_mish_new, tt_mish, -0.5 * tanh(log1p(exp(-0.5)))},
      {"Hardsigmoid", tt_nn_hardsigmoid_new, tt_hardsigmoid, 2.5 / 6},
      {"Hardswish", tt_nn_hardswish_new, tt_hardswish, -0.5 * 2.5 / 6},
      {"Softsign", tt_nn_softsign_new, tt_softsign, -0.5 / 1.5},
      {"LogSigmoid", tt_nn_logsigmoid_new, tt_logsigmoid, -log1p(exp(0.5))},
      {"Tanhshrink", tt_nn_tanhshrink_new, tt_tanhshrink, -0.5 - tanh(-0.5)},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    tt_module* module = NULL;
    tt_tensor* out = NULL;
    OK(table[i].make(&module));
    OK(table[i].call(x, &out));
    expect(table[i].name, module, x, out, table[i].want);
  }
}

static void with_options(const tt_tensor* x) {
  tt_module* module = NULL;
  tt_tensor* out = NULL;
  OK(tt_nn_leaky_relu_new(0.1, &module));
  OK(tt_leaky_relu(x, 0.1, &out));
  expect("LeakyReLU", module, x, out, -0.05);
  OK(tt_nn_elu_new(2, &module));
  OK(tt_elu(x, 2, &out));
  expect("ELU", module, x, out, 2 * expm1(-0.5));
  OK(tt_nn_celu_new(2, &module));
  OK(tt_celu(x, 2, &out));
  expect("CELU", module, x, out, 2 * expm1(-0.25));
  OK(tt_nn_softplus_new(2, 20, &module));
  OK(tt_softplus(x, 2, 20, &out));
  expect("Softplus", module, x, out, log1p(exp(-1)) / 2);
  OK(tt_nn_hardtanh_new(-0.25, 1, &module));
  OK(tt_hardtanh(x, -0.25, 1, &out));
  expect("Hardtanh", module, x, out, -0.25);
  OK(tt_nn_threshold_new(0, 7, &module));
  OK(tt_threshold(x, 0, 7, &out));
  expect("Threshold", module, x, out, 7);
  OK(tt_nn_softshrink_new(0.2, &module));
  OK(tt_softshrink(x, 0.2, &out));
  expect("Softshrink", module, x, out, -0.3);
  OK(tt_nn_hardshrink_new(0.6, &module));
  OK(tt_hardshrink(x, 0.6, &out));
  expect("Hardshrink", module, x, out, 0);
  OK(tt_nn_softmax_new(0, &module));
  OK(tt_softmax(x, 0, TT_DTYPE_NONE, &out));
  expect("Softmax", module, x, out, 1);
  OK(tt_nn_log_softmax_new(0, &module));
  OK(tt_log_softmax(x, 0, TT_DTYPE_NONE, &out));
  expect("LogSoftmax", module, x, out, 0);
  OK(tt_nn_softmin_new(0, &module));
  OK(tt_softmin(x, 0, TT_DTYPE_NONE, &out));
  expect("Softmin", module, x, out, 1);

  const float values[] = {3, 0};
  tt_tensor* pair = vector_of(values, 2);
  OK(tt_nn_glu_new(0, &module));
  OK(tt_glu(pair, 0, &out));
  expect("GLU", module, pair, out, 1.5);
  tt_tensor_release(pair);

  const float slope = 0.25F;
  tt_tensor* weight = vector_of(&slope, 1);
  OK(tt_nn_prelu_new(1, 0.25, &module));
  OK(tt_prelu(x, weight, &out));
  expect("PReLU", module, x, out, -0.125);
  tt_tensor_release(weight);
}

static void in_place(void) {
  const struct {
    const char* name;
    tt_status (*call)(tt_tensor*, double);
    double want;
  } table[] = {{"leaky_relu_", tt_leaky_relu_, -1},
               {"elu_", tt_elu_, 2 * expm1(-0.5)},
               {"celu_", tt_celu_, 2 * expm1(-0.25)}};
  const float value = -0.5F;
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    tt_tensor* x = vector_of(&value, 1);
    OK(table[i].call(x, 2));
    CHECK(fabs(item(x) - table[i].want) <= 1e-6);
    tt_tensor_release(x);
  }
  tt_tensor* x = vector_of(&value, 1);
  OK(tt_hardtanh_(x, -0.25, 1));
  CHECK(item(x) == -0.25);
  OK(tt_threshold_(x, 0, 7));
  CHECK(item(x) == 7);
  tt_tensor_release(x);
}

int main(void) {
  const float value = -0.5F;
  tt_tensor* x = vector_of(&value, 1);
  without_options(x);
  with_options(x);
  in_place();
  tt_tensor_release(x);
  return finish("every_activation");
}
