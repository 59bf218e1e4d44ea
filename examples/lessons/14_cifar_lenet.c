/* The CIFAR-10 network: two convolutions with pooling, three fully connected layers. Random images stand in
 * for the data set, so that the numbers are the same everywhere. */
#include "lesson.h"

typedef struct {
  tt_module *conv1, *pool, *conv2, *fc1, *fc2, *fc3;
} Net;

#define TRY(call)                       \
  do {                                  \
    tt_status status = (call);          \
    if (status != TT_OK) return status; \
  } while (0)

static tt_status forward(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                         size_t capacity, size_t* output_count, void* user) {
  static const int64_t flat[] = {-1, 16 * 5 * 5};
  Net* net = user;
  tt_tensor* x;
  (void)module;
  (void)count, (void)capacity, (void)output_count;
  TRY(tt_module_forward(net->conv1, inputs[0], &x));
  TRY(tt_relu(x, &x));
  TRY(tt_module_forward(net->pool, x, &x));
  TRY(tt_module_forward(net->conv2, x, &x));
  TRY(tt_relu(x, &x));
  TRY(tt_module_forward(net->pool, x, &x));
  TRY(tt_view(x, flat, 2, &x));
  TRY(tt_module_forward(net->fc1, x, &x));
  TRY(tt_relu(x, &x));
  TRY(tt_module_forward(net->fc2, x, &x));
  TRY(tt_relu(x, &x));
  return tt_module_forward(net->fc3, x, &outputs[0]);
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const int64_t image_sizes[] = {64, 3, 32, 32}, label_sizes[] = {64}, five[] = {5, 5}, two[] = {2, 2};
  Net self;
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  tt_module* net;
  tt_optimizer* optimizer;
  tt_tensor *images, *labels, *scores, *loss, *values, *predicted, *t, *parameters[16];
  size_t count, i;
  int64_t total = 0, numel;
  int step;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(0));
  CHECK(tt_nn_conv2d_new(3, 6, five, NULL, &self.conv1));
  CHECK(tt_nn_max_pool2d_new(two, NULL, &self.pool));
  CHECK(tt_nn_conv2d_new(6, 16, five, NULL, &self.conv2));
  CHECK(tt_nn_linear_new(16 * 5 * 5, 120, 1, &self.fc1));
  CHECK(tt_nn_linear_new(120, 84, 1, &self.fc2));
  CHECK(tt_nn_linear_new(84, 10, 1, &self.fc3));
  callbacks.type_name = "Net";
  callbacks.forward = forward;
  callbacks.user = &self;
  CHECK(tt_nn_module_new(&callbacks, &net));
  CHECK(tt_module_register_module(net, "conv1", self.conv1));
  CHECK(tt_module_register_module(net, "pool", self.pool));
  CHECK(tt_module_register_module(net, "conv2", self.conv2));
  CHECK(tt_module_register_module(net, "fc1", self.fc1));
  CHECK(tt_module_register_module(net, "fc2", self.fc2));
  CHECK(tt_module_register_module(net, "fc3", self.fc3));
  CHECK(tt_module_to_device(net, device.type, device.index));
  print_module(net);
  CHECK(tt_module_parameters(net, parameters, 16, &count));
  for (i = 0; i < count; ++i) {
    CHECK(tt_tensor_numel(parameters[i], &numel));
    total += numel;
  }
  printf("%lld\n", (long long)total);

  optimizer = sgd(net, 0.01, 0.9);
  CHECK(tt_randn(image_sizes, 4, NULL, TT_FLOAT32, &images));
  CHECK(tt_randint(0, 10, label_sizes, 1, NULL, TT_INT64, &labels));
  images = to(images, device);
  labels = to(labels, device);
  for (step = 0; step < 31; ++step) {
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_module_forward(net, images, &scores));
    CHECK(tt_cross_entropy(scores, labels, NULL, NULL, &loss));
    learn(optimizer, loss);
    if (step % 5 == 0) printf("step %2d loss %.4f\n", step, item(loss));
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_module_forward(net, images, &scores));
  CHECK(tt_max_dim(scores, 1, 0, &values, &predicted));
  CHECK(tt_eq(predicted, labels, &t));
  CHECK(tt_sum(t, NULL, 0, 0, TT_DTYPE_NONE, &t));
  printf("correct %d\n", (int)item(t));
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(net);
  tt_module_release(self.conv1);
  tt_module_release(self.pool);
  tt_module_release(self.conv2);
  tt_module_release(self.fc1);
  tt_module_release(self.fc2);
  tt_module_release(self.fc3);
  return 0;
}
