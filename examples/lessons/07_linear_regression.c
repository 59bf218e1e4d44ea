/* Linear, mean squared error, SGD: forward, loss, zero_grad, backward, step; the module is the lesson's own.
 */
#include "lesson.h"

typedef struct {
  tt_module* linear;
} Model;

static tt_status forward(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                         size_t capacity, size_t* output_count, void* user) {
  Model* self = user;
  (void)module;
  (void)count, (void)capacity, (void)output_count;
  return tt_module_forward(self->linear, inputs[0], &outputs[0]);
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const float xs[] = {1, 2, 3}, ys[] = {2, 4, 6}, four[] = {4};
  Model self;
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  tt_module* model;
  tt_optimizer* optimizer;
  tt_tensor *x, *y, *y_pred, *loss;
  tt_loss_options sum = TT_LOSS_OPTIONS_INIT;
  int epoch;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(0));
  x = to(matrix(xs, 3, 1), device);
  y = to(matrix(ys, 3, 1), device);
  CHECK(tt_nn_linear_new(1, 1, 1, &self.linear));
  callbacks.type_name = "Model";
  callbacks.forward = forward;
  callbacks.user = &self;
  CHECK(tt_nn_module_new(&callbacks, &model));
  CHECK(tt_module_register_module(model, "linear", self.linear));
  CHECK(tt_module_to_device(model, device.type, device.index));
  print_module(model);
  optimizer = sgd(model, 0.01, 0);
  sum.reduction = TT_REDUCTION_SUM;
  for (epoch = 0; epoch < 500; ++epoch) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_module_forward(model, x, &y_pred));
    CHECK(tt_mse_loss(y_pred, y, &sum, &loss));
    if (epoch % 100 == 0) printf("Epoch: %d | Loss: %.6f\n", epoch, item(loss));
    learn(optimizer, loss);
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_module_forward(model, to(matrix(four, 1, 1), device), &y_pred));
  printf("Prediction (after training) 4 %.5f\n", item(y_pred));
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  tt_module_release(self.linear);
  return 0;
}
