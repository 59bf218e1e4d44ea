/* Functions of the host's own: outputs that are not produced or take no gradient, inputs that are written to
 * in place, results that are saved. */
#include "live_blocks.h"

static tt_tensor* leaf_of(const float* values, int64_t count) {
  tt_tensor* out = vector_of(values, count);
  OK(tt_tensor_set_requires_grad(out, 1));
  return out;
}

/* Checks a gradient of `x`, and drops it. */
static void expect_grad(tt_tensor* x, const float* values, int64_t count) {
  tt_tensor* grad = NULL;
  OK(tt_tensor_grad(x, &grad));
  CHECK(grad != NULL);
  for (int64_t i = 0; grad != NULL && i < count; ++i) CHECK(at(grad, i) == values[i]);
  tt_tensor_release(grad);
  OK(tt_tensor_set_grad(x, NULL));
}

static int32_t requires_grad(const tt_tensor* t) {
  int32_t out = -1;
  OK(tt_tensor_requires_grad(t, &out));
  return out;
}

static void destroyed(void* user) { ++*(int*)user; }

/* ---- outputs ---- */

/* What a test tells its function, and hears of it. */
typedef struct {
  int destroyed; /* first: destroyed() counts it */
  int leaves;    /* a bit for each output that is left NULL */
  int marks;     /* a bit for each output without a gradient */
  int twice;     /* output 1 is output 0 */
  int mark_foreign;
  int had; /* a bit for each output whose gradient came */
} Parts;

/* x, 2x, 3x as up to three outputs. */
static tt_status parts_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                               tt_tensor** outputs, size_t output_count, void* user) {
  Parts* self = user;
  CHECK(input_count == 1);
  for (size_t i = 0; i < output_count; ++i) {
    CHECK(outputs[i] == NULL);
    if (self->leaves >> i & 1) continue;
    OK(tt_mul_scalar(inputs[0], (double)i + 1, &outputs[i]));
    if (self->marks >> i & 1) OK(tt_function_mark_non_differentiable(context, &outputs[i], 1));
  }
  if (self->twice) outputs[1] = outputs[0];
  if (self->mark_foreign) {
    tt_tensor* foreign = NULL;
    OK(tt_clone(inputs[0], &foreign));
    OK(tt_function_mark_non_differentiable(context, &foreign, 1));
  }
  return TT_OK;
}

static tt_status parts_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                                size_t output_count, tt_tensor** grad_inputs, size_t input_count,
                                void* user) {
  Parts* self = user;
  tt_tensor* sum = NULL;
  (void)context, (void)input_count;
  self->had = 0;
  for (size_t i = 0; i < output_count; ++i) {
    tt_tensor* part = NULL;
    if (grad_outputs[i] == NULL) continue;
    self->had |= 1 << i;
    OK(tt_mul_scalar(grad_outputs[i], (double)i + 1, &part));
    if (sum != NULL) OK(tt_add(sum, part, &part));
    sum = part;
  }
  grad_inputs[0] = sum;
  return TT_OK;
}

static tt_status apply_parts(Parts* self, tt_tensor* x, tt_tensor** ys) {
  const tt_function function = {sizeof function, "Parts", parts_forward, parts_backward, self, destroyed};
  return tt_function_apply(&function, &x, 1, ys, 3);
}

static void release_three(tt_tensor** ys) {
  for (int i = 0; i < 3; ++i) tt_tensor_release(ys[i]);
}

