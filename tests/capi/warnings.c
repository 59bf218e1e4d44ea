/* Warnings: heard by the handler, by nobody without one; and which layer of a Sequential an error is of. */
#include <math.h>

#include "check.h"

static char heard[512];
static int count = 0;

static void hear(const char* message, void* user) {
  ++count;
  CHECK(user == &count);
  snprintf(heard, sizeof heard, "%s", message);
}

/* Whether the last call warned once with `text` in it; with "": not at all. */
static void check_heard(const char* text, int line) {
  if (count == (text[0] != '\0') && strstr(heard, text) != NULL) return;
  ++check_failures;
  fprintf(stderr, "line %d: heard %d warnings, \"%s\", expected \"%s\"\n", line, count, heard, text);
}
#define WARNS(call, text)        \
  do {                           \
    count = 0;                   \
    heard[0] = '\0';             \
    OK(call);                    \
    check_heard(text, __LINE__); \
    tt_tensor_release(out);      \
    out = NULL;                  \
  } while (0)

static tt_tensor *column, *row, *out;

static void losses(void) {
  const char* const shapes = "target has shape [5], and input [5, 1]; they broadcast to [5, 5]";
  tt_loss_options smooth = TT_LOSS_OPTIONS_INIT;
  WARNS(tt_mse_loss(column, row, NULL, &out), shapes);
  WARNS(tt_l1_loss(column, row, NULL, &out), shapes);
  WARNS(tt_smooth_l1_loss(column, row, NULL, &out), shapes);
  smooth.beta = 0;
  WARNS(tt_smooth_l1_loss(column, row, &smooth, &out), shapes);
  WARNS(tt_huber_loss(column, row, NULL, &out), shapes);
  WARNS(tt_mse_loss(column, column, NULL, &out), "");
  WARNS(tt_l1_loss(row, row, NULL, &out), "");
  count = 0;
  const int64_t three = 3;
  tt_tensor* other = NULL;
  OK(tt_ones(&three, 1, TT_FLOAT32, &other));
  FAILS(tt_mse_loss(row, other, NULL, &out), TT_ERR_SHAPE, "5");
  CHECK(count == 0);
  tt_tensor_release(other);
}

static void others(void) {
  const int64_t one = 1, two = 2;
  tt_tensor *single = NULL, *mask = NULL, *weight = NULL, *twice = NULL;
  OK(tt_ones(&one, 1, TT_FLOAT32, &single));
  WARNS(tt_std(single, NULL, 0, 0, 1, &out), "std: 1 elements with a correction of 1");
  WARNS(tt_var(single, NULL, 0, 0, 1, &out), "var: 1 elements");
  WARNS(tt_var(row, NULL, 0, 0, 1, &out), "");

  const int64_t five = 5;
  OK(tt_ones(&five, 1, TT_UINT8, &mask));
  WARNS(tt_index(row, &mask, 1, &out), "indices[0] is uint8");

  OK(tt_ones(&two, 1, TT_FLOAT32, &weight));
  WARNS(tt_init_trunc_normal_(weight, 0, 0.5, 3, 4), "more than two std");
  WARNS(tt_init_trunc_normal_(weight, 0, 1, -2, 2), "");

  OK(tt_tensor_set_requires_grad(row, 1));
  OK(tt_mul(row, row, &twice));
  WARNS(tt_tensor_grad(twice, &out), "tt_tensor_retain_grad before the backward");
  WARNS(tt_tensor_grad(row, &out), "");
  OK(tt_tensor_retain_grad(twice));
  WARNS(tt_tensor_grad(twice, &out), "");
  OK(tt_tensor_set_requires_grad(row, 0));

  tt_dataset *data = NULL, *parts[2] = {NULL, NULL};
  const double fractions[] = {0.9, 0.1};
  OK(tt_tensor_dataset_new(&single, 1, &data));
  WARNS(tt_random_split_fractions(data, fractions, 2, NULL, parts), "part 1 has no samples");
  for (int i = 0; i < 2; ++i) tt_dataset_release(parts[i]);
  tt_dataset_release(data);
  tt_tensor_release(single);
  tt_tensor_release(mask);
  tt_tensor_release(weight);
  tt_tensor_release(twice);
}

