/* One neuron: weighted sum, bias, sigmoid. Four ways to the same number. */
#include "lesson.h"

/* 1 / (1 + exp(-x)) */
static tt_tensor* activation(const tt_tensor* x) {
  tt_tensor* t;
  CHECK(tt_neg(x, &t));
  CHECK(tt_exp(t, &t));
  CHECK(tt_add_scalar(t, 1.0, &t));
  CHECK(tt_reciprocal(t, &t));
  return t;
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const int64_t row[] = {1, 5}, one[] = {1, 1}, column[] = {5, 1};
  tt_tensor *features, *weights, *bias, *products, *sum, *turned, *t;

  /* Tensors belong to the scope: none is released one by one. */
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(7));
  CHECK(tt_randn(row, 2, NULL, TT_FLOAT32, &features));
  CHECK(tt_randn_like(features, NULL, &weights));
  CHECK(tt_randn(one, 2, NULL, TT_FLOAT32, &bias));
  features = to(features, device);
  weights = to(weights, device);
  bias = to(bias, device);
  print_tensor(features);
  print_tensor(weights);
  print_tensor(bias);

  CHECK(tt_mul(features, weights, &products));
  CHECK(tt_sum(products, NULL, 0, 0, TT_DTYPE_NONE, &sum));
  CHECK(tt_add(sum, bias, &t));
  print_tensor(activation(t));

  CHECK(tt_add(bias, sum, &t));
  print_tensor(activation(t));

  CHECK(tt_view(weights, column, 2, &turned));
  CHECK(tt_mm(features, turned, &t));
  CHECK(tt_add(t, bias, &t));
  print_tensor(activation(t));

  CHECK(tt_reshape(weights, column, 2, &turned));
  CHECK(tt_matmul(features, turned, &t));
  CHECK(tt_add(t, bias, &t));
  print_tensor(activation(t));
  CHECK(tt_scope_end(scope));
  return 0;
}
