/* Three inputs, two hidden units, one output. */
#include "lesson.h"

/* sigmoid(x w + b) */
static tt_tensor* layer(const tt_tensor* x, const tt_tensor* w, const tt_tensor* b) {
  tt_tensor* t;
  CHECK(tt_mm(x, w, &t));
  CHECK(tt_add(t, b, &t));
  CHECK(tt_sigmoid(t, &t));
  return t;
}

/* Drawn on the CPU, so that the numbers are the same on every device. */
static tt_tensor* randn(int64_t rows, int64_t columns, Device device) {
  int64_t sizes[2];
  tt_tensor* out;
  sizes[0] = rows;
  sizes[1] = columns;
  CHECK(tt_randn(sizes, 2, NULL, TT_FLOAT32, &out));
  return to(out, device);
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  tt_tensor *features, *w1, *w2, *b1, *b2, *h, *output;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(7));
  features = randn(1, 3, device);
  w1 = randn(3, 2, device);
  w2 = randn(2, 1, device);
  b1 = randn(1, 2, device);
  b2 = randn(1, 1, device);

  h = layer(features, w1, b1);
  output = layer(h, w2, b2);
  print_tensor(output);
  print_shape(features);
  putchar(' ');
  print_shape(w1);
  putchar(' ');
  print_shape(h);
  putchar(' ');
  print_shape(output);
  putchar('\n');
  CHECK(tt_scope_end(scope));
  return 0;
}
