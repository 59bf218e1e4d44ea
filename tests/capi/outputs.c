/* What a call leaves in its outputs when it fails: NULL in every handle, also beside an output that is NULL;
 * a count untouched, unless there is too little room. */
#include <math.h>
#include <stdint.h>

#include "check.h"

static tt_tensor* const kUntouched = (tt_tensor*)(uintptr_t)64;
enum { kRoom = 4, kNoCount = 77 };

static tt_tensor* outs[kRoom];
static size_t count;

static void touch(void) {
  for (int i = 0; i < kRoom; ++i) outs[i] = kUntouched;
  count = kNoCount;
}
static int all_null(int first) {
  for (int i = 0; i < first; ++i) {
    if (outs[i] != NULL) return 0;
  }
  return 1;
}

#define FAILS_CLEARING(call, number, status, text) \
  do {                                             \
    touch();                                       \
    FAILS(call, status, text);                     \
    CHECK(all_null(number));                       \
    CHECK(count == kNoCount);                      \
  } while (0)

static void lists(void) {
  const int64_t sizes[] = {6}, wrong[] = {1, 2, 2}, negative[] = {7, -1}, right[] = {1, 2, 3};
  tt_tensor *x = NULL, *scalar = NULL;
  OK(tt_ones(sizes, 1, TT_FLOAT32, &x));
  OK(tt_scalar(1, TT_FLOAT32, &scalar));
  FAILS_CLEARING(tt_split_with_sizes(x, wrong, 3, 0, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "sum");
  FAILS_CLEARING(tt_split_with_sizes(x, negative, 2, 0, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "-1");
  FAILS_CLEARING(tt_split_with_sizes(x, right, 3, 2, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "2");
  FAILS_CLEARING(tt_split_with_sizes(x, wrong, 3, 0, NULL, 0, &count), 0, TT_ERR_SHAPE, "sum");
  FAILS_CLEARING(tt_unbind(scalar, 0, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "no dimensions");
  FAILS_CLEARING(tt_unbind(scalar, 0, NULL, 0, &count), 0, TT_ERR_SHAPE, "no dimensions");
  FAILS_CLEARING(tt_chunk(x, 0, 0, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT, "chunks");

  FAILS_CLEARING(tt_chunk(x, 2, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_split(x, 2, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_unbind(x, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_nonzero_tuple(x, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");

  touch();
  FAILS(tt_unbind(x, 0, outs, kRoom, &count), TT_ERR_INVALID_ARGUMENT, "room for 4");
  CHECK(count == 6 && all_null(kRoom));
  touch();
  FAILS(tt_split_with_sizes(x, right, 3, 0, outs, 2, &count), TT_ERR_INVALID_ARGUMENT, "room for 2");
  CHECK(count == 3 && all_null(2) && outs[2] == kUntouched);
  OK(tt_split_with_sizes(x, right, 3, 0, NULL, 0, &count));
  CHECK(count == 3);
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  touch();
  OK(tt_split_with_sizes(x, right, 3, 0, outs, kRoom, &count));
  CHECK(count == 3 && at(outs[2], 2) == 1.0F && outs[3] == NULL);
  OK(tt_scope_end(scope));

  tt_module* linear = NULL;
  OK(tt_nn_linear_new(2, 1, 1, &linear));
  FAILS_CLEARING(tt_module_parameters(linear, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "count is NULL");
  FAILS_CLEARING(tt_module_parameters(NULL, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "module is NULL");
  FAILS_CLEARING(tt_module_parameters(linear, NULL, 1, &count), 0, TT_ERR_INVALID_ARGUMENT,
                 "parameters is NULL");
  touch();
  FAILS(tt_module_parameters(linear, outs, 1, &count), TT_ERR_INVALID_ARGUMENT, "parameters has room for 1");
  CHECK(count == 2 && outs[0] == NULL && outs[1] == kUntouched);
  OK(tt_module_parameters(linear, NULL, 0, &count));
  CHECK(count == 2);
  touch();
  OK(tt_module_parameters(linear, outs, kRoom, &count));
  CHECK(count == 2 && outs[0] != outs[1] && outs[1] != NULL && outs[2] == NULL && outs[3] == NULL);
  tt_tensor_release(outs[0]);
  tt_tensor_release(outs[1]);
  tt_module_release(linear);
  tt_tensor_release(x);
  tt_tensor_release(scalar);
}

/* The call fails for want of one output, with the other in place of it. */
#define PAIR(name, first, second, ...)                                                                \
  do {                                                                                                \
    FAILS_CLEARING(name(__VA_ARGS__, NULL, &outs[0]), 1, TT_ERR_INVALID_ARGUMENT, first " is NULL");  \
    FAILS_CLEARING(name(__VA_ARGS__, &outs[0], NULL), 1, TT_ERR_INVALID_ARGUMENT, second " is NULL"); \
    touch();                                                                                          \
    OK(name(__VA_ARGS__, &outs[0], &outs[1]));                                                        \
    CHECK(outs[0] != outs[1]);                                                                        \
    tt_tensor_release(outs[0]);                                                                       \
    tt_tensor_release(outs[1]);                                                                       \
  } while (0)

static void pairs(void) {
  const int64_t sizes[] = {1, 1, 4, 4}, two[] = {2, 2};
  tt_tensor* x = NULL;
  OK(tt_ones(sizes, 4, TT_FLOAT32, &x));
  PAIR(tt_sort, "values", "indices", x, -1, 0, 0);
  PAIR(tt_topk, "values", "indices", x, 2, -1, 1, 1);
  PAIR(tt_kthvalue, "values", "indices", x, 2, -1, 0);
  PAIR(tt_max_dim, "values", "indices", x, -1, 0);
  PAIR(tt_min_dim, "values", "indices", x, -1, 0);
  PAIR(tt_median_dim, "values", "indices", x, -1, 0);
  PAIR(tt_max_pool2d_with_indices, "out", "indices", x, two, NULL);
  FAILS_CLEARING(tt_unique(x, 1, NULL, &outs[0], &outs[1]), 2, TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS_CLEARING(tt_read_cifar10("no such file", &outs[0], NULL), 1, TT_ERR_INVALID_ARGUMENT, "labels");
  FAILS_CLEARING(tt_read_cifar10("no such file", NULL, &outs[0]), 1, TT_ERR_INVALID_ARGUMENT, "images");
  FAILS_CLEARING(tt_read_cifar10("no such file", &outs[0], &outs[1]), 2, TT_ERR_IO, "no such file");
  FAILS_CLEARING(tt_read_cifar100("no such file", NULL, &outs[0], &outs[1]), 2, TT_ERR_INVALID_ARGUMENT,
                 "images");
  FAILS_CLEARING(tt_read_cifar100("no such file", &outs[0], &outs[1], NULL), 2, TT_ERR_INVALID_ARGUMENT,
                 "fine_labels");
  tt_tensor_release(x);
}

/* Counts that tell why a state dict was refused; hooks whose id nobody wants. */
static void state_dicts(void) {
  const int64_t sizes[] = {1};
  tt_module* linear = NULL;
  tt_state_dict* state = NULL;
  tt_tensor *one = NULL, *got = NULL;
  size_t missing = kNoCount, unexpected = kNoCount;
  OK(tt_nn_linear_new(2, 1, 1, &linear));
  OK(tt_ones(sizes, 1, TT_FLOAT32, &one));
  OK(tt_state_dict_new(&state));
  OK(tt_state_dict_set(state, "bias", one));
  OK(tt_state_dict_set(state, "x", one));
  OK(tt_state_dict_set(state, "y", one));
  FAILS(tt_module_load_state_dict(linear, state, 1, &missing, &unexpected), TT_ERR_INVALID_ARGUMENT,
        "the state dict lacks: \"weight\"\n\tthe module lacks: \"x\", \"y\"");
  CHECK(missing == 1 && unexpected == 2);
  OK(tt_state_dict_set(state, "weight", one));
  missing = unexpected = kNoCount;
  FAILS(tt_module_load_state_dict(linear, state, 0, &missing, &unexpected), TT_ERR_SHAPE,
        "\"weight\" has shape [1] in the state dict, and [1, 2] in the module");
  CHECK(missing == 0 && unexpected == 2);
  missing = unexpected = kNoCount;
  FAILS(tt_module_load_state_dict(NULL, state, 0, &missing, &unexpected), TT_ERR_INVALID_ARGUMENT, "module");
  CHECK(missing == kNoCount && unexpected == kNoCount);
  OK(tt_state_dict_remove(state, "weight"));
  OK(tt_module_load_state_dict(linear, state, 0, &missing, NULL));
  CHECK(missing == 1);
  OK(tt_module_get_parameter(linear, "bias", &got));
  CHECK(at(got, 0) == 1.0F);
  tt_tensor_release(got);
  tt_tensor_release(one);
  tt_state_dict_release(state);
  tt_module_release(linear);
}

/* Numbers that no call takes. */
static void numbers(void) {
  const float values[] = {3, 4};
  const int64_t size = 2;
  tt_tensor *x = vector_of(values, 2), *loss = NULL, *out = kUntouched;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_mul(x, x, &out));
  OK(tt_sum(out, NULL, 0, 0, TT_DTYPE_NONE, &loss));
  OK(tt_backward(loss));
  tt_tensor_release(out);
  tt_tensor_release(loss);
  FAILS(tt_clip_grad_norm_(&x, 1, -1, 2, 0, NULL), TT_ERR_INVALID_ARGUMENT, "max_norm is -1");
  FAILS(tt_clip_grad_norm_(&x, 1, NAN, 2, 0, NULL), TT_ERR_INVALID_ARGUMENT, "max_norm is nan");
  FAILS(tt_clip_grad_norm_(&x, 1, 1, NAN, 0, NULL), TT_ERR_INVALID_ARGUMENT, "norm_type is NaN");
  FAILS(tt_clip_grad_value_(&x, 1, -1), TT_ERR_INVALID_ARGUMENT, "clip_value is -1");
  FAILS(tt_clip_grad_value_(&x, 1, NAN), TT_ERR_INVALID_ARGUMENT, "clip_value is nan");
  OK(tt_tensor_grad(x, &out));
  CHECK(at(out, 0) == 6.0F && at(out, 1) == 8.0F);
  tt_tensor_release(out);
  FAILS(tt_from_data(values, &size, 1, -1, &out), TT_ERR_DTYPE, "dtype is -1");
  CHECK(out == NULL);
  FAILS(tt_from_memory((void*)(uintptr_t)values, &size, 1, -1, NULL, NULL, &out), TT_ERR_DTYPE,
        "dtype is -1");
  const int64_t target_size = 1;
  tt_tensor *row = NULL, *target = NULL;
  const int64_t row_sizes[] = {1, 2};
  OK(tt_ones(row_sizes, 2, TT_FLOAT32, &row));
  OK(tt_zeros(&target_size, 1, TT_INT64, &target));
  tt_loss_options options = TT_LOSS_OPTIONS_INIT;
  options.label_smoothing = -0.5;
  FAILS(tt_cross_entropy(row, target, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "label_smoothing is -0.5");
  tt_tensor_release(row);
  tt_tensor_release(target);
  tt_optimizer* adam = NULL;
  double value = -1;
  OK(tt_optim_adam_new(&x, 1, NULL, &adam));
  FAILS(tt_optimizer_set_option(adam, 0, "amsgrad", 7), TT_ERR_INVALID_ARGUMENT,
        "amsgrad is 7, expected 0 or 1");
  FAILS(tt_optimizer_set_option(adam, 0, "amsgrad", NAN), TT_ERR_INVALID_ARGUMENT,
        "amsgrad is nan, expected 0 or 1");
  OK(tt_optimizer_get_option(adam, 0, "amsgrad", &value));
  CHECK(value == 0);
  tt_optimizer_release(adam);
  tt_tensor_release(x);
}

static int hook_calls = 0;
static tt_status count_pre(tt_module* module, tt_tensor* const* inputs, size_t n, tt_tensor** replacements,
                           size_t capacity, size_t* replacement_count, void* user) {
  (void)module, (void)inputs, (void)n, (void)replacements, (void)capacity, (void)replacement_count,
      (void)user;
  ++hook_calls;
  return TT_OK;
}
static tt_status count_post(tt_module* module, tt_tensor* const* inputs, size_t n, tt_tensor* const* outputs,
                            size_t output_count, tt_tensor** replacements, void* user) {
  (void)module, (void)inputs, (void)n, (void)outputs, (void)output_count, (void)replacements, (void)user;
  ++hook_calls;
  return TT_OK;
}
static tt_status count_grad(const tt_tensor* grad, tt_tensor** replacement, void* user) {
  (void)grad, (void)replacement, (void)user;
  ++hook_calls;
  return TT_OK;
}

static void hooks_without_an_id(void) {
  const float one[] = {1};
  tt_module* relu = NULL;
  tt_tensor *x = vector_of(one, 1), *y = NULL;
  OK(tt_nn_relu_new(&relu));
  OK(tt_module_register_forward_pre_hook(relu, count_pre, NULL, NULL, NULL));
  OK(tt_module_register_forward_hook(relu, count_post, NULL, NULL, NULL));
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_tensor_register_hook(x, count_grad, NULL, NULL, NULL));
  OK(tt_module_forward(relu, x, &y));
  OK(tt_backward(y));
  CHECK(hook_calls == 3);
  tt_tensor_release(x);
  tt_tensor_release(y);
  tt_module_release(relu);
}

int main(void) {
  lists();
  pairs();
  state_dicts();
  numbers();
  hooks_without_an_id();
  return finish("outputs");
}
