/* Gradients through the C ABI: grad and backward with their options, grad mode, hooks, ops of the host's own,
 * and the errors of each. */
#include "check.h"

static tt_tensor* leaf(float value) {
  tt_tensor* out = vector_of(&value, 1);
  OK(tt_tensor_set_requires_grad(out, 1));
  return out;
}

static double grad_of(const tt_tensor* tensor) {
  tt_tensor* grad = NULL;
  OK(tt_tensor_grad(tensor, &grad));
  if (grad == NULL) return -12345;
  const double value = item(grad);
  tt_tensor_release(grad);
  return value;
}

/* x^3 */
static tt_tensor* cube(const tt_tensor* x) {
  tt_tensor *square = NULL, *out = NULL;
  OK(tt_mul(x, x, &square));
  OK(tt_mul(square, x, &out));
  tt_tensor_release(square);
  return out;
}

static void backward_twice(void) {
  tt_tensor* x = leaf(2);
  tt_tensor* y = cube(x);
  tt_backward_options retain = TT_BACKWARD_OPTIONS_INIT;
  retain.retain_graph = 1;
  OK(tt_backward_multi(&y, NULL, 1, &retain));
  CHECK(grad_of(x) == 12);
  OK(tt_backward(y)); /* adds up, and uses the graph up */
  CHECK(grad_of(x) == 24);
  FAILS(tt_backward(y), TT_ERR_AUTOGRAD, "used up");
  CHECK(grad_of(x) == 24);
  OK(tt_tensor_set_grad(x, NULL));
  CHECK(grad_of(x) == -12345);
  tt_tensor_release(x);
  tt_tensor_release(y);
}

static void gradients_of_gradients(void) {
  tt_tensor* x = leaf(3);
  tt_tensor* y = cube(x);
  tt_backward_options create = TT_BACKWARD_OPTIONS_INIT;
  create.create_graph = 1;
  tt_tensor *first = NULL, *second = NULL, *third = NULL;
  OK(tt_grad(&y, 1, &x, 1, NULL, &create, &first));
  CHECK(item(first) == 27);
  OK(tt_grad(&first, 1, &x, 1, NULL, &create, &second));
  CHECK(item(second) == 18);
  OK(tt_grad(&second, 1, &x, 1, NULL, NULL, &third));
  CHECK(item(third) == 6);
  CHECK(grad_of(x) == -12345); /* tt_grad touches no .grad */
  tt_tensor* plain = NULL;
  OK(tt_grad(&y, 1, &x, 1, NULL, NULL, &plain));
  int32_t requires_grad = -1;
  OK(tt_tensor_requires_grad(plain, &requires_grad));
  CHECK(requires_grad == 0);
  tt_tensor_release(plain);
  tt_tensor_release(third);
  tt_tensor_release(second);
  tt_tensor_release(first);
  tt_tensor_release(y);
  tt_tensor_release(x);
}

static void unused_inputs(void) {
  tt_tensor *x = leaf(2), *other = leaf(5);
  tt_tensor* y = cube(x);
  tt_tensor* inputs[] = {x, other};
  tt_tensor* grads[] = {x, x};
  tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
  options.retain_graph = 1;
  FAILS(tt_grad(&y, 1, inputs, 2, NULL, &options, grads), TT_ERR_AUTOGRAD, "not");
  CHECK(grads[0] == NULL && grads[1] == NULL);
  options.allow_unused = 1;
  OK(tt_grad(&y, 1, inputs, 2, NULL, &options, grads));
  CHECK(grads[0] != NULL && item(grads[0]) == 12 && grads[1] == NULL);
  tt_tensor_release(grads[0]);
  /* What does not require gradients has none. */
  const float one = 1;
  tt_tensor* constant = vector_of(&one, 1);
  FAILS(tt_backward(constant), TT_ERR_AUTOGRAD, "neither requires a gradient");
  FAILS(tt_grad(&y, 1, &constant, 1, NULL, &options, grads), TT_ERR_AUTOGRAD, "require");
  /* More than one element needs a gradient to start from, of its shape. */
  const float pair[] = {1, 2};
  tt_tensor* wide = vector_of(pair, 2);
  OK(tt_tensor_set_requires_grad(wide, 1));
  tt_tensor* result = NULL;
  OK(tt_mul(wide, wide, &result));
  FAILS(tt_backward(result), TT_ERR_AUTOGRAD, "only for one element");
  tt_tensor* bad = x;
  CHECK(tt_backward_multi(&result, &bad, 1, NULL) != TT_OK);
  tt_tensor_release(result);
  tt_tensor_release(wide);
  tt_tensor_release(constant);
  tt_tensor_release(y);
  tt_tensor_release(x);
  tt_tensor_release(other);
}

