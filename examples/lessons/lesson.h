/* What every lesson needs: stop at the first failure, print tensors and numbers as Python does. */
#ifndef LESSON_H_
#define LESSON_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../device.h"
#include "tinytorch/tinytorch.h"

/* A lesson has nothing to save, so it stops with the library's message. */
#define CHECK(call)                                                        \
  do {                                                                     \
    if ((call) != TT_OK) {                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, tt_last_error()); \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

/* The device that `--device cpu|cuda|cuda:N` names, the CPU without it. The option leaves the arguments. */
static inline Device device_option(int* argc, char** argv) {
  Device device = {TT_CPU, 0};
  const char* problem = NULL;
  int from, to = 1;
  for (from = 1; from < *argc && problem == NULL; ++from) {
    if (strcmp(argv[from], "--device") == 0) {
      problem = from + 1 == *argc ? "--device wants a name" : device_from(argv[++from], &device);
    } else if (strncmp(argv[from], "--", 2) == 0) {
      problem = "the only option is --device cpu|cuda|cuda:N";
    } else {
      argv[to++] = argv[from];
    }
  }
  if (problem != NULL) {
    fprintf(stderr, "%s: %s\n", argv[0], problem);
    exit(2);
  }
  *argc = to;
  return device;
}

/* tensor.to(device) */
static inline tt_tensor* to(const tt_tensor* tensor, Device device) {
  tt_tensor* out;
  CHECK(tt_to_device(tensor, device.type, device.index, &out));
  return out;
}

/* print(tensor.cpu()) */
static inline void print_tensor(const tt_tensor* tensor) {
  const Device cpu = {TT_CPU, 0};
  tt_tensor* here;
  char* text;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  here = to(tensor, cpu);
  CHECK(tt_tensor_str(here, &text));
  puts(text);
  tt_string_free(text);
  CHECK(tt_scope_end(scope));
}

/* print(tensor.shape), without the end of the line */
static inline void print_shape(const tt_tensor* tensor) {
  const int64_t* sizes;
  int64_t ndim;
  char text[256];
  CHECK(tt_tensor_sizes(tensor, &sizes));
  CHECK(tt_tensor_ndim(tensor, &ndim));
  CHECK(tt_sizes_to_string(sizes, (size_t)ndim, text, sizeof text, NULL));
  fputs(text, stdout);
}

/* tensor.item() */
static inline double item(const tt_tensor* tensor) {
  double value;
  CHECK(tt_tensor_item(tensor, &value));
  return value;
}

/* A number as Python's repr writes it: the fewest digits that read back, and always a point or an exponent.
 */
static inline const char* repr(double value) {
  static char text[40];
  int digits;
  for (digits = 1; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  if (strpbrk(text, ".en") == NULL) strcat(text, ".0");
  return text;
}

/* A float32 matrix from the program's numbers. */
static inline tt_tensor* matrix(const float* values, int64_t rows, int64_t columns) {
  int64_t sizes[2];
  tt_tensor* out;
  sizes[0] = rows;
  sizes[1] = columns;
  CHECK(tt_from_data(values, sizes, 2, TT_FLOAT32, &out));
  return out;
}

/* print(module) */
static inline void print_module(const tt_module* module) {
  size_t length;
  char* text;
  CHECK(tt_module_repr(module, NULL, 0, &length));
  text = malloc(length + 1);
  if (text == NULL) exit(1);
  CHECK(tt_module_repr(module, text, length + 1, NULL));
  puts(text);
  free(text);
}

/* torch.optim.SGD(module.parameters(), lr, momentum) */
static inline tt_optimizer* sgd(const tt_module* module, double lr, double momentum) {
  tt_tensor* parameters[64];
  size_t count, i;
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  tt_optimizer* out;
  options.lr = lr;
  options.momentum = momentum;
  CHECK(tt_module_parameters(module, parameters, 64, &count));
  CHECK(tt_optim_sgd_new(parameters, count, &options, &out));
  for (i = 0; i < count; ++i) tt_tensor_release(parameters[i]);
  return out;
}

/* optimizer.zero_grad(); loss.backward(); optimizer.step() */
static inline void learn(tt_optimizer* optimizer, const tt_tensor* loss) {
  CHECK(tt_optimizer_zero_grad(optimizer, 1));
  CHECK(tt_backward(loss));
  CHECK(tt_optimizer_step(optimizer));
}

#endif
