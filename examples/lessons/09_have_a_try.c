/* The exercise's fifteen points. */
#include <math.h>

#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float xs[] = {3.3f,  4.4f,   5.5f,   6.71f,   6.93f,  4.168f, 9.779f, 6.182f,
                      7.59f, 2.167f, 7.042f, 10.791f, 5.313f, 7.997f, 3.1f};
  const float ys[] = {1.7f,  2.76f,  2.09f,  3.19f,  1.694f, 1.573f, 3.366f, 2.596f,
                      2.53f, 1.221f, 2.827f, 3.465f, 1.65f,  2.904f, 1.3f};
  tt_tensor *x, *y, *out, *loss, *parameter;
  tt_module* model;
  tt_optimizer* optimizer;
  tt_state_dict* parameters;
  size_t count, i;
  int epoch;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(1));
  x = to(matrix(xs, 15, 1), device);
  y = to(matrix(ys, 15, 1), device);
  CHECK(tt_nn_linear_new(1, 1, 1, &model));
  CHECK(tt_module_to_device(model, device.type, device.index));
  optimizer = sgd(model, 1e-4, 0);
  for (epoch = 0; epoch < 1000; ++epoch) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_module_forward(model, x, &out));
    CHECK(tt_mse_loss(out, y, NULL, &loss));
    learn(optimizer, loss);
    if ((epoch + 1) % 200 == 0) printf("Epoch[%d/1000], loss: %.6f\n", epoch + 1, item(loss));
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_module_named_parameters(model, &parameters));
  CHECK(tt_state_dict_count(parameters, &count));
  for (i = 0; i < count; ++i) {
    const char* name;
    CHECK(tt_state_dict_name(parameters, i, &name));
    CHECK(tt_state_dict_tensor(parameters, i, &parameter));
    printf("%s [%.5f]\n", name, item(parameter));
  }
  tt_state_dict_release(parameters);
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  return 0;
}