static void grad_mode(void) {
  tt_tensor *x = leaf(2), *y = NULL;
  int32_t previous = -1, now = -1, flag = -1;
  OK(tt_set_grad_enabled(0, &previous));
  CHECK(previous == 1);
  OK(tt_is_grad_enabled(&now));
  CHECK(now == 0);
  OK(tt_mul(x, x, &y));
  OK(tt_tensor_requires_grad(y, &flag));
  CHECK(flag == 0);
  OK(tt_add_(x, y)); /* a leaf may be written to while nothing is recorded */
  OK(tt_set_grad_enabled(previous, NULL));
  FAILS(tt_add_(x, y), TT_ERR_AUTOGRAD, "leaf");
  CHECK(item(x) == 6);
  const int64_t one = 1;
  tt_tensor* whole = NULL;
  OK(tt_zeros(&one, 1, TT_INT32, &whole));
  FAILS(tt_tensor_set_requires_grad(whole, 1), TT_ERR_DTYPE, "loating");
  tt_tensor* z = NULL;
  OK(tt_mul(x, x, &z));
  FAILS(tt_tensor_set_requires_grad(z, 0), TT_ERR_AUTOGRAD, "the result of an op");
  tt_tensor_release(z);
  tt_tensor_release(whole);
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* A write to what backward needs is found out. */
static void versions(void) {
  tt_tensor *x = leaf(2), *y = NULL, *z = NULL;
  int64_t before = -1, after = -1;
  OK(tt_add_scalar(x, 1, &y));
  OK(tt_mul(y, y, &z));
  OK(tt_tensor_version(y, &before));
  OK(tt_add_scalar_(y, 1));
  OK(tt_tensor_version(y, &after));
  CHECK(after == before + 1);
  FAILS(tt_backward(z), TT_ERR_AUTOGRAD, "written to in place");
  CHECK(grad_of(x) == -12345);
  tt_tensor_release(z);
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* ---- hooks ---- */

typedef struct {
  int calls;
  int destroyed;
  int mode; /* 0 watch, 1 replace by twice the gradient, 2 fail, 3 fail without a message */
  double seen;
} Hook;

static tt_status hook(const tt_tensor* grad, tt_tensor** replacement, void* user) {
  Hook* state = user;
  ++state->calls;
  if (tt_tensor_item(grad, &state->seen) != TT_OK) return tt_last_status();
  if (state->mode == 1) return tt_add(grad, grad, replacement);
  if (state->mode == 2) return tt_fail("the hook had enough");
  if (state->mode == 3) return TT_ERR_CALLBACK;
  return TT_OK;
}

static void destroy_hook(void* user) { ++((Hook*)user)->destroyed; }

static void hooks(void) {
  tt_tensor* x = leaf(2);
  Hook watch = {0, 0, 0, 0}, doubles = {0, 0, 1, 0}, fails = {0, 0, 2, 0};
  uint64_t watch_id = 0, doubles_id = 0, fails_id = 0;
  OK(tt_tensor_register_hook(x, hook, &doubles, destroy_hook, &doubles_id));
  OK(tt_tensor_register_hook(x, hook, &watch, destroy_hook, &watch_id));
  tt_tensor* y = cube(x);
  OK(tt_backward(y));
  tt_tensor_release(y);
  CHECK(doubles.calls == 1 && doubles.seen == 12 && watch.calls == 1 && watch.seen == 24);
  CHECK(grad_of(x) == 24);
  OK(tt_tensor_remove_hook(x, doubles_id));
  CHECK(doubles.destroyed == 1);
  OK(tt_tensor_remove_hook(x, doubles_id)); /* unknown by now */
  OK(tt_tensor_register_hook(x, hook, &fails, destroy_hook, &fails_id));
  y = cube(x);
  FAILS(tt_backward(y), TT_ERR_CALLBACK, "the hook had enough");
  CHECK(grad_of(x) == 24);
  fails.mode = 3;
  tt_tensor_release(y);
  y = cube(x);
  FAILS(tt_backward(y), TT_ERR_CALLBACK, "");
  tt_tensor_release(y);
  uint64_t id = 0;
  FAILS(tt_tensor_register_hook(x, NULL, NULL, NULL, &id), TT_ERR_INVALID_ARGUMENT, "hook is NULL");
  const float one = 1;
  tt_tensor* constant = vector_of(&one, 1);
  FAILS(tt_tensor_register_hook(constant, hook, &watch, NULL, &id), TT_ERR_AUTOGRAD, "gradient");
  tt_tensor_release(constant);
  CHECK(watch.destroyed == 0);
  tt_tensor_release(x);
  CHECK(watch.destroyed == 1 && fails.destroyed == 1 && doubles.destroyed == 1);
}

static tt_status failing_hook(const tt_tensor* grad, tt_tensor** replacement, void* user) {
  (void)grad;
  (void)replacement;
  (void)user;
  return tt_fail("enough");
}

/* A backward that fails has used the graph up as far as it came; a new forward and backward are as if it had
 * not been, once the gradients are dropped. */
static void failed_backward(void) {
  const float values[] = {2, 3};
  tt_tensor *a = vector_of(values, 2), *b = vector_of(values, 2), *y = NULL, *z = NULL, *grad = NULL;
  uint64_t id = 0;
  OK(tt_tensor_set_requires_grad(a, 1));
  OK(tt_tensor_set_requires_grad(b, 1));
  OK(tt_tensor_register_hook(b, failing_hook, NULL, NULL, &id));
  OK(tt_mul(a, b, &y));
  OK(tt_sum(y, NULL, 0, 0, TT_DTYPE_NONE, &z));
  FAILS(tt_backward(z), TT_ERR_CALLBACK, "enough");
  FAILS(tt_backward(z), TT_ERR_AUTOGRAD, "used up");
  OK(tt_tensor_grad(b, &grad));
  CHECK(grad == NULL);
  OK(tt_tensor_set_grad(a, NULL));
  OK(tt_tensor_remove_hook(b, id));
  tt_tensor_release(y);
  tt_tensor_release(z);
  OK(tt_mul(a, b, &y));
  OK(tt_sum(y, NULL, 0, 0, TT_DTYPE_NONE, &z));
  OK(tt_backward(z));
  OK(tt_tensor_grad(a, &grad));
  CHECK(at(grad, 0) == 2.0F && at(grad, 1) == 3.0F);
  tt_tensor_release(grad);
  OK(tt_tensor_grad(b, &grad));
  CHECK(at(grad, 0) == 2.0F && at(grad, 1) == 3.0F);
  tt_tensor_release(grad);
  tt_tensor_release(y);
  tt_tensor_release(z);
  tt_tensor_release(a);
  tt_tensor_release(b);
}

static void kept_gradients(void) {
  tt_tensor *x = leaf(2), *y = NULL, *z = NULL;
  OK(tt_mul(x, x, &y));
  OK(tt_tensor_retain_grad(y));
  OK(tt_mul(y, y, &z));
  OK(tt_backward(z));
  CHECK(grad_of(y) == 8 && grad_of(x) == 32);
  const float pair[] = {1, 2};
  tt_tensor* wrong = vector_of(pair, 2);
  CHECK(tt_tensor_set_grad(x, wrong) != TT_OK);
  CHECK(grad_of(x) == 32);
  tt_tensor_release(wrong);
  tt_tensor_release(z);
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* ---- ops of the host's own ---- */

typedef struct {
  int destroyed;
  int forwards;
  int backwards;
  int fail_forward;
  int fail_backward;
  int leave_output;
} Square;

static tt_status square_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                                tt_tensor** outputs, size_t output_count, void* user) {
  Square* state = user;
  ++state->forwards;
  if (input_count != 1 || output_count != 1) return tt_fail("square takes one tensor");
  if (state->fail_forward) return tt_fail("square refuses");
  if (state->leave_output) return TT_OK;
  const tt_status status = tt_function_save(context, inputs, 1);
  return status != TT_OK ? status : tt_mul(inputs[0], inputs[0], &outputs[0]);
}

static tt_status square_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                                 size_t output_count, tt_tensor** grad_inputs, size_t input_count,
                                 void* user) {
  Square* state = user;
  ++state->backwards;
  if (output_count != 1 || input_count != 1) return tt_fail("square has one result");
  if (state->fail_backward) return tt_fail("square cannot go back");
  int32_t needed = 0;
  tt_status status = tt_function_needs_input_grad(context, 0, &needed);
  if (status != TT_OK || !needed) return status;
  tt_tensor *x = NULL, *twice = NULL;
  status = tt_function_saved(context, 0, &x);
  if (status == TT_OK) status = tt_mul_scalar(x, 2, &twice);
  if (status == TT_OK) status = tt_mul(grad_outputs[0], twice, &grad_inputs[0]);
  return status; /* the scope that is open around a callback takes x and twice */
}

static void destroy_square(void* user) { ++((Square*)user)->destroyed; }

static tt_function square_function(Square* state) {
  tt_function out;
  memset(&out, 0, sizeof out);
  out.struct_size = sizeof out;
  out.name = "Square";
  out.forward = square_forward;
  out.backward = square_backward;
  out.user = state;
  out.destroy = destroy_square;
  return out;
}

static void functions(void) {
  Square state = {0, 0, 0, 0, 0, 0};
  tt_function square = square_function(&state);
  tt_tensor *x = leaf(3), *y = NULL;
  OK(tt_function_apply(&square, &x, 1, &y, 1));
  CHECK(item(y) == 9 && state.forwards == 1 && state.destroyed == 0);
  char name[32];
  OK(tt_tensor_grad_fn(y, name, sizeof name, NULL));
  CHECK(strcmp(name, "SquareBackward0") == 0);
  tt_backward_options create = TT_BACKWARD_OPTIONS_INIT;
  create.create_graph = 1;
  tt_tensor *first = NULL, *second = NULL;
  OK(tt_grad(&y, 1, &x, 1, NULL, &create, &first));
  CHECK(item(first) == 6 && state.backwards == 1);
  OK(tt_grad(&first, 1, &x, 1, NULL, NULL, &second));
  CHECK(item(second) == 2);
  tt_tensor_release(second);
  tt_tensor_release(first);
  tt_tensor_release(y);
  CHECK(state.destroyed == 1); /* once, when the graph is gone */

  /* A failing forward: its message, no output, and the user data is given back. */
  Square refuses = {0, 0, 0, 1, 0, 0};
  square = square_function(&refuses);
  y = x;
  FAILS(tt_function_apply(&square, &x, 1, &y, 1), TT_ERR_CALLBACK, "square refuses");
  CHECK(y == NULL && refuses.destroyed == 1);

  /* A forward that forgets its output. */
  Square forgets = {0, 0, 0, 0, 0, 1};
  square = square_function(&forgets);
  CHECK(tt_function_apply(&square, &x, 1, &y, 1) != TT_OK);
  CHECK(y == NULL && forgets.destroyed == 1);

  /* A failing backward. */
  Square stuck = {0, 0, 0, 0, 1, 0};
  square = square_function(&stuck);
  OK(tt_function_apply(&square, &x, 1, &y, 1));
  FAILS(tt_backward(y), TT_ERR_CALLBACK, "square cannot go back");
  CHECK(grad_of(x) == -12345 && stuck.destroyed == 0);
  tt_tensor_release(y);
  CHECK(stuck.destroyed == 1);

  /* What was saved must not have been written to. */
  Square written = {0, 0, 0, 0, 0, 0};
  square = square_function(&written);
  tt_tensor* copy = NULL;
  OK(tt_clone(x, &copy));
  OK(tt_function_apply(&square, &copy, 1, &y, 1));
  OK(tt_add_scalar_(copy, 1));
  CHECK(tt_backward(y) != TT_OK);
  CHECK(strstr(tt_last_error(), "in place") != NULL);
  tt_tensor_release(y);
  tt_tensor_release(copy);
  CHECK(written.destroyed == 1);

  /* Without gradients there is no graph to keep the user data. */
  Square plain = {0, 0, 0, 0, 0, 0};
  square = square_function(&plain);
  const float four = 4;
  tt_tensor* constant = vector_of(&four, 1);
  OK(tt_function_apply(&square, &constant, 1, &y, 1));
  CHECK(item(y) == 16 && plain.destroyed == 1);
  tt_tensor_release(y);
  tt_tensor_release(constant);

  FAILS(tt_function_apply(NULL, &x, 1, &y, 1), TT_ERR_INVALID_ARGUMENT, "NULL");
  tt_tensor_release(x);
}

/* A chain that a recursive engine or destructor could not take. */
static void long_chain(void) {
  tt_tensor* x = leaf(1);
  tt_tensor* y = NULL;
  OK(tt_add_scalar(x, 0, &y));
  for (int i = 1; i < 1000000; ++i) {
    tt_tensor* next = NULL;
    if (tt_add_scalar(y, 0, &next) != TT_OK) break;
    tt_tensor_release(y);
    y = next;
  }
  OK(tt_backward(y));
  CHECK(grad_of(x) == 1);
  tt_tensor_release(y);
  tt_tensor* unused = cube(x); /* a graph that no backward uses is freed as well */
  for (int i = 0; i < 1000000; ++i) {
    tt_tensor* next = NULL;
    if (tt_add_scalar(unused, 0, &next) != TT_OK) break;
    tt_tensor_release(unused);
    unused = next;
  }
  tt_tensor_release(unused);
  tt_tensor_release(x);
}

int main(void) {
  backward_twice();
  gradients_of_gradients();
  unused_inputs();
  grad_mode();
  versions();
  hooks();
  kept_gradients();
  failed_backward();
  functions();
  long_chain();
  return finish("autograd");
}
