/* Sigmoid, ReLU, softmax. */
#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float seven[] = {1, 2, 3, 4, 1, 2, 3}, four[] = {1, 2, 3, 3};
  const int64_t sizes[] = {7}, last[] = {1};
  tt_tensor *x, *t;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_arange(-5.0, 6.0, 1.0, TT_FLOAT32, &x));
  x = to(x, device);
  CHECK(tt_sigmoid(x, &t));
  print_tensor(t);
  CHECK(tt_relu(x, &t));
  print_tensor(t);
  CHECK(tt_from_data(seven, sizes, 1, TT_FLOAT32, &x));
  x = to(x, device);
  CHECK(tt_softmax(x, 0, TT_DTYPE_NONE, &t));
  print_tensor(t);
  CHECK(tt_softmax(to(matrix(four, 2, 2), device), 1, TT_DTYPE_NONE, &t));
  CHECK(tt_sum(t, last, 1, 0, TT_DTYPE_NONE, &t));
  print_tensor(t);
  CHECK(tt_scope_end(scope));
  return 0;
}
