/* The diabetes table through 8-6-4-1 sigmoids.  usage: 12_diabetes [--device NAME] FILE.csv[.gz] */
#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  tt_tensor *xy, *x, *y, *y_pred, *loss, *guess, *truth, *t;
  tt_module *layers[6], *model;
  tt_optimizer* optimizer;
  const int64_t widths[] = {8, 6, 4, 1};
  int epoch, i;

  if (argc != 2) {
    fprintf(stderr,
            "usage: %s [--device NAME] FILE.csv[.gz]: 8 columns of features and one of labels, no header\n",
            argv[0]);
    return 2;
  }
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(0));
  CHECK(tt_read_csv(argv[1], ',', 0, TT_FLOAT32, &xy));
  xy = to(xy, device);
  CHECK(tt_narrow(xy, 1, 0, 8, &x));
  CHECK(tt_narrow(xy, 1, 8, 1, &y));
  printf("X's shape: ");
  print_shape(x);
  printf(" | Y's shape: ");
  print_shape(y);
  putchar('\n');

  for (i = 0; i < 3; ++i) {
    CHECK(tt_nn_linear_new(widths[i], widths[i + 1], 1, &layers[2 * i]));
    CHECK(tt_nn_sigmoid_new(&layers[2 * i + 1]));
  }
  CHECK(tt_nn_sequential_new(layers, 6, &model));
  for (i = 0; i < 6; ++i) tt_module_release(layers[i]);
  CHECK(tt_module_to_device(model, device.type, device.index));
  optimizer = sgd(model, 0.1, 0);
  for (epoch = 0; epoch < 1000; ++epoch) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_module_forward(model, x, &y_pred));
    CHECK(tt_binary_cross_entropy(y_pred, y, NULL, NULL, &loss));
    if (epoch % 200 == 0) printf("Epoch: %d/1000 | Loss: %.4f\n", epoch + 1, item(loss));
    learn(optimizer, loss);
    if (epoch == 999) printf("Epoch: %d/1000 | Loss: %.4f\n", epoch + 1, item(loss));
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_module_forward(model, x, &y_pred));
  CHECK(tt_gt_scalar(y_pred, 0.5, &guess));
  CHECK(tt_gt_scalar(y, 0.5, &truth));
  CHECK(tt_eq(guess, truth, &t));
  CHECK(tt_to(t, TT_FLOAT32, &t));
  CHECK(tt_mean(t, NULL, 0, 0, TT_DTYPE_NONE, &t));
  printf("accuracy %.4f\n", item(t));
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  return 0;
}