static void outputs(void) {
  const int64_t start = live_blocks;
  const float three = 3;
  tt_tensor *x = leaf_of(&three, 1), *ys[3], *sum = NULL;

  /* All of them; gradients through two. */
  Parts all = {0};
  OK(apply_parts(&all, x, ys));
  OK(tt_add(ys[0], ys[2], &sum));
  OK(tt_backward(sum));
  CHECK(all.had == 5);
  expect_grad(x, (float[1]){4}, 1);
  tt_tensor_release(sum);
  release_three(ys);
  CHECK(all.destroyed == 1);

  /* One is not produced. */
  Parts some = {0};
  some.leaves = 2;
  OK(apply_parts(&some, x, ys));
  CHECK(ys[0] != NULL && ys[1] == NULL && item(ys[2]) == 9);
  OK(tt_backward(ys[2]));
  CHECK(some.had == 4);
  expect_grad(x, (float[1]){3}, 1);
  release_three(ys);

  /* None is. */
  Parts none = {0};
  none.leaves = 7;
  ys[0] = ys[1] = ys[2] = x;
  FAILS(tt_function_apply(&(const tt_function){sizeof(tt_function), "Parts", parts_forward, parts_backward,
                                               &none, destroyed},
                          &x, 1, ys, 3),
        TT_ERR_CALLBACK, "the forward of Parts left every output NULL");
  CHECK(ys[0] == NULL && ys[1] == NULL && ys[2] == NULL && none.destroyed == 1);

  /* One takes no gradient. */
  Parts marked = {0};
  marked.marks = 1;
  OK(apply_parts(&marked, x, ys));
  CHECK(requires_grad(ys[0]) == 0 && requires_grad(ys[1]) == 1);
  OK(tt_add(ys[0], ys[1], &sum));
  OK(tt_backward(sum));
  CHECK(marked.had == 2);
  expect_grad(x, (float[1]){2}, 1);
  tt_tensor_release(sum);
  release_three(ys);

  /* None does: there is no graph. */
  Parts constant = {0};
  constant.marks = 7;
  OK(apply_parts(&constant, x, ys));
  CHECK(requires_grad(ys[0]) == 0 && requires_grad(ys[2]) == 0 && constant.destroyed == 1);
  release_three(ys);

  Parts twice = {0};
  twice.twice = 1;
  CHECK(apply_parts(&twice, x, ys) == TT_ERR_CALLBACK);
  CHECK(strstr(tt_last_error(), "returned one tensor as the outputs 0 and 1") != NULL);
  Parts foreign = {0};
  foreign.mark_foreign = 1;
  CHECK(apply_parts(&foreign, x, ys) == TT_ERR_CALLBACK);
  CHECK(strstr(tt_last_error(), "marked a tensor as not differentiable that is no output") != NULL);
  CHECK(ys[0] == NULL && twice.destroyed == 1 && foreign.destroyed == 1);
  tt_tensor_release(x);
  CHECK(live_blocks == start);
}

/* ---- saved results ---- */

static tt_status exp_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                             tt_tensor** outputs, size_t output_count, void* user) {
  tt_tensor* kept[3];
  (void)user;
  CHECK(input_count == 1 && output_count == 1);
  OK(tt_exp(inputs[0], &outputs[0]));
  kept[0] = outputs[0];
  kept[1] = NULL;
  OK(tt_view(outputs[0], (int64_t[1]){1}, 1, &kept[2])); /* a view of the output */
  OK(tt_function_save(context, kept, 3));
  tt_tensor* nothing = kept[0];
  FAILS(tt_function_saved(context, 0, &nothing), TT_ERR_AUTOGRAD, "saved tensors are there in backward only");
  CHECK(nothing == NULL);
  return TT_OK;
}

static tt_status exp_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                              size_t output_count, tt_tensor** grad_inputs, size_t input_count, void* user) {
  tt_tensor *y = NULL, *none = NULL, *view = NULL;
  (void)output_count, (void)input_count, (void)user;
  tt_status status = tt_function_saved(context, 0, &y);
  if (status != TT_OK) return status;
  OK(tt_function_saved(context, 1, &none));
  OK(tt_function_saved(context, 2, &view));
  CHECK(none == NULL && at(view, 0) == at(y, 0));
  FAILS(tt_function_saved(context, 3, &none), TT_ERR_INVALID_ARGUMENT,
        "index is 3, but 3 tensors were saved");
  FAILS(tt_function_save(context, &y, 1), TT_ERR_AUTOGRAD, "is over: this is for forward only");
  FAILS(tt_function_mark_dirty(context, &y, 1), TT_ERR_AUTOGRAD, "this is for forward only");
  FAILS(tt_function_mark_non_differentiable(context, &y, 1), TT_ERR_AUTOGRAD, "this is for forward only");
  return tt_mul(grad_outputs[0], y, &grad_inputs[0]);
}

