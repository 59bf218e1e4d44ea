/* The same descent with autograd. */
#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float x_data[] = {1, 2, 3}, y_data[] = {2, 4, 6}, start[] = {1};
  const int64_t one[] = {1};
  tt_tensor *w, *data, *y_pred, *loss, *grad;
  double last = 0;
  int epoch, row;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_from_data(start, one, 1, TT_FLOAT32, &w));
  w = to(w, device);
  CHECK(tt_tensor_set_requires_grad(w, 1));
  CHECK(tt_mul_scalar(w, 4, &y_pred));
  printf("Prediction (before training) 4 %s\n", repr(item(y_pred)));
  for (epoch = 0; epoch < 100; ++epoch) {
    for (row = 0; row < 3; ++row) {
      tt_scope inner;
      CHECK(tt_scope_begin(&inner));
      CHECK(tt_mul_scalar(w, x_data[row], &y_pred));
      CHECK(tt_sub_scalar(y_pred, y_data[row], &loss));
      CHECK(tt_square(loss, &loss));
      CHECK(tt_backward(loss));
      /* w.data and w.grad.data: the same memory, not recorded. */
      CHECK(tt_tensor_grad(w, &grad));
      CHECK(tt_detach(w, &data));
      CHECK(tt_sub_scalar_(data, 0.01 * item(grad)));
      CHECK(tt_zero_(grad));
      last = item(loss);
      CHECK(tt_scope_end(inner));
    }
  }
  printf("Epoch: %d | Loss: %s\n", epoch - 1, repr(last));
  CHECK(tt_detach(w, &data));
  print_tensor(data);
  CHECK(tt_mul_scalar(w, 4, &y_pred));
  printf("Prediction (after training) 4 %s\n", repr(item(y_pred)));
  CHECK(tt_scope_end(scope));
  return 0;
}
