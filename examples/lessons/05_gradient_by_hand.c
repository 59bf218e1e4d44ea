/* y = w x without autograd: a sweep over w, then gradient descent with the derivative written out. */
#include <math.h>

#include "lesson.h"

static double rounded(double value, double unit) { return round(value / unit) * unit; }

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float x_data[] = {1, 2, 3}, y_data[] = {2, 4, 6};
  const int64_t three[] = {3};
  tt_tensor *xs, *ys, *w_list, *mse[64], *mse_list, *best, *w, *loss = NULL, *t;
  int64_t count, i;
  int epoch, row;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_from_data(x_data, three, 1, TT_FLOAT32, &xs));
  CHECK(tt_from_data(y_data, three, 1, TT_FLOAT32, &ys));
  CHECK(tt_arange(0.0, 4.1, 0.1, TT_FLOAT32, &w_list));
  xs = to(xs, device);
  ys = to(ys, device);
  w_list = to(w_list, device);
  CHECK(tt_tensor_numel(w_list, &count));
  for (i = 0; i < count; ++i) {
    CHECK(tt_select(w_list, 0, i, &t));
    CHECK(tt_mul(xs, t, &t));
    CHECK(tt_sub(t, ys, &t));
    CHECK(tt_square(t, &t));
    CHECK(tt_mean(t, NULL, 0, 0, TT_DTYPE_NONE, &mse[i]));
  }
  CHECK(tt_stack(mse, (size_t)count, 0, &mse_list));
  print_tensor(mse_list);
  CHECK(tt_argmin(mse_list, NULL, 0, &t));
  CHECK(tt_index_select(w_list, 0, t, &best));
  puts(repr(item(best)));

  CHECK(tt_scalar(1.0, TT_FLOAT32, &w));
  w = to(w, device);
  for (epoch = 0; epoch < 100; ++epoch) {
    for (row = 0; row < 3; ++row) {
      const double x = x_data[row], y = y_data[row];
      tt_tensor *error, *grad;
      tt_scope inner;
      CHECK(tt_scope_begin(&inner));
      CHECK(tt_mul_scalar(w, x, &error));
      CHECK(tt_sub_scalar(error, y, &error));
      CHECK(tt_mul_scalar(error, 2 * x, &grad));
      CHECK(tt_mul_scalar(grad, 0.01, &grad));
      CHECK(tt_sub_(w, grad));
      CHECK(tt_mul_scalar(w, x, &t));
      CHECK(tt_sub_scalar(t, y, &t));
      CHECK(tt_square(t, &t));
      if (epoch == 99 && row == 2) {
        CHECK(tt_scope_keep(t));
        loss = t;
      }
      CHECK(tt_scope_end(inner));
    }
  }
  printf("w = %s ", repr(rounded(item(w), 1e-4)));
  printf("loss = %s\n", repr(rounded(item(loss), 1e-6)));
  tt_tensor_release(loss);
  CHECK(tt_scope_end(scope));
  return 0;
}