static void saved_results(void) {
  const int64_t start = live_blocks;
  const float zero = 0;
  int ends = 0;
  const tt_function function = {sizeof function, "Exp", exp_forward, exp_backward, &ends, destroyed};
  tt_tensor *x = leaf_of(&zero, 1), *y = NULL, *first = NULL, *second = NULL;
  tt_backward_options create = TT_BACKWARD_OPTIONS_INIT;
  create.create_graph = 1;
  OK(tt_function_apply(&function, &x, 1, &y, 1));
  OK(tt_grad(&y, 1, &x, 1, NULL, &create, &first));
  CHECK(item(first) == 1);
  OK(tt_grad(&first, 1, &x, 1, NULL, NULL, &second)); /* the saved result leads on */
  CHECK(item(second) == 1);
  tt_tensor_release(first);
  tt_tensor_release(second);
  tt_tensor_release(y);
  CHECK(ends == 1); /* a graph that keeps its results does not keep itself */

  /* One that no backward uses goes as well. */
  OK(tt_function_apply(&function, &x, 1, &y, 1));
  tt_tensor_release(y);
  CHECK(ends == 2);

  /* A write to it is found. */
  OK(tt_function_apply(&function, &x, 1, &y, 1));
  OK(tt_add_scalar_(y, 1));
  FAILS(tt_backward(y), TT_ERR_CALLBACK, "written to in place");
  tt_tensor_release(y);
  tt_tensor_release(x);
  CHECK(ends == 3);
  CHECK(live_blocks == start);
}

/* ---- inputs that are written to ---- */

typedef struct {
  int destroyed;  /* first: destroyed() counts it */
  size_t which;   /* the input that is written to */
  int by_address; /* past the library */
  int unmarked;   /* it is not said */
  int returns;    /* 0: the input; 1: another tensor */
  int also_marks; /* as not differentiable */
  int fails;      /* after the write */
  int refused;    /* mark_dirty has failed */
} Write;

/* inputs[which] *= 2 in place; the other outputs are new: 10 times the first input. */
static tt_status write_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                               tt_tensor** outputs, size_t output_count, void* user) {
  Write* self = user;
  tt_tensor* target = inputs[self->which];
  (void)input_count;
  for (size_t i = 1; i < output_count; ++i) OK(tt_mul_scalar(inputs[0], 10, &outputs[i]));
  if (!self->unmarked) {
    const tt_status status = tt_function_mark_dirty(context, &target, 1);
    if (status != TT_OK) {
      self->refused = 1;
      return status;
    }
    OK(tt_function_mark_dirty(context, &target, 1)); /* once more changes nothing */
  }
  if (self->by_address) {
    void* data = NULL;
    OK(tt_tensor_data(target, &data));
    *(float*)data *= 2;
  } else {
    OK(tt_mul_scalar_(target, 2));
  }
  if (self->fails) return tt_fail("written, and failed");
  outputs[0] = target;
  if (self->returns == 1) OK(tt_clone(target, &outputs[0]));
  if (self->also_marks) OK(tt_function_mark_non_differentiable(context, &outputs[0], 1));
  return TT_OK;
}

static tt_status write_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                                size_t output_count, tt_tensor** grad_inputs, size_t input_count,
                                void* user) {
  Write* self = user;
  (void)context, (void)input_count;
  if (grad_outputs[0] != NULL) OK(tt_mul_scalar(grad_outputs[0], 2, &grad_inputs[self->which]));
  if (output_count > 1 && grad_outputs[1] != NULL) {
    tt_tensor* part = NULL;
    OK(tt_mul_scalar(grad_outputs[1], 10, &part));
    if (grad_inputs[0] != NULL) OK(tt_add(grad_inputs[0], part, &part));
    grad_inputs[0] = part;
  }
  return TT_OK;
}