static void layers(void) {
  tt_module *inner[2] = {NULL, NULL}, *outer[2] = {NULL, NULL}, *nested = NULL, *model = NULL;
  OK(tt_nn_relu_new(&inner[0]));
  OK(tt_nn_linear_new(3, 1, 1, &inner[1]));
  OK(tt_nn_sequential_new(inner, 2, &nested));
  OK(tt_nn_linear_new(5, 4, 1, &outer[0]));
  OK(tt_nn_relu_new(&outer[1]));
  OK(tt_nn_sequential_new(outer, 2, &model));
  OK(tt_module_register_module(model, "head", nested));
  FAILS(tt_module_forward(model, row, &out), TT_ERR_SHAPE,
        "layer 2 \"head\" (Sequential): layer 1 (Linear): input and weight shapes cannot be multiplied: "
        "input has "
        "shape [4], and weight [1, 3]");
  FAILS(tt_module_forward(model, column, &out), TT_ERR_SHAPE, "layer 0 (Linear): input and weight shapes");
  for (int i = 0; i < 2; ++i) {
    tt_module_release(inner[i]);
    tt_module_release(outer[i]);
  }
  tt_module_release(nested);
  tt_module_release(model);
}

/* What new users run into: the words are C's, and name the argument. */
static void words(void) {
  const int64_t sizes[] = {5, 1}, five = 5;
  tt_tensor *classes = NULL, *probability = NULL, *product = NULL, *loss = NULL;
  OK(tt_zeros(sizes, 2, TT_INT64, &classes));
  OK(tt_full(sizes, 2, 0.5, TT_FLOAT32, &probability));
  FAILS(tt_binary_cross_entropy_with_logits(column, classes, NULL, NULL, NULL, &out), TT_ERR_DTYPE,
        "target is int64, expected a floating dtype");
  FAILS(tt_binary_cross_entropy(probability, classes, NULL, NULL, &out), TT_ERR_DTYPE,
        "target is int64, expected input's dtype, float32");
  FAILS(tt_binary_cross_entropy(probability, row, NULL, NULL, &out), TT_ERR_SHAPE,
        "target has shape [5], expected input's shape, [5, 1]");
  FAILS(tt_mm(row, column, &out), TT_ERR_SHAPE, "input must be a matrix");
  FAILS(tt_mm(column, row, &out), TT_ERR_SHAPE, "mat2 must be a matrix");
  FAILS(tt_mm(column, column, &out), TT_ERR_SHAPE,
        "input and mat2 shapes cannot be multiplied (5x1 and 5x1)");
  FAILS(tt_matmul(column, column, &out), TT_ERR_SHAPE, "input and other shapes");
  FAILS(tt_addmm(row, column, column, 1, 1, &out), TT_ERR_SHAPE, "mat1 and mat2 shapes");
  FAILS(tt_mm(column, classes, &out), TT_ERR_SHAPE, "input and mat2");
  FAILS(tt_dot(row, probability, &out), TT_ERR_SHAPE, "input and other must be vectors");
  OK(tt_tensor_set_requires_grad(row, 1));
  OK(tt_mul(row, row, &product));
  OK(tt_sum(product, NULL, 0, 0, TT_DTYPE_NONE, &loss));
  FAILS(tt_add_scalar_(row, 1), TT_ERR_AUTOGRAD, "tt_set_grad_enabled");
  FAILS(tt_backward(product), TT_ERR_AUTOGRAD, "tensors[0] has shape [5]");
  OK(tt_backward(loss));
  FAILS(tt_backward(loss), TT_ERR_AUTOGRAD, "options.retain_graph 1");
  FAILS(tt_tensor_set_requires_grad(product, 0), TT_ERR_AUTOGRAD, "tt_detach");
  tt_tensor_release(row);
  row = NULL;
  OK(tt_ones(&five, 1, TT_FLOAT32, &row));
  FAILS(tt_backward(row), TT_ERR_AUTOGRAD, "tensors[0] neither requires a gradient");
  tt_tensor_release(classes);
  tt_tensor_release(probability);
  tt_tensor_release(product);
  tt_tensor_release(loss);
}

int main(void) {
  const int64_t column_sizes[] = {5, 1}, row_size = 5;
  OK(tt_ones(column_sizes, 2, TT_FLOAT32, &column));
  OK(tt_ones(&row_size, 1, TT_FLOAT32, &row));
  OK(tt_mse_loss(column, row, NULL, &out)); /* nobody hears it */
  tt_tensor_release(out);
  out = NULL;
  OK(tt_set_warning_handler(hear, &count));
  losses();
  others();
  OK(tt_set_warning_handler(NULL, NULL));
  WARNS(tt_mse_loss(column, row, NULL, &out), "");
  layers();
  words();
  tt_tensor_release(column);
  tt_tensor_release(row);
  return finish("warnings");
}
