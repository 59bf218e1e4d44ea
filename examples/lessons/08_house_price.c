/* House prices: three points, a tiny learning rate, 1000 epochs. */
#include "lesson.h"

int main(void) {
  const float areas[] = {2104, 1600, 2400}, prices[] = {399.900f, 329.900f, 369.000f};
  tt_tensor *x, *y, *out, *loss;
  tt_module* model;
  tt_optimizer* optimizer;
  int epoch, i;
  void* data;

  CHECK(tt_scope_begin());
  CHECK(tt_manual_seed(0));
  x = matrix(areas, 3, 1);
  y = matrix(prices, 3, 1);
  CHECK(tt_nn_linear(1, 1, 1, &model));
  optimizer = sgd(model, 1e-9, 0);
  for (epoch = 0; epoch < 1000; ++epoch) {
    CHECK(tt_scope_begin());
    CHECK(tt_module_forward(model, x, &out));
    CHECK(tt_mse_loss(out, y, TT_REDUCTION_MEAN, &loss));
    learn(optimizer, loss);
    if ((epoch + 1) % 100 == 0) printf("Epoch[%d/%d], loss: %.2f\n", epoch + 1, 1000, item(loss));
    CHECK(tt_scope_end());
  }
  CHECK(tt_module_forward(model, x, &out));
  CHECK(tt_tensor_data(out, &data));
  for (i = 0; i < 3; ++i) {
    /* As NumPy prints rounded numbers: zeros at the end left blank. */
    char text[32];
    size_t k;
    snprintf(text, sizeof text, "%.2f", ((const float*)data)[i]);
    for (k = strlen(text); text[k - 1] == '0'; --k) text[k - 1] = ' ';
    printf("%s[%s]%s\n", i == 0 ? "[" : " ", text, i == 2 ? "]" : "");
  }
  CHECK(tt_scope_end());
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  return 0;
}
