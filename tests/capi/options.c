/* The options that a function and the module of its name share: their defaults, which are PyTorch's, their
 * sizes, what is refused, and that both give the same numbers. The numbers are PyTorch 2.15's. */
#include <math.h>
#include <stddef.h>

#include "check.h"

static tt_tensor* shaped(const float* values, const int64_t* sizes, size_t ndim) {
  tt_tensor* out = NULL;
  OK(tt_from_data(values, sizes, ndim, TT_FLOAT32, &out));
  return out;
}

/* 1, 2, 3, ... */
static tt_tensor* counting(const int64_t* sizes, size_t ndim) {
  float values[64];
  int64_t count = 1;
  for (size_t i = 0; i < ndim; ++i) count *= sizes[i];
  for (int64_t i = 0; i < count; ++i) values[i] = (float)(i + 1);
  return shaped(values, sizes, ndim);
}

/* Takes the tensor over. */
static void check_values(tt_tensor* got, const float* expected, int64_t count, int line) {
  int64_t numel = -1;
  OK(tt_tensor_numel(got, &numel));
  int same = numel == count;
  for (int64_t i = 0; same && i < count; ++i) {
    same = fabsf(at(got, i) - expected[i]) <= 1e-6F * (1 + fabsf(expected[i]));
  }
  if (!same) {
    char text[512];
    ++check_failures;
    OK(tt_tensor_to_string(got, text, sizeof text, NULL));
    fprintf(stderr, "line %d: got %s\n", line, text);
  }
  tt_tensor_release(got);
}
#define VALUES(got, ...)                                                                       \
  do {                                                                                         \
    const float expected_[] = {__VA_ARGS__};                                                   \
    check_values(got, expected_, (int64_t)(sizeof expected_ / sizeof expected_[0]), __LINE__); \
  } while (0)

static tt_tensor* forward(tt_module* module, const tt_tensor* input) {
  tt_tensor *recorded = NULL, *out = NULL;
  OK(tt_module_forward(module, input, &recorded));
  OK(tt_detach(recorded, &out));
  tt_tensor_release(recorded);
  return out;
}

/* Both are taken over. */
static void check_same(tt_tensor* a, tt_tensor* b, int line) {
  int32_t same = 0;
  OK(tt_equal(a, b, &same));
  if (!same) {
    ++check_failures;
    fprintf(stderr, "line %d: the two differ\n", line);
  }
  tt_tensor_release(a);
  tt_tensor_release(b);
}
#define SAME(a, b) check_same(a, b, __LINE__)

static void set_parameter(tt_module* module, const char* name, const tt_tensor* values) {
  tt_tensor *parameter = NULL, *plain = NULL;
  OK(tt_module_get_parameter(module, name, &parameter));
  OK(tt_detach(parameter, &plain));
  OK(tt_copy_(plain, values));
  tt_tensor_release(plain);
  tt_tensor_release(parameter);
}

/* ---- sizes, and structs of other versions ---- */