static tt_function write_function(Write* self) {
  const tt_function out = {sizeof out, "Write", write_forward, write_backward, self, destroyed};
  return out;
}

static void written_inputs(void) {
  const int64_t start = live_blocks;
  const float three = 3;
  tt_tensor *x = leaf_of(&three, 1), *h = NULL, *out = NULL, *outs[2], *y = NULL;

  /* The caller's handle is the output, and its history the function's. */
  for (int by_address = 0; by_address < 2; ++by_address) {
    Write plain = {0};
    plain.by_address = by_address;
    tt_function function = write_function(&plain);
    int64_t before = 0, after = 0;
    OK(tt_mul_scalar(x, 5, &h));
    OK(tt_tensor_version(h, &before));
    OK(tt_function_apply(&function, &h, 1, &out, 1));
    OK(tt_tensor_version(h, &after));
    CHECK(out == h && item(h) == 30 && after == before + 1);
    OK(tt_mul_scalar(h, 7, &y));
    OK(tt_backward(y));
    expect_grad(x, (float[1]){5 * 2 * 7}, 1);
    tt_tensor_release(y);
    tt_tensor_release(out);
    tt_tensor_release(h);
    CHECK(plain.destroyed == 1);
  }

  /* Beside another output. */
  Write beside = {0};
  tt_function function = write_function(&beside);
  OK(tt_mul_scalar(x, 5, &h));
  OK(tt_function_apply(&function, &h, 1, outs, 2));
  CHECK(outs[0] == h && item(outs[1]) == 150);
  OK(tt_add(outs[0], outs[1], &y));
  OK(tt_backward(y));
  expect_grad(x, (float[1]){5 * (2 + 10)}, 1);
  tt_tensor_release(y);
  tt_tensor_release(outs[0]);
  tt_tensor_release(outs[1]);
  tt_tensor_release(h);

  /* Whoever kept the value before the write hears of it. */
  Write kept = {0};
  function = write_function(&kept);
  OK(tt_mul_scalar(x, 5, &h));
  OK(tt_mul(h, h, &y));
  OK(tt_function_apply(&function, &h, 1, &out, 1));
  FAILS(tt_backward(y), TT_ERR_AUTOGRAD, "written to in place");
  tt_tensor_release(y);
  tt_tensor_release(out);
  tt_tensor_release(h);

  /* A leaf that requires a gradient is refused before the write; without gradients it is an output. */
  Write leaf = {0};
  function = write_function(&leaf);
  FAILS(tt_function_apply(&function, &x, 1, &out, 1), TT_ERR_CALLBACK,
        "a leaf that requires a gradient cannot be written to in place");
  CHECK(leaf.refused == 1 && out == NULL && item(x) == 3);
  OK(tt_set_grad_enabled(0, NULL));
  OK(tt_function_apply(&function, &x, 1, &out, 1));
  OK(tt_set_grad_enabled(1, NULL));
  CHECK(out == x && item(x) == 6);
  tt_tensor_release(out);

  /* What is not said, not returned, or said twice. */
  tt_tensor* c = vector_of(&three, 1);
  Write wrong = {0};
  function = write_function(&wrong);
  wrong.unmarked = 1;
  FAILS(tt_function_apply(&function, &c, 1, &out, 1), TT_ERR_CALLBACK,
        "returned an input as output 0: return a view of it, or mark it with tt_function_mark_dirty");
  wrong.unmarked = 0;
  wrong.returns = 1;
  FAILS(tt_function_apply(&function, &c, 1, &out, 1), TT_ERR_CALLBACK,
        "marked input 0 as written to, but did not return it");
  wrong.returns = 0;
  wrong.also_marks = 1;
  FAILS(tt_function_apply(&function, &c, 1, &out, 1), TT_ERR_CALLBACK,
        "marked output 0 both as written to and as not differentiable");
  wrong.also_marks = 0;
  wrong.fails = 1;
  FAILS(tt_function_apply(&function, &c, 1, &out, 1), TT_ERR_CALLBACK, "written, and failed");
  CHECK(out == NULL);
  tt_tensor_release(c);
  tt_tensor_release(x);
  CHECK(live_blocks == start);
}

