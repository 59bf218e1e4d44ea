/* A process that trains one step of the smallest network and ends, printing nothing: bench/compare times it
 * from outside. With --device NAME it puts a tensor on that device, waits until it is there, and ends. With
 * --report it says in a line of JSON what its memory came to, and which files it runs from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/device.h"
#include "tinytorch/tinytorch.h"

#define CHECK(call)                                                        \
  do {                                                                     \
    if ((call) != TT_OK) {                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, tt_last_error()); \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

/* Linux: the peak resident memory, and the files whose code is mapped. (From outside, getrusage would count
 * the memory that the parent had when it forked.) */
static int report(void) {
  char line[4608], last[4608] = "";
  long peak = 0;
  int count = 0;
  FILE* file = fopen("/proc/self/status", "r");
  if (file == NULL) return 1;
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) peak = strtol(line + 6, NULL, 10);
  }
  fclose(file);
  printf("{\"peak_kb\": %ld, \"mapped\": [", peak);
  file = fopen("/proc/self/maps", "r");
  if (file == NULL) return 1;
  while (fgets(line, sizeof line, file) != NULL) {
    char* path = strchr(line, '/');
    if (path == NULL || strstr(line, "r-xp") == NULL) continue;
    path[strcspn(path, "\n")] = '\0';
    if (strcmp(path, last) == 0) continue;
    strcpy(last, path);
    printf("%s\"%s\"", count++ == 0 ? "" : ", ", path);
  }
  fclose(file);
  puts("]}");
  return 0;
}

static void put_a_tensor(Device device) {
  const float xs[] = {1, 2, 3};
  const int64_t sizes[] = {3};
  tt_tensor *x, *there;
  CHECK(tt_from_data(xs, sizes, 1, TT_FLOAT32, &x));
  CHECK(tt_to_device(x, device.type, device.index, &there));
  CHECK(device_wait(device));
  tt_tensor_release(there);
  tt_tensor_release(x);
}

static void train_a_step(void) {
  const float xs[] = {1, 2, 3}, ys[] = {2, 4, 6};
  const int64_t sizes[] = {3, 1};
  tt_tensor *x, *y, *y_pred, *loss, *parameters[2];
  tt_module* model;
  tt_optimizer* optimizer;
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  tt_loss_options sum = TT_LOSS_OPTIONS_INIT;
  size_t count;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_from_data(xs, sizes, 2, TT_FLOAT32, &x));
  CHECK(tt_from_data(ys, sizes, 2, TT_FLOAT32, &y));
  CHECK(tt_nn_linear_new(1, 1, 1, &model));
  CHECK(tt_module_parameters(model, parameters, 2, &count));
  options.lr = 0.01;
  CHECK(tt_optim_sgd_new(parameters, count, &options, &optimizer));
  CHECK(tt_module_forward(model, x, &y_pred));
  sum.reduction = TT_REDUCTION_SUM;
  CHECK(tt_mse_loss(y_pred, y, &sum, &loss));
  CHECK(tt_optimizer_zero_grad(optimizer, 1));
  CHECK(tt_backward(loss));
  CHECK(tt_optimizer_step(optimizer));
  CHECK(tt_scope_end(scope));
  tt_optimizer_release(optimizer);
  tt_module_release(model);
}

int main(int argc, char** argv) {
  Device device;
  const char* problem;
  const int reports = argc > 1 && strcmp(argv[argc - 1], "--report") == 0;
  if (argc - reports == 3 && strcmp(argv[1], "--device") == 0) {
    problem = device_from(argv[2], &device);
    if (problem != NULL) {
      fprintf(stderr, "%s: %s\n", argv[0], problem);
      return 2;
    }
    put_a_tensor(device);
  } else if (argc - reports == 1) {
    train_a_step();
  } else {
    fprintf(stderr, "usage: %s [--device NAME] [--report]\n", argv[0]);
    return 2;
  }
  return reports ? report() : 0;
}
