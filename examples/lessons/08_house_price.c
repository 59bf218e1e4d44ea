/* House prices: three points, a tiny learning rate, 1000 epochs. */
#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float areas[] = {2104, 1600, 2400}, prices[] = {399.900f, 329.900f, 369.000f};
  tt_tensor *x, *y, *out, *loss;
  tt_module* model;
  tt_optimizer* optimizer;
  int epoch, i;
  float values[3];

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(0));
  x = to(matrix(areas, 3, 1), device);
  y = to(matrix(prices, 3, 1), device);
  CHECK(tt_nn_linear_new(1, 1, 1, &model));
  CHECK(tt_module_to_device(model, device.type, device.index));
  optimizer = sgd(model, 1e-9, 0);
  for (epoch = 0; epoch < 1000; ++epoch) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_module_forward(model, x, &out));
    CHECK(tt_mse_loss(out, y, NULL, &loss));
    learn(optimizer, loss);
    if ((epoch + 1) % 100 == 0) printf("Epoch[%d/%d], loss: %.2f\n", epoch + 1, 1000, item(loss));
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_module_forward(model, x, &out));
  CHECK(tt_tensor_copy_data(out, values, sizeof values));
  for (i = 0; i < 3; ++i) {
    /* As NumPy prints rounded numbers: zeros at the end left blank. */
    char text[32];
    size_t k;
    snprintf(text, sizeof text, "%.2f", values[i]);
    for (k = strlen(text); text[k - 1] == '0'; --k) text[k - 1] = ' ';
    printf("%s[%s]%s\n", i == 0 ? "[" : " ", text, i == 2 ? "]" : "");
  }
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  return 0;
}