static tt_status marks_a_stranger(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                                  tt_tensor** outputs, size_t output_count, void* user) {
  (void)input_count, (void)output_count, (void)user;
  OK(tt_clone(inputs[0], &outputs[0]));
  FAILS(tt_function_mark_dirty(context, outputs, 1), TT_ERR_INVALID_ARGUMENT,
        "inputs[0] is none of the function's inputs");
  FAILS(tt_function_mark_dirty(context, NULL, 1), TT_ERR_INVALID_ARGUMENT, "inputs is NULL");
  FAILS(tt_function_mark_non_differentiable(context, NULL, 1), TT_ERR_INVALID_ARGUMENT, "outputs is NULL");
  FAILS(tt_function_save(context, NULL, 1), TT_ERR_INVALID_ARGUMENT, "tensors is NULL");
  FAILS(tt_function_mark_dirty(NULL, inputs, 1), TT_ERR_INVALID_ARGUMENT, "context is NULL");
  return TT_OK;
}

static void strangers(void) {
  const float one = 1;
  const tt_function function = {sizeof function, "f", marks_a_stranger, write_backward, NULL, NULL};
  tt_tensor *x = vector_of(&one, 1), *y = NULL;
  OK(tt_function_apply(&function, &x, 1, &y, 1));
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* A view: the base's gradient is the function's where the view is, and passes by elsewhere. */
static void written_views(void) {
  const int64_t start = live_blocks;
  const float values[] = {1, 2, 3};
  tt_tensor *x = leaf_of(values, 3), *base = NULL, *view = NULL, *out = NULL, *y = NULL, *outs[2];
  for (size_t which = 0; which < 2; ++which) {
    Write self = {0};
    tt_function function = write_function(&self);
    self.which = which;
    OK(tt_mul_scalar(x, 5, &base));
    OK(tt_narrow(base, 0, 1, 1, &view));
    tt_tensor *other = NULL, *inputs[2];
    OK(tt_mul_scalar(x, 100, &other));
    inputs[which] = view;
    inputs[1 - which] = other;
    OK(tt_function_apply(&function, inputs, 2, &out, 1));
    CHECK(out == view && at(base, 0) == 5 && at(base, 1) == 20 && at(base, 2) == 15);
    OK(tt_sum(base, NULL, 0, 0, -1, &y));
    OK(tt_backward(y)); /* through the base */
    expect_grad(x, (float[3]){5, 10, 5}, 3);
    tt_tensor_release(y);
    tt_tensor_release(out);
    tt_tensor_release(view);
    tt_tensor_release(base);
    tt_tensor_release(other);
    CHECK(self.destroyed == 1);

    self.destroyed = 0;
    OK(tt_mul_scalar(x, 5, &base));
    OK(tt_narrow(base, 0, 1, 1, &view));
    OK(tt_mul_scalar(x, 100, &other));
    inputs[which] = view;
    inputs[1 - which] = other;
    OK(tt_function_apply(&function, inputs, 2, &out, 1));
    OK(tt_backward(out)); /* through the view */
    expect_grad(x, (float[3]){0, 10, 0}, 3);
    tt_tensor_release(out);
    tt_tensor_release(view);
    tt_tensor_release(base);
    tt_tensor_release(other);
  }

  /* With another output there is no saying whose gradient is whose. */
  Write self = {0};
  tt_function function = write_function(&self);
  OK(tt_mul_scalar(x, 5, &base));
  OK(tt_narrow(base, 0, 1, 1, &view));
  FAILS(tt_function_apply(&function, &view, 1, outs, 2), TT_ERR_CALLBACK,
        "inputs[0] is a view, and the function has 2 outputs");
  CHECK(self.refused == 1 && at(base, 1) == 10);
  tt_tensor_release(view);
  tt_tensor_release(base);
  tt_tensor_release(x);
  CHECK(live_blocks == start);
}

/* ---- saved inputs beside views ---- */

/* The input as a view, whose gradient is said to be the input. */
static tt_status view_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                              tt_tensor** outputs, size_t output_count, void* user) {
  (void)input_count, (void)output_count, (void)user;
  OK(tt_function_save(context, inputs, 1));
  return tt_view(inputs[0], (int64_t[1]){1}, 1, &outputs[0]);
}

