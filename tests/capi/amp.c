/* Mixed precision through the C API: the scaler beside recorded numbers of torch.amp.GradScaler, a network
 * trained under autocast, and what is refused. */
#include <math.h>

#include "check.h"

static tt_dtype dtype_of(const tt_tensor* t) {
  tt_dtype dtype = -1;
  OK(tt_tensor_dtype(t, &dtype));
  return dtype;
}

static double number(const tt_state_dict* dict, const char* name) {
  tt_tensor* value = NULL;
  double out = -1;
  OK(tt_state_dict_get(dict, name, &value));
  OK(tt_tensor_item(value, &out));
  tt_tensor_release(value);
  return out;
}

static void autocast_settings(void) {
  tt_autocast mode = TT_AUTOCAST_INIT, previous = TT_AUTOCAST_INIT, now = TT_AUTOCAST_INIT;
  OK(tt_get_autocast(TT_CPU, &now));
  CHECK(now.enabled == 0);
  OK(tt_set_autocast(TT_CPU, &mode, &previous));
  CHECK(previous.enabled == 0);
  OK(tt_get_autocast(TT_CPU, &now));
  CHECK(now.enabled == 1 && now.dtype == TT_BFLOAT16 && now.cache_enabled == 1);
  OK(tt_set_autocast(TT_CUDA, &mode, NULL));
  OK(tt_get_autocast(TT_CUDA, &now));
  CHECK(now.enabled == 1 && now.dtype == TT_FLOAT16);
  mode.dtype = TT_FLOAT32;
  FAILS(tt_set_autocast(TT_CPU, &mode, NULL), TT_ERR_DTYPE, "autocast.dtype is float32");
  mode.dtype = 77;
  FAILS(tt_set_autocast(TT_CPU, &mode, NULL), TT_ERR_DTYPE, "77");
  mode.struct_size = 2;
  FAILS(tt_set_autocast(TT_CPU, &mode, NULL), TT_ERR_INVALID_ARGUMENT, "struct_size is 2");
  FAILS(tt_set_autocast(5, NULL, NULL), TT_ERR_DEVICE, "5");
  FAILS(tt_get_autocast(TT_CPU, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  /* What was refused changed nothing. */
  OK(tt_get_autocast(TT_CPU, &now));
  CHECK(now.enabled == 1 && now.dtype == TT_BFLOAT16);
  OK(tt_set_autocast(TT_CPU, &previous, NULL));
  OK(tt_set_autocast(TT_CUDA, NULL, NULL));
  OK(tt_get_autocast(TT_CPU, &now));
  CHECK(now.enabled == 0);
  OK(tt_get_autocast(TT_CUDA, &now));
  CHECK(now.enabled == 0);
}

/* Three weights, the loss (sum(x * w) - 3)^2, SGD at 0.01, growth after two steps; the third loss is
 * infinite. */
static void scaler_as_recorded(void) {
  static const struct {
    float w[3];
    double scale;
    int growth;
  } recorded[] = {
      {{1.10000002f, -1.95000005f, 0.579999983f}, 1024, 1},
      {{1.17637503f, -1.91181254f, 0.641099989f}, 2048, 0},
      {{1.17637503f, -1.91181254f, 0.641099989f}, 1024, 0},
      {{1.2347064f, -1.8826468f, 0.687765121f}, 1024, 1},
      {{1.27925706f, -1.86037147f, 0.7234056f}, 2048, 0},
      {{1.31328261f, -1.84335876f, 0.750626028f}, 2048, 1},
      {{1.33926964f, -1.8303653f, 0.771415651f}, 4096, 0},
  };
  const float start[] = {1, -2, 0.5f}, xs[] = {0.5f, 1, -1, 2, 0.25f, 3};
  const int64_t sizes[] = {2, 3};
  tt_grad_scaler_options options = TT_GRAD_SCALER_OPTIONS_INIT;
  tt_sgd_options sgd = TT_SGD_OPTIONS_INIT;
  tt_tensor *w = vector_of(start, 3), *x = NULL;
  tt_optimizer* optimizer = NULL;
  tt_grad_scaler *scaler = NULL, *other = NULL;
  tt_state_dict* dict = NULL;
  double scale = 0;
  int i, k;
  OK(tt_from_data(xs, sizes, 2, TT_FLOAT32, &x));
  OK(tt_tensor_set_requires_grad(w, 1));
  sgd.lr = 0.01;
  OK(tt_optim_sgd_new(&w, 1, &sgd, &optimizer));
  options.init_scale = 1024;
  options.growth_interval = 2;
  OK(tt_grad_scaler_new(&options, &scaler));
  FAILS(tt_grad_scaler_update(scaler), TT_ERR_INVALID_ARGUMENT, "nothing was unscaled or stepped");
  for (i = 0; i < 7; ++i) {
    tt_tensor *product, *sum, *out, *rest, *loss, *scaled;
    float now[3];
    int32_t stepped = -1;
    OK(tt_optimizer_zero_grad(optimizer, 1));
    OK(tt_mul(x, w, &product));
    OK(tt_sum(product, NULL, 0, 0, TT_DTYPE_NONE, &sum));
    OK(tt_mul_scalar(sum, i == 2 ? INFINITY : 1.0, &out));
    OK(tt_sub_scalar(out, 3.0, &rest));
    OK(tt_square(rest, &loss));
    OK(tt_grad_scaler_scale(scaler, loss, &scaled));
    OK(tt_backward(scaled));
    if (i == 4) {
      OK(tt_grad_scaler_unscale(scaler, optimizer));
      FAILS(tt_grad_scaler_unscale(scaler, optimizer), TT_ERR_INVALID_ARGUMENT, "unscaled already");
    }
    OK(tt_grad_scaler_step(scaler, optimizer, &stepped));
    CHECK(stepped == (i != 2));
    FAILS(tt_grad_scaler_step(scaler, optimizer, NULL), TT_ERR_INVALID_ARGUMENT, "stepped already");
    FAILS(tt_grad_scaler_unscale(scaler, optimizer), TT_ERR_INVALID_ARGUMENT, "unscale before the step");
    OK(tt_grad_scaler_update(scaler));
    OK(tt_tensor_copy_data(w, now, sizeof now));
    for (k = 0; k < 3; ++k) CHECK(fabsf(now[k] - recorded[i].w[k]) < 1e-6f);
    OK(tt_grad_scaler_get_scale(scaler, &scale));
    CHECK(scale == recorded[i].scale);
    OK(tt_grad_scaler_state_dict(scaler, &dict));
    CHECK(number(dict, "_growth_tracker") == recorded[i].growth && number(dict, "scale") == scale);
    tt_state_dict_release(dict);
    tt_tensor_release(product);
    tt_tensor_release(sum);
    tt_tensor_release(out);
    tt_tensor_release(rest);
    tt_tensor_release(loss);
    tt_tensor_release(scaled);
  }

  /* Another scaler goes on from the state; one that cannot be loaded changes nothing. */
  OK(tt_grad_scaler_new(NULL, &other));
  OK(tt_grad_scaler_state_dict(scaler, &dict));
  OK(tt_grad_scaler_load_state_dict(other, dict));
  OK(tt_grad_scaler_get_scale(other, &scale));
  CHECK(scale == 4096);
  OK(tt_state_dict_set(dict, "growth_factor", x));
  FAILS(tt_grad_scaler_load_state_dict(other, dict), TT_ERR_SHAPE, "growth_factor");
  tt_state_dict_release(dict);
  FAILS(tt_grad_scaler_set_scale(other, -1), TT_ERR_INVALID_ARGUMENT, "scale is -1");
  OK(tt_grad_scaler_set_scale(other, 8));
  OK(tt_grad_scaler_get_scale(other, &scale));
  CHECK(scale == 8);
  tt_grad_scaler_release(other);

  options.enabled = 0;
  OK(tt_grad_scaler_new(&options, &other));
  OK(tt_grad_scaler_get_scale(other, &scale));
  CHECK(scale == 1);
  OK(tt_grad_scaler_unscale(other, optimizer));
  OK(tt_grad_scaler_step(other, optimizer, NULL));
  OK(tt_grad_scaler_update(other));
  tt_grad_scaler_release(other);
  tt_grad_scaler_release(scaler);
  tt_optimizer_release(optimizer);
  tt_tensor_release(w);
  tt_tensor_release(x);
}

static void bad_scalers(void) {
  tt_grad_scaler_options options = TT_GRAD_SCALER_OPTIONS_INIT;
  tt_grad_scaler* scaler = (tt_grad_scaler*)&options;
  tt_tensor* out = NULL;
  options.growth_factor = 1;
  FAILS(tt_grad_scaler_new(&options, &scaler), TT_ERR_INVALID_ARGUMENT,
        "growth_factor is 1, expected more than 1");
  CHECK(scaler == NULL);
  options.growth_factor = 2;
  options.backoff_factor = 1;
  FAILS(tt_grad_scaler_new(&options, &scaler), TT_ERR_INVALID_ARGUMENT, "backoff_factor");
  options.backoff_factor = 0.5;
  options.growth_interval = 0;
  FAILS(tt_grad_scaler_new(&options, &scaler), TT_ERR_INVALID_ARGUMENT, "growth_interval is 0");
  options.growth_interval = 1;
  options.init_scale = NAN;
  FAILS(tt_grad_scaler_new(&options, &scaler), TT_ERR_INVALID_ARGUMENT, "init_scale");
  FAILS(tt_grad_scaler_scale(NULL, NULL, &out), TT_ERR_INVALID_ARGUMENT, "outputs is NULL");
  FAILS(tt_grad_scaler_update(NULL), TT_ERR_INVALID_ARGUMENT, "scaler is NULL");
  FAILS(tt_grad_scaler_step(NULL, NULL, NULL), TT_ERR_INVALID_ARGUMENT, "NULL");
  tt_grad_scaler_release(NULL);
}

/* Gradients that are not dense are unscaled where they lie; those of float16 are refused, and nothing is
 * written then, also to those before them. */
static void gradients_of_other_kinds(void) {
  const float values[] = {2, 4, 6, 8, 10, 12};
  const int64_t tall[] = {3, 2}, wide[] = {2, 3};
  tt_grad_scaler_options options = TT_GRAD_SCALER_OPTIONS_INIT;
  tt_sgd_options sgd = TT_SGD_OPTIONS_INIT;
  tt_grad_scaler* scaler = NULL;
  tt_optimizer *optimizer = NULL, *mixed = NULL;
  tt_tensor *flat = NULL, *grad = NULL, *w = NULL, *half = NULL, *half_grad = NULL, *params[2];
  float now[6];
  int i;
  OK(tt_from_data(values, tall, 2, TT_FLOAT32, &flat));
  OK(tt_t(flat, &grad));
  OK(tt_zeros(wide, 2, TT_FLOAT32, &w));
  OK(tt_tensor_set_requires_grad(w, 1));
  OK(tt_tensor_set_grad(w, grad));
  OK(tt_zeros(wide, 2, TT_FLOAT16, &half));
  OK(tt_zeros(wide, 2, TT_FLOAT16, &half_grad));
  OK(tt_tensor_set_requires_grad(half, 1));
  OK(tt_tensor_set_grad(half, half_grad));
  sgd.lr = 1;
  params[0] = w;
  params[1] = half;
  OK(tt_optim_sgd_new(params, 1, &sgd, &optimizer));
  OK(tt_optim_sgd_new(params, 2, &sgd, &mixed));
  options.init_scale = 2;
  OK(tt_grad_scaler_new(&options, &scaler));
  FAILS(tt_grad_scaler_unscale(scaler, mixed), TT_ERR_DTYPE, "float16");
  OK(tt_tensor_copy_data(flat, now, sizeof now));
  for (i = 0; i < 6; ++i) CHECK(now[i] == values[i]);
  OK(tt_grad_scaler_unscale(scaler, optimizer));
  OK(tt_tensor_copy_data(flat, now, sizeof now));
  for (i = 0; i < 6; ++i) CHECK(now[i] == values[i] / 2);
  OK(tt_grad_scaler_step(scaler, optimizer, NULL));
  OK(tt_tensor_copy_data(w, now, sizeof now));
  CHECK(now[0] == -1 && now[1] == -3 && now[2] == -5 && now[3] == -2 && now[4] == -4 && now[5] == -6);
  tt_grad_scaler_release(scaler);
  tt_optimizer_release(optimizer);
  tt_optimizer_release(mixed);
  tt_tensor_release(flat);
  tt_tensor_release(grad);
  tt_tensor_release(w);
  tt_tensor_release(half);
  tt_tensor_release(half_grad);
}

/* A small classifier in each of the half types: it learns, and everything the optimizer sees is float32. */
static void trains(tt_dtype half) {
  const int64_t sizes[] = {64, 10};
  const int64_t batch = 64;
  tt_autocast mode = TT_AUTOCAST_INIT;
  tt_sgd_options sgd = TT_SGD_OPTIONS_INIT;
  tt_module *layers[3], *model = NULL;
  tt_tensor *x = NULL, *labels = NULL, *params[4];
  tt_optimizer* optimizer = NULL;
  tt_grad_scaler* scaler = NULL;
  double first = 0, last = 0;
  size_t count = 0, i;
  int step;
  tt_manual_seed(3);
  OK(tt_nn_linear_new(10, 32, 1, &layers[0]));
  OK(tt_nn_relu_new(&layers[1]));
  OK(tt_nn_linear_new(32, 4, 1, &layers[2]));
  OK(tt_nn_sequential_new(layers, 3, &model));
  OK(tt_randn(sizes, 2, NULL, TT_FLOAT32, &x));
  OK(tt_randint(0, 4, &batch, 1, NULL, TT_INT64, &labels));
  OK(tt_module_parameters(model, params, 4, &count));
  sgd.lr = 0.5;
  OK(tt_optim_sgd_new(params, count, &sgd, &optimizer));
  OK(tt_grad_scaler_new(NULL, &scaler));
  mode.dtype = half;
  for (step = 0; step < 60; ++step) {
    tt_tensor *logits = NULL, *loss = NULL, *scaled = NULL;
    OK(tt_set_autocast(TT_CPU, &mode, NULL));
    OK(tt_module_forward(model, x, &logits));
    CHECK(dtype_of(logits) == half);
    OK(tt_cross_entropy(logits, labels, NULL, NULL, &loss));
    CHECK(dtype_of(loss) == TT_FLOAT32);
    OK(tt_set_autocast(TT_CPU, NULL, NULL));
    OK(tt_optimizer_zero_grad(optimizer, 1));
    OK(tt_grad_scaler_scale(scaler, loss, &scaled));
    OK(tt_backward(scaled));
    OK(tt_grad_scaler_step(scaler, optimizer, NULL));
    OK(tt_grad_scaler_update(scaler));
    OK(tt_tensor_item(loss, step == 0 ? &first : &last));
    tt_tensor_release(logits);
    tt_tensor_release(loss);
    tt_tensor_release(scaled);
  }
  CHECK(last < 0.3 * first);
  for (i = 0; i < count; ++i) {
    tt_tensor* grad = NULL;
    CHECK(dtype_of(params[i]) == TT_FLOAT32);
    OK(tt_tensor_grad(params[i], &grad));
    CHECK(dtype_of(grad) == TT_FLOAT32);
    tt_tensor_release(grad);
    tt_tensor_release(params[i]);
  }
  for (i = 0; i < 3; ++i) tt_module_release(layers[i]);
  tt_module_release(model);
  tt_grad_scaler_release(scaler);
  tt_optimizer_release(optimizer);
  tt_tensor_release(x);
  tt_tensor_release(labels);
}

int main(void) {
  autocast_settings();
  scaler_as_recorded();
  bad_scalers();
  gradients_of_other_kinds();
  trains(TT_FLOAT16);
  trains(TT_BFLOAT16);
  return finish("capi_amp");
}