static void sizes(void) {
  const int64_t image[] = {1, 1, 4, 4}, two[] = {2, 2}, one[] = {1, 1, 1, 1};
  tt_tensor *x = counting(image, 4), *w = counting(one, 4), *out = NULL;
  tt_module* module = NULL;
  const size_t wrong[] = {0, 1, sizeof(size_t) + 1, (size_t)-8};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    tt_conv_options conv = TT_CONV_OPTIONS_INIT;
    tt_pool_options pool = TT_POOL_OPTIONS_INIT;
    tt_norm_options norm = TT_NORM_OPTIONS_INIT;
    tt_loss_options loss = TT_LOSS_OPTIONS_INIT;
    conv.struct_size = pool.struct_size = norm.struct_size = loss.struct_size = wrong[i];
    const char* const text = "options.struct_size is ";
    FAILS(tt_conv2d(x, w, NULL, &conv, &out), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_conv2d_new(1, 1, two, &conv, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_conv1d_new(1, 1, 2, &conv, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_max_pool2d(x, two, &pool, &out), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_max_pool2d_new(two, &pool, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_avg_pool2d(x, two, &pool, &out), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_avg_pool2d_new(two, &pool, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_batch_norm(x, NULL, NULL, NULL, NULL, 1, &norm, &out), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_batch_norm1d_new(1, &norm, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_batch_norm2d_new(1, &norm, &module), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_mse_loss(x, x, &loss, &out), TT_ERR_INVALID_ARGUMENT, text);
    FAILS(tt_nn_cross_entropy_loss_new(NULL, &loss, &module), TT_ERR_INVALID_ARGUMENT, text);
    CHECK(out == NULL && module == NULL);
  }
  /* A caller that knows the first member only; what lies behind is not read. */
  tt_pool_options older = TT_POOL_OPTIONS_INIT;
  older.struct_size = offsetof(tt_pool_options, padding);
  older.stride[0] = older.stride[1] = 1;
  older.padding[0] = -7;
  older.ceil_mode = 1;
  OK(tt_max_pool2d(x, two, &older, &out));
  VALUES(out, 6, 7, 8, 10, 11, 12, 14, 15, 16);
  /* And one that knows more than the library. */
  struct {
    tt_loss_options known;
    double more;
  } newer = {TT_LOSS_OPTIONS_INIT, 5};
  newer.known.struct_size = sizeof newer;
  newer.known.reduction = TT_REDUCTION_SUM;
  OK(tt_mse_loss(x, w, &newer.known, &out));
  VALUES(out, 1240);
  tt_tensor_release(x);
  tt_tensor_release(w);
}

/* ---- convolution ---- */

static tt_tensor* conv1d(const tt_tensor* x, const tt_tensor* w, const tt_conv_options* options) {
  tt_tensor* out = NULL;
  OK(tt_conv1d(x, w, NULL, options, &out));
  return out;
}

static tt_tensor* conv1d_layer(const tt_tensor* x, const tt_tensor* w, const tt_conv_options* options) {
  tt_conv_options without_bias = *options;
  const int64_t* w_sizes = NULL;
  tt_module* layer = NULL;
  without_bias.bias = 0;
  OK(tt_tensor_sizes(w, &w_sizes));
  OK(tt_nn_conv1d_new(1, 1, w_sizes[2], &without_bias, &layer));
  set_parameter(layer, "weight", w);
  tt_tensor* out = forward(layer, x);
  tt_module_release(layer);
  return out;
}

static void convolution(void) {
  const int64_t five[] = {1, 1, 5}, three[] = {1, 1, 3}, four[] = {1, 1, 4};
  const float taps[] = {1, 10, 100, 1000};
  tt_tensor *x = counting(five, 3), *w3 = shaped(taps, three, 3), *w4 = shaped(taps, four, 3);
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  VALUES(conv1d(x, w3, NULL), 321, 432, 543);
  VALUES(conv1d(x, w3, &options), 321, 432, 543);
  options.stride[0] = 2;
  options.padding[0] = 1;
  options.stride[1] = options.dilation[1] = -9; /* a dimension that there is not */
  VALUES(conv1d(x, w3, &options), 210, 432, 54);
  VALUES(conv1d_layer(x, w3, &options), 210, 432, 54);

  options = (tt_conv_options)TT_CONV_OPTIONS_INIT;
  options.padding[0] = 2;
  const float around[4][7] = {{100, 210, 321, 432, 543, 54, 5},
                              {123, 212, 321, 432, 543, 454, 345},
                              {111, 211, 321, 432, 543, 554, 555},
                              {154, 215, 321, 432, 543, 154, 215}};
  const float same_size[4][5] = {{3210, 4321, 5432, 543, 54},
                                 {3212, 4321, 5432, 4543, 3454},
                                 {3211, 4321, 5432, 5543, 5554},
                                 {3215, 4321, 5432, 1543, 2154}};
  for (tt_padding_mode mode = TT_PADDING_MODE_ZEROS; mode <= TT_PADDING_MODE_CIRCULAR; ++mode) {
    options.padding_mode = mode;
    options.padding_kind = TT_PADDING_NUMBERS;
    options.padding[0] = 2;
    check_values(conv1d(x, w3, &options), around[mode], 7, __LINE__);
    check_values(conv1d_layer(x, w3, &options), around[mode], 7, __LINE__);
    options.padding[0] = 0;
    options.padding_kind = TT_PADDING_SAME;
    check_values(conv1d(x, w4, &options), same_size[mode], 5, __LINE__);
    check_values(conv1d_layer(x, w4, &options), same_size[mode], 5, __LINE__);
    options.padding_kind = TT_PADDING_VALID;
    VALUES(conv1d(x, w3, &options), 321, 432, 543);
    VALUES(conv1d_layer(x, w3, &options), 321, 432, 543);
  }
  tt_tensor_release(x);
  tt_tensor_release(w3);
  tt_tensor_release(w4);
}

/* Two dimensions, by every kind and mode, with groups: the layer is the function of its parameters, and a
 * padding mode is tt_pad before. */
static void convolution_2d(void) {
  const int64_t image[] = {2, 4, 6, 5}, kernel[] = {2, 3}, amounts[] = {2, 2, 1, 1};
  tt_tensor* x = NULL;
  OK(tt_manual_seed(1));
  OK(tt_randn(image, 4, NULL, TT_FLOAT32, &x));
  for (int i = 0; i < 16; ++i) {
    tt_conv_options options = TT_CONV_OPTIONS_INIT;
    tt_tensor *weight = NULL, *bias = NULL, *recorded = NULL, *direct = NULL;
    tt_module* layer = NULL;
    options.groups = 2;
    options.padding_mode = i % 4;
    options.padding_kind = i / 4 < 3 ? i / 4 : TT_PADDING_NUMBERS;
    if (options.padding_kind == TT_PADDING_NUMBERS) {
      options.padding[0] = 1;
      options.padding[1] = 2;
    }
    if (i / 4 == 3) options.stride[0] = options.dilation[1] = 2;
    OK(tt_nn_conv2d_new(4, 6, kernel, &options, &layer));
    OK(tt_module_get_parameter(layer, "weight", &weight));
    OK(tt_module_get_parameter(layer, "bias", &bias));
    OK(tt_conv2d(x, weight, bias, &options, &recorded));
    OK(tt_detach(recorded, &direct));
    tt_tensor_release(recorded);
    if (options.padding_kind == TT_PADDING_NUMBERS) {
      tt_tensor *padded = NULL, *after = NULL;
      tt_conv_options none = options;
      none.padding[0] = none.padding[1] = 0;
      none.padding_mode = TT_PADDING_MODE_ZEROS;
      OK(tt_pad(x, amounts, 4, options.padding_mode, 0, &padded));
      OK(tt_conv2d(padded, weight, bias, &none, &recorded));
      OK(tt_detach(recorded, &after));
      int32_t close = 0;
      OK(tt_allclose(after, direct, 1e-5, 1e-6, 0, &close));
      CHECK(close);
      tt_tensor_release(padded);
      tt_tensor_release(recorded);
      tt_tensor_release(after);
    }
    SAME(forward(layer, x), direct);
    tt_tensor_release(weight);
    tt_tensor_release(bias);
    tt_module_release(layer);
  }
  tt_tensor_release(x);
}

static void convolution_refuses(void) {
  const int64_t image[] = {1, 1, 4, 4}, kernel[] = {1, 1, 3, 3}, three[] = {3, 3};
  tt_tensor *x = counting(image, 4), *w = counting(kernel, 4), *out = NULL;
  tt_module* module = NULL;
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  options.padding_kind = 3;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.padding_kind is 3, expected TT_PADDING_NUMBERS (0), TT_PADDING_VALID (1) or "
        "TT_PADDING_SAME (2)");
  options.padding_kind = TT_PADDING_SAME;
  options.padding_mode = -1;
  FAILS(tt_nn_conv2d_new(1, 1, three, &options, &module), TT_ERR_INVALID_ARGUMENT,
        "options.padding_mode is -1, expected TT_PADDING_MODE_ZEROS (0), ");
  options.padding_mode = TT_PADDING_MODE_ZEROS;
  options.padding[1] = 1;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.padding[1] is 1, expected 0 where options.padding_kind is TT_PADDING_SAME");
  options.padding_kind = TT_PADDING_VALID;
  FAILS(tt_nn_conv2d_new(1, 1, three, &options, &module), TT_ERR_INVALID_ARGUMENT,
        "options.padding[1] is 1, expected 0 where options.padding_kind is TT_PADDING_VALID");
  options = (tt_conv_options)TT_CONV_OPTIONS_INIT;
  options.bias = 0;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.bias is 0, but it is no option of this call: expected its default, 1");
  options = (tt_conv_options)TT_CONV_OPTIONS_INIT;
  options.stride[1] = 0;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT, "stride 0");
  FAILS(tt_nn_conv2d_new(1, 1, three, &options, &module), TT_ERR_INVALID_ARGUMENT, "options.stride[1] is 0");
  options.stride[1] = 2;
  options.padding_kind = TT_PADDING_SAME;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT, "needs a stride of 1");
  FAILS(tt_nn_conv2d_new(1, 1, three, &options, &module), TT_ERR_INVALID_ARGUMENT, "needs a stride of 1");
  options = (tt_conv_options)TT_CONV_OPTIONS_INIT;
  options.padding[0] = 4;
  options.padding_mode = TT_PADDING_MODE_REFLECT;
  FAILS(tt_conv2d(x, w, NULL, &options, &out), TT_ERR_SHAPE, "padding of 4 must be less than the size");
  options = (tt_conv_options)TT_CONV_OPTIONS_INIT;
  options.groups = 0;
  FAILS(tt_nn_conv1d_new(1, 1, 3, &options, &module), TT_ERR_INVALID_ARGUMENT, "options.groups is 0");
  FAILS(tt_nn_conv1d_new(1, 1, 0, NULL, &module), TT_ERR_SHAPE, "kernel_size[0] is 0");
  FAILS(tt_nn_conv2d_new(1, 1, NULL, NULL, &module), TT_ERR_INVALID_ARGUMENT,
        "kernel_size is NULL, expected two values");
  CHECK(out == NULL && module == NULL);
  tt_tensor_release(x);
  tt_tensor_release(w);
}

/* ---- pooling ---- */

static void pooling(void) {
  const int64_t image[] = {1, 5, 5}, two[] = {2, 2}, uneven[] = {2, 3};
  tt_tensor *x = counting(image, 3), *out = NULL, *indices = NULL;
  tt_module* layer = NULL;
  tt_pool_options options = TT_POOL_OPTIONS_INIT;
  OK(tt_max_pool2d(x, two, NULL, &out));
  VALUES(out, 7, 9, 17, 19);
  OK(tt_max_pool2d(x, two, &options, &out));
  VALUES(out, 7, 9, 17, 19);
  OK(tt_avg_pool2d(x, uneven, NULL, &out));
  VALUES(out, 4.5F, 14.5F);

  options.padding[0] = options.padding[1] = 1;
  options.ceil_mode = 1;
  OK(tt_nn_max_pool2d_new(two, &options, &layer));
  OK(tt_max_pool2d(x, two, &options, &out));
  SAME(forward(layer, x), out);
  OK(tt_max_pool2d_with_indices(x, two, &options, &out, &indices));
  SAME(forward(layer, x), out);
  tt_tensor_release(indices);
  tt_module_release(layer);
  options.dilation[0] = 2;
  OK(tt_nn_max_pool2d_new(two, &options, &layer));
  OK(tt_max_pool2d(x, two, &options, &out));
  SAME(forward(layer, x), out);
  tt_module_release(layer);

  options.dilation[0] = 1;
  options.count_include_pad = 0;
  options.divisor_override = 3;
  OK(tt_avg_pool2d(x, two, &options, &out));
  VALUES(out, 1.0F / 3, 5.0F / 3, 3, 17.0F / 3, 40.0F / 3, 16, 37.0F / 3, 80.0F / 3, 88.0F / 3);
  OK(tt_nn_avg_pool2d_new(two, &options, &layer));
  OK(tt_avg_pool2d(x, two, &options, &out));
  SAME(forward(layer, x), out);
  tt_module_release(layer);

  layer = NULL;
  out = NULL;
  options = (tt_pool_options)TT_POOL_OPTIONS_INIT;
  options.count_include_pad = 0;
  FAILS(tt_max_pool2d(x, two, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.count_include_pad is 0, but it is no option of this call: expected its default, 1");
  options.count_include_pad = 1;
  options.divisor_override = 2;
  FAILS(tt_nn_max_pool2d_new(two, &options, &layer), TT_ERR_INVALID_ARGUMENT,
        "options.divisor_override is 2, but it is no option");
  FAILS(tt_max_pool2d_with_indices(x, two, &options, &out, &indices), TT_ERR_INVALID_ARGUMENT,
        "options.divisor_override is 2");
  options.divisor_override = 0;
  options.dilation[1] = 2;
  FAILS(tt_avg_pool2d(x, two, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.dilation[1] is 2, but it is no option");
  FAILS(tt_nn_avg_pool2d_new(two, &options, &layer), TT_ERR_INVALID_ARGUMENT, "options.dilation[1] is 2");
  options.dilation[1] = 1;
  options.stride[0] = -1;
  FAILS(tt_max_pool2d(x, two, &options, &out), TT_ERR_INVALID_ARGUMENT, "stride is -1");
  FAILS(tt_nn_max_pool2d_new(two, &options, &layer), TT_ERR_INVALID_ARGUMENT, "options.stride[0] is -1");
  options.stride[0] = 0;
  options.padding[1] = 2;
  FAILS(tt_avg_pool2d(x, two, &options, &out), TT_ERR_INVALID_ARGUMENT, "padding[1] is 2");
  FAILS(tt_nn_avg_pool2d_new(two, &options, &layer), TT_ERR_INVALID_ARGUMENT, "options.padding[1] is 2");
  FAILS(tt_max_pool2d(x, NULL, NULL, &out), TT_ERR_INVALID_ARGUMENT, "kernel_size is NULL");
  CHECK(out == NULL && layer == NULL);
  tt_tensor_release(x);
}

/* ---- normalisation ---- */

static void normalisation(void) {
  const float values[] = {1, 2, 3, 6};
  const int64_t two_by_two[] = {2, 2};
  tt_tensor *x = shaped(values, two_by_two, 2), *out = NULL, *mean = NULL, *var = NULL;
  tt_module* layer = NULL;
  tt_norm_options options = TT_NORM_OPTIONS_INIT;
  OK(tt_batch_norm(x, NULL, NULL, NULL, NULL, 1, NULL, &out));
  VALUES(out, -0.9999949932F, -0.9999987483F, 0.9999949932F, 0.9999987483F);
  OK(tt_nn_batch_norm1d_new(2, NULL, &layer));
  OK(tt_batch_norm(x, NULL, NULL, NULL, NULL, 1, &options, &out));
  SAME(forward(layer, x), out);
  OK(tt_module_get_buffer(layer, "running_mean", &mean));
  VALUES(mean, 0.2F, 0.4F); /* a tenth of the batch's */
  tt_module_release(layer);

  options.eps = 0.25;
  options.momentum = 0.5;
  OK(tt_nn_batch_norm1d_new(2, &options, &layer));
  OK(tt_module_get_buffer(layer, "running_mean", &mean));
  OK(tt_module_get_buffer(layer, "running_var", &var));
  tt_tensor *own_mean = NULL, *own_var = NULL;
  OK(tt_zeros_like(mean, TT_DTYPE_NONE, &own_mean));
  OK(tt_ones_like(var, TT_DTYPE_NONE, &own_var));
  OK(tt_batch_norm(x, own_mean, own_var, NULL, NULL, 1, &options, &out));
  SAME(forward(layer, x), out);
  SAME(mean, own_mean);
  SAME(var, own_var);
  tt_module_release(layer);

  layer = NULL;
  out = NULL;
  const char* const no_option = "but it is no option of this call: expected its default";
  for (int i = 0; i < 4; ++i) {
    options = (tt_norm_options)TT_NORM_OPTIONS_INIT;
    if (i == 0) options.cumulative = 1;
    if (i == 1) options.affine = 0;
    if (i == 2) options.bias = 0;
    if (i == 3) options.track_running_stats = 0;
    FAILS(tt_batch_norm(x, NULL, NULL, NULL, NULL, 1, &options, &out), TT_ERR_INVALID_ARGUMENT, no_option);
    OK(tt_nn_batch_norm2d_new(2, &options, &layer));
    tt_module_release(layer);
  }
  layer = NULL;
  options = (tt_norm_options)TT_NORM_OPTIONS_INIT;
  options.eps = -1;
  FAILS(tt_batch_norm(x, NULL, NULL, NULL, NULL, 1, &options, &out), TT_ERR_INVALID_ARGUMENT, "eps is -1");
  FAILS(tt_nn_batch_norm1d_new(2, &options, &layer), TT_ERR_INVALID_ARGUMENT, "eps is -1");
  CHECK(out == NULL && layer == NULL);
  tt_tensor_release(x);
}

/* ---- losses ---- */

typedef tt_status (*Loss)(const tt_tensor*, const tt_tensor*, const tt_loss_options*, tt_tensor**);
typedef tt_status (*NewLoss)(const tt_loss_options*, tt_module**);

static tt_tensor* loss_of(tt_module* module, tt_tensor* input, tt_tensor* target) {
  tt_tensor *inputs[2], *out = NULL;
  inputs[0] = input;
  inputs[1] = target;
  OK(tt_module_forward_multi(module, inputs, 2, &out, 1, NULL));
  tt_module_release(module);
  return out;
}

static void element_losses(void) {
  const float a[] = {0, 1, 3}, b[] = {0.5F, 3, 3};
  static const struct {
    Loss function;
    NewLoss module;
    float by_default;
    float quarter; /* with beta or delta 0.25, whichever it has */
    size_t option; /* where that is; 0: it has none */
  } losses[] = {
      {tt_mse_loss, tt_nn_mse_loss_new, 1.416666627F, 0, 0},
      {tt_l1_loss, tt_nn_l1_loss_new, 0.8333333135F, 0, 0},
      {tt_smooth_l1_loss, tt_nn_smooth_l1_loss_new, 0.5416666865F, 0.75F, offsetof(tt_loss_options, beta)},
      {tt_huber_loss, tt_nn_huber_loss_new, 0.5416666865F, 0.1875F, offsetof(tt_loss_options, delta)},
  };
  tt_tensor *x = vector_of(a, 3), *y = vector_of(b, 3), *out = NULL;
  for (size_t i = 0; i < sizeof losses / sizeof losses[0]; ++i) {
    tt_loss_options options = TT_LOSS_OPTIONS_INIT;
    tt_module* module = NULL;
    OK(losses[i].function(x, y, NULL, &out));
    check_values(out, &losses[i].by_default, 1, __LINE__);
    OK(losses[i].module(NULL, &module));
    check_values(loss_of(module, x, y), &losses[i].by_default, 1, __LINE__);
    if (losses[i].option != 0) {
      const double quarter = 0.25;
      memcpy((char*)&options + losses[i].option, &quarter, sizeof quarter);
      OK(losses[i].function(x, y, &options, &out));
      check_values(out, &losses[i].quarter, 1, __LINE__);
    }
    for (options.reduction = TT_REDUCTION_NONE; options.reduction <= TT_REDUCTION_SUM; ++options.reduction) {
      OK(losses[i].function(x, y, &options, &out));
      OK(losses[i].module(&options, &module));
      SAME(loss_of(module, x, y), out);
    }
    /* What it does not have, and no reduction. */
    const tt_loss_options defaults = TT_LOSS_OPTIONS_INIT;
    for (int wrong = 0; wrong < 5; ++wrong) {
      static const char* const names[] = {"options.beta is 2", "options.delta is 2",
                                          "options.ignore_index is 2", "options.label_smoothing is 2",
                                          "options.reduction is 3, expected TT_REDUCTION_NONE (0), "
                                          "TT_REDUCTION_MEAN (1) or TT_REDUCTION_SUM (2)"};
      options = defaults;
      if (wrong == 0) options.beta = 2;
      if (wrong == 1) options.delta = 2;
      if (wrong == 2) options.ignore_index = 2;
      if (wrong == 3) options.label_smoothing = 2;
      if (wrong == 4) options.reduction = 3;
      const int has = (wrong == 0 && losses[i].option == offsetof(tt_loss_options, beta)) ||
                      (wrong == 1 && losses[i].option == offsetof(tt_loss_options, delta));
      out = NULL;
      module = NULL;
      CHECK(losses[i].function(x, y, &options, &out) == (has ? TT_OK : TT_ERR_INVALID_ARGUMENT));
      CHECK(has || strstr(tt_last_error(), names[wrong]) != NULL);
      CHECK(losses[i].module(&options, &module) == (has ? TT_OK : TT_ERR_INVALID_ARGUMENT));
      CHECK(has || strstr(tt_last_error(), names[wrong]) != NULL);
      CHECK((out != NULL) == has && (module != NULL) == has);
      tt_tensor_release(out);
      tt_module_release(module);
    }
  }
  tt_tensor_release(x);
  tt_tensor_release(y);
}

static void class_losses(void) {
  const float scores[] = {1, 2, 3, 1, 1, 4}, weights[] = {0.5F, 1, 2};
  const int64_t sizes[] = {2, 3}, classes[] = {0, 2}, two = 2;
  tt_tensor *x = shaped(scores, sizes, 2), *weight = vector_of(weights, 3), *target = NULL, *out = NULL,
            *log_x = NULL;
  tt_module* module = NULL;
  tt_loss_options options = TT_LOSS_OPTIONS_INIT;
  OK(tt_from_data(classes, &two, 1, TT_INT64, &target));
  OK(tt_log_softmax(x, 1, TT_DTYPE_NONE, &log_x));
  OK(tt_cross_entropy(x, target, NULL, NULL, &out));
  VALUES(out, 1.2512644529F);
  options.ignore_index = 0;
  OK(tt_cross_entropy(x, target, NULL, &options, &out));
  VALUES(out, 0.0949229151F);
  OK(tt_nll_loss(log_x, target, NULL, &options, &out));
  VALUES(out, 0.0949229151F);
  OK(tt_nll_loss(log_x, target, weight, &options, &out));
  OK(tt_nn_nll_loss_new(weight, &options, &module));
  SAME(loss_of(module, log_x, target), out);
  options.ignore_index = -100;
  options.label_smoothing = 0.1;
  options.reduction = TT_REDUCTION_SUM;
  OK(tt_cross_entropy(x, target, NULL, &options, &out));
  VALUES(out, 2.6025288105F);
  OK(tt_cross_entropy(x, target, weight, &options, &out));
  OK(tt_nn_cross_entropy_loss_new(weight, &options, &module));
  SAME(loss_of(module, x, target), out);

  out = NULL;
  module = NULL;
  FAILS(tt_nll_loss(log_x, target, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.label_smoothing is 0.1, but it is no option of this call: expected its default, 0");
  FAILS(tt_nn_nll_loss_new(NULL, &options, &module), TT_ERR_INVALID_ARGUMENT,
        "options.label_smoothing is 0.1");
  options.label_smoothing = 0;
  options.beta = 2;
  FAILS(tt_cross_entropy(x, target, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT, "options.beta is 2");
  FAILS(tt_nn_cross_entropy_loss_new(NULL, &options, &module), TT_ERR_INVALID_ARGUMENT, "options.beta is 2");
  CHECK(out == NULL && module == NULL);
  tt_tensor_release(x);
  tt_tensor_release(log_x);
  tt_tensor_release(weight);
  tt_tensor_release(target);
}

static void binary_losses(void) {
  const float a[] = {0.25F, 0.5F, 0.9F}, b[] = {0, 1, 1}, w[] = {1, 2, 0.5F}, p[] = {3, 1, 2};
  tt_tensor *x = vector_of(a, 3), *y = vector_of(b, 3), *weight = vector_of(w, 3), *pos = vector_of(p, 3);
  tt_tensor* out = NULL;
  tt_module* module = NULL;
  tt_loss_options options = TT_LOSS_OPTIONS_INIT;
  for (options.reduction = TT_REDUCTION_NONE; options.reduction <= TT_REDUCTION_SUM; ++options.reduction) {
    OK(tt_binary_cross_entropy(x, y, weight, &options, &out));
    OK(tt_nn_bce_loss_new(weight, &options, &module));
    SAME(loss_of(module, x, y), out);
    OK(tt_binary_cross_entropy_with_logits(x, y, weight, pos, &options, &out));
    OK(tt_nn_bce_with_logits_loss_new(weight, pos, &options, &module));
    SAME(loss_of(module, x, y), out);
  }
  out = NULL;
  module = NULL;
  options = (tt_loss_options)TT_LOSS_OPTIONS_INIT;
  options.ignore_index = 1;
  FAILS(tt_binary_cross_entropy(x, y, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT, "ignore_index is 1");
  FAILS(tt_nn_bce_loss_new(NULL, &options, &module), TT_ERR_INVALID_ARGUMENT, "ignore_index is 1");
  options.ignore_index = -100;
  options.delta = NAN;
  FAILS(tt_binary_cross_entropy_with_logits(x, y, NULL, NULL, &options, &out), TT_ERR_INVALID_ARGUMENT,
        "options.delta is nan");
  FAILS(tt_nn_bce_with_logits_loss_new(NULL, NULL, &options, &module), TT_ERR_INVALID_ARGUMENT,
        "options.delta is nan");
  CHECK(out == NULL && module == NULL);
  tt_tensor_release(x);
  tt_tensor_release(y);
  tt_tensor_release(weight);
  tt_tensor_release(pos);
}

/* ---- enums that are arguments ---- */

static void enums(void) {
  const int64_t sizes[] = {1, 2, 2}, one[] = {1, 1}, index_sizes[] = {1, 1, 1};
  tt_tensor *x = counting(sizes, 3), *index = NULL, *out = NULL;
  tt_module* module = NULL;
  tt_generator* generator = NULL;
  double gain;
  OK(tt_zeros(index_sizes, 3, TT_INT64, &index));
  FAILS(tt_gelu(x, 2, &out), TT_ERR_INVALID_ARGUMENT,
        "approximate is 2, expected TT_GELU_NONE (0) or TT_GELU_TANH (1)");
  FAILS(tt_nn_gelu_new(-1, &module), TT_ERR_INVALID_ARGUMENT, "approximate is -1");
  FAILS(tt_div_mode(x, x, -1, &out), TT_ERR_INVALID_ARGUMENT,
        "rounding_mode is -1, expected TT_ROUNDING_NONE (0), TT_ROUNDING_TRUNC (1) or TT_ROUNDING_FLOOR (2)");
  FAILS(tt_scatter_reduce(x, 0, index, x, 5, 1, &out), TT_ERR_INVALID_ARGUMENT,
        "reduce is 5, expected TT_REDUCE_SUM (0), TT_REDUCE_PROD (1), TT_REDUCE_MEAN (2), TT_REDUCE_AMAX (3) "
        "or TT_REDUCE_AMIN (4)");
  FAILS(tt_pad(x, one, 2, 4, 0, &out), TT_ERR_INVALID_ARGUMENT, "mode is 4, expected TT_PAD_CONSTANT (0), ");
  FAILS(tt_meshgrid(&x, 1, 2, &out), TT_ERR_INVALID_ARGUMENT,
        "indexing is 2, expected TT_INDEXING_IJ (0) or TT_INDEXING_XY (1)");
  FAILS(tt_init_calculate_gain(6, 0, &gain), TT_ERR_INVALID_ARGUMENT,
        "nonlinearity is 6, expected TT_NONLINEARITY_LINEAR (0), ");
  FAILS(tt_init_kaiming_normal_(x, 0, 2, TT_NONLINEARITY_RELU), TT_ERR_INVALID_ARGUMENT,
        "mode is 2, expected TT_FAN_IN (0) or TT_FAN_OUT (1)");
  FAILS(tt_generator_new(2, 0, &generator), TT_ERR_INVALID_ARGUMENT,
        "engine is 2, expected TT_MT19937 (0) or TT_PHILOX (1)");
  tt_print_options print = TT_PRINT_OPTIONS_INIT;
  print.sci_mode = 3;
  FAILS(tt_set_print_options(&print), TT_ERR_INVALID_ARGUMENT,
        "options.sci_mode is 3, expected TT_SCI_AUTO (0), TT_SCI_NEVER (1) or TT_SCI_ALWAYS (2)");
  FAILS(tt_sum(x, NULL, 0, 0, -2, &out), TT_ERR_DTYPE, "dtype is -2, expected a tt_dtype from 0 to 9");
  FAILS(tt_softmax(x, 0, 10, &out), TT_ERR_DTYPE, "dtype is 10");
  CHECK(out == NULL && module == NULL && generator == NULL);
  tt_tensor_release(x);
  tt_tensor_release(index);
}

/* The correction comes after keepdim, as for a sum the dtype does. */
static void deviations(void) {
  const float values[] = {1, 2, 3, 6};
  const int64_t two_by_two[] = {2, 2}, last = -1, *kept = NULL;
  tt_tensor *x = shaped(values, two_by_two, 2), *out = NULL;
  OK(tt_var(x, &last, 1, 1, 0, &out));
  OK(tt_tensor_sizes(out, &kept));
  CHECK(kept[0] == 2 && kept[1] == 1);
  VALUES(out, 0.25F, 2.25F);
  OK(tt_std(x, &last, 1, 0, 1, &out));
  VALUES(out, 0.7071067812F, 2.121320344F);
  tt_tensor_release(x);
}

int main(void) {
  sizes();
  convolution();
  convolution_2d();
  convolution_refuses();
  pooling();
  normalisation();
  element_losses();
  class_losses();
  binary_losses();
  enums();
  deviations();
  return finish("options");
}
