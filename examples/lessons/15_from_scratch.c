/* A network whose backward pass is written by hand, trained 1000 times, saved and loaded again. */
#include <unistd.h>

#include "lesson.h"

static tt_tensor *w1, *w2, *z2;

static tt_tensor* sigmoid(const tt_tensor* s) {
  tt_tensor* t;
  CHECK(tt_neg(s, &t));
  CHECK(tt_exp(t, &t));
  CHECK(tt_add_scalar(t, 1.0, &t));
  CHECK(tt_reciprocal(t, &t));
  return t;
}

/* s (1 - s), for s a sigmoid's result */
static tt_tensor* sigmoid_prime(const tt_tensor* s) {
  tt_tensor* t;
  CHECK(tt_rsub_scalar(s, 1.0, &t));
  CHECK(tt_mul(s, t, &t));
  return t;
}

static tt_tensor* forward(const tt_tensor* x) {
  tt_tensor* t;
  CHECK(tt_matmul(x, w1, &t));
  z2 = sigmoid(t);
  CHECK(tt_matmul(z2, w2, &t));
  return sigmoid(t);
}

static void backward(const tt_tensor* x, const tt_tensor* y, const tt_tensor* o) {
  tt_tensor *error, *o_delta, *z2_delta, *t;
  CHECK(tt_sub(y, o, &error));
  CHECK(tt_mul(error, sigmoid_prime(o), &o_delta));
  CHECK(tt_t(w2, &t));
  CHECK(tt_matmul(o_delta, t, &t));
  CHECK(tt_mul(t, sigmoid_prime(z2), &z2_delta));
  CHECK(tt_t(x, &t));
  CHECK(tt_matmul(t, z2_delta, &t));
  CHECK(tt_add_(w1, t));
  CHECK(tt_t(z2, &t));
  CHECK(tt_matmul(t, o_delta, &t));
  CHECK(tt_add_(w2, t));
}

/* Each column divided by its largest entry. */
static tt_tensor* scaled(const tt_tensor* x) {
  tt_tensor *largest, *where, *out;
  CHECK(tt_max_dim(x, 0, 0, &largest, &where));
  CHECK(tt_div(x, largest, &out));
  return out;
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float hours[] = {2, 9, 1, 5, 3, 6}, scores[] = {92, 100, 89}, predicted[] = {4, 8};
  const int64_t first[] = {2, 3}, second[] = {3, 1}, two[] = {2};
  const char* names[] = {"W1", "W2"};
  char path[64];
  tt_tensor *x, *y, *x_predicted, *t, *weights[2], *loaded[2];
  tt_safetensors* file;
  int32_t same[2];
  int i;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(3));
  x = scaled(to(matrix(hours, 3, 2), device));
  CHECK(tt_div_scalar(to(matrix(scores, 3, 1), device), 100.0, &y));
  CHECK(tt_from_data(predicted, two, 1, TT_FLOAT32, &x_predicted));
  x_predicted = scaled(to(x_predicted, device));
  CHECK(tt_randn(first, 2, NULL, TT_FLOAT32, &w1));
  CHECK(tt_randn(second, 2, NULL, TT_FLOAT32, &w2));
  w1 = to(w1, device);
  w2 = to(w2, device);
  for (i = 0; i < 1000; ++i) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    if (i % 250 == 0) {
      CHECK(tt_sub(y, forward(x), &t));
      CHECK(tt_square(t, &t));
      CHECK(tt_mean(t, NULL, 0, 0, TT_DTYPE_NONE, &t));
      printf("#%d Loss: %.6f\n", i, item(t));
    }
    backward(x, y, forward(x));
    CHECK(tt_scope_end(inner));
  }

  weights[0] = w1;
  weights[1] = w2;
  snprintf(path, sizeof path, "lesson_15_%ld.safetensors", (long)getpid());
  CHECK(tt_safetensors_save(path, names, weights, 2, NULL, NULL, 0));
  CHECK(tt_safetensors_open(path, 0, &file));
  for (i = 0; i < 2; ++i) {
    CHECK(tt_safetensors_get(file, names[i], &loaded[i]));
    CHECK(tt_equal(to(loaded[i], device), weights[i], &same[i]));
  }
  tt_safetensors_release(file);
  remove(path);
  printf("%s %s\n", same[0] ? "True" : "False", same[1] ? "True" : "False");
  puts("Input (scaled): ");
  print_tensor(x_predicted);
  puts("Output: ");
  print_tensor(forward(x_predicted));
  CHECK(tt_scope_end(scope));
  return 0;
}