static tt_status view_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                               size_t output_count, tt_tensor** grad_inputs, size_t input_count, void* user) {
  tt_tensor* x = NULL;
  (void)output_count, (void)input_count, (void)user;
  OK(tt_function_saved(context, 0, &x));
  return tt_mul(grad_outputs[0], x, &grad_inputs[0]);
}

/* Writes to the first input and keeps the second, which shares its memory. */
static tt_status shared_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                                tt_tensor** outputs, size_t output_count, void* user) {
  const tt_status status = write_forward(context, inputs, input_count, outputs, output_count, user);
  return status == TT_OK ? tt_function_save(context, &inputs[1], 1) : status;
}

static void saved_beside_views(void) {
  const int64_t start = live_blocks;
  const float values[] = {1, 2, 3};
  const tt_function views = {sizeof views, "View", view_forward, view_backward, NULL, NULL};
  tt_backward_options create = TT_BACKWARD_OPTIONS_INIT;
  tt_tensor *x = leaf_of(values, 1), *y = NULL, *first = NULL, *second = NULL;
  create.create_graph = 1;
  OK(tt_function_apply(&views, &x, 1, &y, 1));
  OK(tt_grad(&y, 1, &x, 1, NULL, &create, &first));
  OK(tt_grad(&first, 1, &x, 1, NULL, NULL, &second)); /* the saved input is the leaf itself */
  CHECK(item(first) == 1 && item(second) == 1);
  tt_tensor_release(first);
  tt_tensor_release(second);
  tt_tensor_release(y);
  tt_tensor_release(x);

  /* Another view of what is written to learns of the write, also where it was saved. */
  Write self = {0};
  tt_function shared = write_function(&self);
  shared.forward = shared_forward;
  tt_tensor *base = NULL, *view = NULL, *other = NULL, *out = NULL;
  x = leaf_of(values, 3);
  OK(tt_mul_scalar(x, 5, &base));
  OK(tt_narrow(base, 0, 1, 1, &view));
  OK(tt_narrow(base, 0, 0, 2, &other));
  tt_tensor* inputs[] = {view, other};
  OK(tt_function_apply(&shared, inputs, 2, &out, 1));
  CHECK(at(other, 1) == 20);
  OK(tt_sum(other, NULL, 0, 0, -1, &y));
  OK(tt_backward(y));
  expect_grad(x, (float[3]){5, 10, 0}, 3);
  tt_tensor_release(y);
  tt_tensor_release(out);
  tt_tensor_release(other);
  tt_tensor_release(view);
  tt_tensor_release(base);
  CHECK(self.destroyed == 1);

  /* And a graph that no backward uses goes. */
  OK(tt_mul_scalar(x, 5, &base));
  OK(tt_narrow(base, 0, 1, 1, &view));
  inputs[0] = view;
  inputs[1] = base;
  OK(tt_function_apply(&shared, inputs, 2, &out, 1));
  tt_tensor_release(out);
  tt_tensor_release(view);
  tt_tensor_release(base);
  CHECK(self.destroyed == 2);
  tt_tensor_release(x);
  CHECK(live_blocks == start);
}

int main(void) {
  count_live_blocks();
  outputs();
  saved_results();
  written_inputs();
  strangers();
  written_views();
  saved_beside_views();
  return finish("functions");
}
