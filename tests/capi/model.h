/* A small network and its training, for the tests of threads, forks and lack of memory: 8-16-3, tanh, mean
 * squared error, SGD with momentum. Seeds alone decide the result. */
#ifndef TESTS_CAPI_MODEL_H_
#define TESTS_CAPI_MODEL_H_

#include <string.h>

#include "tinytorch/tinytorch.h"

enum { kModelParameters = 4, kModelRows = 32 };

typedef struct {
  tt_tensor* parameters[kModelParameters];
  tt_tensor* input;
  tt_tensor* target;
  tt_optimizer* optimizer;
} Model;

/* Numbers in [-1, 1) that no other thread has a part in. */
static inline double model_random(uint64_t* state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(*state >> 40) / (double)(1 << 23) - 1.0;
}

static inline tt_status model_values(uint64_t* state, int64_t rows, int64_t columns, tt_tensor** out) {
  float values[kModelRows * 16];
  const int64_t sizes[2] = {rows, columns};
  for (int64_t i = 0; i < rows * columns; ++i) values[i] = (float)(0.5 * model_random(state));
  return tt_from_data(values, sizes, 2, TT_FLOAT32, out);
}

static inline void model_free(Model* model) {
  for (int i = 0; i < kModelParameters; ++i) tt_tensor_release(model->parameters[i]);
  tt_tensor_release(model->input);
  tt_tensor_release(model->target);
  tt_optimizer_release(model->optimizer);
  memset(model, 0, sizeof *model);
}

/* On failure the model is empty. */
static inline tt_status model_new(uint64_t seed, Model* model) {
  const int64_t shapes[kModelParameters][2] = {{8, 16}, {1, 16}, {16, 3}, {1, 3}};
  uint64_t state = seed;
  tt_status status = TT_OK;
  memset(model, 0, sizeof *model);
  for (int i = 0; i < kModelParameters && status == TT_OK; ++i) {
    status = model_values(&state, shapes[i][0], shapes[i][1], &model->parameters[i]);
    if (status == TT_OK) status = tt_tensor_set_requires_grad(model->parameters[i], 1);
  }
  if (status == TT_OK) status = model_values(&state, kModelRows, 8, &model->input);
  if (status == TT_OK) status = model_values(&state, kModelRows, 3, &model->target);
  if (status == TT_OK) {
    tt_sgd_options options = TT_SGD_OPTIONS_INIT;
    options.lr = 0.1;
    options.momentum = 0.9;
    status = tt_optim_sgd_new(model->parameters, kModelParameters, &options, &model->optimizer);
  }
  if (status != TT_OK) model_free(model);
  return status;
}

/* What a step does inside its scope. */
static inline tt_status model_step_body(Model* model, double* loss) {
  tt_tensor** p = model->parameters;
  tt_tensor *a = NULL, *b = NULL, *c = NULL, *d = NULL, *e = NULL, *mean = NULL;
  tt_status status = tt_optimizer_zero_grad(model->optimizer, 1);
  if (status == TT_OK) status = tt_mm(model->input, p[0], &a);
  if (status == TT_OK) status = tt_add(a, p[1], &b);
  if (status == TT_OK) status = tt_tanh(b, &c);
  if (status == TT_OK) status = tt_mm(c, p[2], &d);
  if (status == TT_OK) status = tt_add(d, p[3], &e);
  if (status == TT_OK) status = tt_sub(e, model->target, &a);
  if (status == TT_OK) status = tt_mul(a, a, &b);
  if (status == TT_OK) status = tt_mean(b, NULL, 0, 0, TT_DTYPE_NONE, &mean);
  if (status == TT_OK) status = tt_backward(mean);
  if (status == TT_OK && loss != NULL) status = tt_tensor_item(mean, loss);
  if (status == TT_OK) status = tt_optimizer_step(model->optimizer);
  return status;
}

/* loss: may be NULL, as in a capture, which cannot read it. */
static inline tt_status model_step(Model* model, double* loss) {
  tt_scope scope;
  tt_status status = tt_scope_begin(&scope);
  if (status != TT_OK) return status;
  status = model_step_body(model, loss);
  (void)tt_scope_end(scope);
  return status;
}

/* The parameters' values, one after the other; room for 8*16 + 16 + 16*3 + 3. */
enum { kModelValues = 8 * 16 + 16 + 16 * 3 + 3 };
static inline tt_status model_read(const Model* model, float values[kModelValues]) {
  const size_t counts[kModelParameters] = {8 * 16, 16, 16 * 3, 3};
  for (int i = 0; i < kModelParameters; ++i) {
    void* data = NULL;
    const tt_status status = tt_tensor_data(model->parameters[i], &data);
    if (status != TT_OK) return status;
    memcpy(values, data, counts[i] * sizeof(float));
    values += counts[i];
  }
  return TT_OK;
}

#endif
