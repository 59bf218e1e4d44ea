/* Hours studied against passed: sigmoid of a line, binary cross-entropy. */
#include "lesson.h"

static tt_tensor* predict(tt_module* linear, const tt_tensor* x) {
  tt_tensor* t;
  CHECK(tt_module_forward(linear, x, &t));
  CHECK(tt_sigmoid(t, &t));
  return t;
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float xs[] = {1, 2, 3, 4}, ys[] = {0, 0, 1, 1}, hours[] = {1, 7};
  tt_tensor *x, *y, *loss;
  tt_module* linear;
  tt_optimizer* optimizer;
  int epoch, i;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(2));
  x = to(matrix(xs, 4, 1), device);
  y = to(matrix(ys, 4, 1), device);
  CHECK(tt_nn_linear_new(1, 1, 1, &linear));
  CHECK(tt_module_to_device(linear, device.type, device.index));
  optimizer = sgd(linear, 0.01, 0);
  for (epoch = 0; epoch < 1000; ++epoch) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_binary_cross_entropy(predict(linear, x), y, NULL, NULL, &loss));
    if (epoch % 100 == 0) printf("Epoch %d/1000 | Loss: %.4f\n", epoch + 1, item(loss));
    learn(optimizer, loss);
    CHECK(tt_scope_end(inner));
  }
  for (i = 0; i < 2; ++i) {
    const double y_pred = item(predict(linear, to(matrix(&hours[i], 1, 1), device)));
    printf("Prediction for x = %s, y_pred = %.4f | Above 50%%: %s\n", repr(hours[i]), y_pred,
           y_pred > 0.5 ? "True" : "False");
  }
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(linear);
  return 0;
}
