/* Modules with any number of inputs and results: of the host's own, through Sequential, seen and replaced by
 * hooks, and what is refused. */
#include "check.h"

/* What the callbacks of a test are told to do. */
typedef struct {
  size_t results;  /* of forward */
  size_t hole;     /* a result that stays NULL; SIZE_MAX: none */
  size_t in_range; /* results that are set at most */
  int fails;
  int calls;
  size_t inputs;   /* that the last call had */
  size_t capacity; /* that it had */
} Plan;

static const Plan kPlan = {1, SIZE_MAX, SIZE_MAX, 0, 0, 0, 0};

/* Result i is the sum of the inputs times i + 1. */
static tt_status forward(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                         size_t capacity, size_t* output_count, void* user) {
  Plan* plan = user;
  (void)module;
  CHECK(*output_count == 1);
  ++plan->calls;
  plan->inputs = count;
  plan->capacity = capacity;
  for (size_t i = 0; i < capacity; ++i) CHECK(outputs[i] == NULL);
  if (plan->fails) {
    *output_count = 2;
    return tt_fail("not today");
  }
  for (size_t i = 0; i < plan->results && i < capacity; ++i) {
    tt_tensor* sum = NULL;
    if (i == plan->hole) continue;
    OK(tt_mul_scalar(inputs[0], (double)i + 1, &sum));
    for (size_t k = 1; k < count; ++k) {
      tt_tensor* more = NULL;
      OK(tt_mul_scalar(inputs[k], (double)i + 1, &more));
      OK(tt_add(sum, more, &sum));
    }
    outputs[i] = sum;
  }
  if (plan->results != 1) *output_count = plan->results;
  return TT_OK;
}

static tt_module* custom(const char* name, Plan* plan, size_t capacity) {
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  tt_module* out = NULL;
  callbacks.type_name = name;
  callbacks.forward = forward;
  callbacks.user = plan;
  callbacks.capacity = capacity;
  OK(tt_nn_module_new(&callbacks, &out));
  return out;
}

static tt_tensor* number(float value) { return vector_of(&value, 1); }

static void release_all(tt_tensor** tensors, size_t count) {
  for (size_t i = 0; i < count; ++i) tt_tensor_release(tensors[i]);
}

static void results_of_a_module(void) {
  Plan plan = kPlan;
  tt_module* module = custom("Split", &plan, 0);
  tt_tensor *x = number(3), *y = NULL, *ys[4] = {x, x, x, x};
  size_t count = 77;

  /* One, without saying so. */
  OK(tt_module_forward(module, x, &y));
  CHECK(item(y) == 3 && plan.inputs == 1 && plan.capacity == TT_CALLBACK_CAPACITY);
  tt_tensor_release(y);
  OK(tt_module_forward_multi(module, &x, 1, ys, 4, &count));
  CHECK(count == 1 && item(ys[0]) == 3 && ys[1] == NULL && ys[2] == NULL && ys[3] == NULL);
  tt_tensor_release(ys[0]);

  /* Three of two. */
  plan.results = 3;
  tt_tensor* two[] = {x, x};
  OK(tt_module_forward_multi(module, two, 2, ys, 4, &count));
  CHECK(count == 3 && plan.inputs == 2 && item(ys[0]) == 6 && item(ys[1]) == 12 && item(ys[2]) == 18);
  CHECK(ys[3] == NULL);
  release_all(ys, 3);
  OK(tt_module_forward_multi(module, two, 2, ys, 3, NULL)); /* the number is not asked for */
  CHECK(item(ys[2]) == 18);
  release_all(ys, 3);

  /* Too little room: found after the run, and nothing is handed out. */
  plan.calls = 0;
  count = 77;
  ys[0] = ys[1] = x;
  FAILS(tt_module_forward_multi(module, two, 2, ys, 2, &count), TT_ERR_INVALID_ARGUMENT,
        "outputs has room for 2 tensors, but the module (Split) returns 3");
  CHECK(count == 3 && plan.calls == 1 && ys[0] == NULL && ys[1] == NULL);
  FAILS(tt_module_forward_multi(module, two, 2, NULL, 0, NULL), TT_ERR_INVALID_ARGUMENT,
        "outputs has room for 0 tensors, but the module (Split) returns 3");
  y = x;
  FAILS(tt_module_forward(module, x, &y), TT_ERR_INVALID_ARGUMENT,
        "the module (Split) returned 3 tensors, expected one");
  CHECK(y == NULL);

  /* None. */
  plan.results = 0;
  OK(tt_module_forward_multi(module, &x, 1, ys, 4, &count));
  CHECK(count == 0 && ys[0] == NULL);
  OK(tt_module_forward_multi(module, &x, 1, NULL, 0, NULL));
  FAILS(tt_module_forward(module, x, &y), TT_ERR_INVALID_ARGUMENT, "returned 0 tensors");

  /* A failing one, whose count does not matter. */
  plan.fails = 1;
  count = 77;
  ys[0] = x;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 4, &count), TT_ERR_CALLBACK,
        "the forward of Split failed: not today");
  CHECK(ys[0] == NULL && count == 77);
  plan.fails = 0;

  /* A hole, and more than there is room for. */
  plan.results = 3;
  plan.hole = 1;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 4, &count), TT_ERR_CALLBACK,
        "the forward of Split left outputs[1] NULL");
  CHECK(ys[0] == NULL && ys[1] == NULL);
  plan.hole = 0;
  plan.results = 1;
  FAILS(tt_module_forward(module, x, &y), TT_ERR_CALLBACK, "the forward of Split left outputs[0] NULL");
  plan.hole = SIZE_MAX;
  plan.results = 17;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 4, &count), TT_ERR_CALLBACK,
        "the forward of Split set *output_count to 17, but outputs has room for 16");
  tt_module_release(module);

  /* Room of its own. */
  tt_tensor* many[40] = {0};
  module = custom("Many", &plan, 33);
  plan.results = 33;
  OK(tt_module_forward_multi(module, &x, 1, many, 40, &count));
  CHECK(count == 33 && plan.capacity == 33 && item(many[32]) == 99 && many[33] == NULL);
  release_all(many, count);
  tt_module_release(module);
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  callbacks.type_name = "Huge";
  callbacks.forward = forward;
  callbacks.capacity = 65537;
  FAILS(tt_nn_module_new(&callbacks, &module), TT_ERR_INVALID_ARGUMENT,
        "callbacks.capacity is 65537, expected at most 65536");
  CHECK(module == NULL);
  tt_tensor_release(x);
}

/* An input as a result, and the same tensor twice. */
static tt_status passes_on(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                           size_t capacity, size_t* output_count, void* user) {
  (void)module, (void)capacity, (void)user;
  outputs[0] = outputs[1] = inputs[count - 1];
  *output_count = 2;
  return TT_OK;
}

static void inputs_as_results(void) {
  tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
  tt_module* module = NULL;
  tt_tensor *x = number(2), *ys[2];
  callbacks.type_name = "PassOn";
  callbacks.forward = passes_on;
  OK(tt_nn_module_new(&callbacks, &module));
  OK(tt_module_forward_multi(module, &x, 1, ys, 2, NULL));
  CHECK(ys[0] == x && ys[1] == x);
  release_all(ys, 2);
  CHECK(item(x) == 2);
  tt_tensor_release(x);
  tt_module_release(module);
}

/* Known before: nothing runs. */
static void room_that_is_known_before(void) {
  tt_module *norm = NULL, *loss = NULL, *whole = NULL;
  tt_tensor *x = NULL, *count_buffer = NULL, *y = NULL;
  const int64_t sizes[] = {4, 2};
  size_t count = 77;
  OK(tt_ones(sizes, 2, TT_FLOAT32, &x));
  OK(tt_nn_batch_norm1d_new(2, NULL, &norm));
  OK(tt_module_get_buffer(norm, "num_batches_tracked", &count_buffer));
  FAILS(tt_module_forward_multi(norm, &x, 1, NULL, 0, &count), TT_ERR_INVALID_ARGUMENT,
        "outputs has room for 0 tensors, but the module (BatchNorm1d) returns 1");
  CHECK(count == 1 && item(count_buffer) == 0);
  /* Of a Sequential it is the last child's number, however deep. */
  tt_module *inner = NULL, *empty = NULL;
  OK(tt_nn_sequential_new(&norm, 1, &inner));
  OK(tt_nn_sequential_new(&inner, 1, &whole));
  FAILS(tt_module_forward_multi(whole, &x, 1, NULL, 0, &count), TT_ERR_INVALID_ARGUMENT,
        "the module (Sequential) returns 1");
  CHECK(item(count_buffer) == 0);
  OK(tt_module_forward_multi(whole, &x, 1, &y, 1, &count));
  CHECK(count == 1 && item(count_buffer) == 1);
  tt_tensor_release(y);
  OK(tt_nn_mse_loss_new(NULL, &loss));
  tt_tensor* two[] = {x, x};
  FAILS(tt_module_forward_multi(loss, two, 2, NULL, 0, NULL), TT_ERR_INVALID_ARGUMENT,
        "the module (MSELoss) returns 1");
  OK(tt_module_forward_multi(loss, two, 2, &y, 1, NULL));
  CHECK(item(y) == 0);
  tt_tensor_release(y);
  /* An empty one passes its inputs on. */
  tt_tensor* ys[3];
  OK(tt_nn_sequential_new(NULL, 0, &empty));
  OK(tt_module_forward_multi(empty, two, 2, ys, 3, &count));
  CHECK(count == 2 && ys[0] == x && ys[1] == x && ys[2] == NULL);
  release_all(ys, 2);
  FAILS(tt_module_forward_multi(empty, two, 2, ys, 1, &count), TT_ERR_INVALID_ARGUMENT, "returns 2");
  tt_tensor_release(x);
  tt_tensor_release(count_buffer);
  tt_module_release(norm);
  tt_module_release(inner);
  tt_module_release(whole);
  tt_module_release(empty);
  tt_module_release(loss);
}

/* Two results go on as two inputs; gradients come back through both. */
static void through_sequential(void) {
  Plan split = kPlan, join = kPlan;
  split.results = 2;
  tt_module* children[] = {custom("Split", &split, 0), custom("Join", &join, 0)};
  tt_module *net = NULL, *relu = NULL, *bad = NULL;
  tt_tensor *x = number(3), *y = NULL, *grad = NULL;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_nn_sequential_new(children, 2, &net));
  OK(tt_module_forward(net, x, &y)); /* 3 * 1 + 3 * 2 */
  CHECK(item(y) == 9 && split.inputs == 1 && join.inputs == 2);
  OK(tt_backward(y));
  OK(tt_tensor_grad(x, &grad));
  CHECK(item(grad) == 3);
  tt_tensor_release(grad);
  tt_tensor_release(y);

  /* Its own inputs and results are lists as well. */
  tt_tensor *two[] = {x, x}, *ys[2] = {0}, *sum = NULL;
  size_t count = 0;
  join.results = 2;
  OK(tt_module_forward_multi(net, two, 2, ys, 2, &count));
  CHECK(count == 2 && split.inputs == 2 && item(ys[0]) == 18 && item(ys[1]) == 36);
  OK(tt_module_zero_grad(net, 1));
  OK(tt_tensor_set_grad(x, NULL));
  OK(tt_add(ys[0], ys[1], &sum)); /* both outputs: 18 x, of two inputs that are x */
  OK(tt_backward(sum));
  OK(tt_tensor_grad(x, &grad));
  CHECK(item(grad) == 18);
  tt_tensor_release(grad);
  tt_tensor_release(sum);
  release_all(ys, 2);
  FAILS(tt_module_forward(net, x, &y), TT_ERR_INVALID_ARGUMENT, "the module (Sequential) returned 2 tensors");

  /* A layer that takes one tensor says so, and where it is. */
  OK(tt_nn_relu_new(&relu));
  tt_module* mixed[] = {children[0], relu};
  OK(tt_nn_sequential_new(mixed, 2, &bad));
  FAILS(tt_module_forward(bad, x, &y), TT_ERR_INVALID_ARGUMENT,
        "layer 1 (ReLU): the module takes one input, but got 2");
  CHECK(y == NULL);
  split.fails = 1;
  FAILS(tt_module_forward(bad, x, &y), TT_ERR_CALLBACK, "layer 0 (Split): the forward of Split failed");
  tt_tensor_release(x);
  tt_module_release(children[0]);
  tt_module_release(children[1]);
  tt_module_release(relu);
  tt_module_release(net);
  tt_module_release(bad);
}

/* ---- hooks ---- */

typedef struct {
  size_t count;    /* what a pre-hook sets *replacement_count to */
  size_t hole;     /* a replacement that stays NULL */
  size_t replaced; /* the output that a hook replaces; SIZE_MAX: none */
  int fails;
  size_t inputs, outputs, capacity;
  double seen[2]; /* the outputs' values */
} HookPlan;

static tt_status before(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** replacements,
                        size_t capacity, size_t* replacement_count, void* user) {
  HookPlan* plan = user;
  (void)module;
  CHECK(*replacement_count == 0);
  plan->inputs = count;
  plan->capacity = capacity;
  for (size_t i = 0; i < plan->count && i < capacity; ++i) {
    CHECK(replacements[i] == NULL);
    if (i != plan->hole) OK(tt_add_scalar(inputs[0], (double)i, &replacements[i]));
  }
  *replacement_count = plan->count;
  return plan->fails ? tt_fail("no entry") : TT_OK;
}

static tt_status after(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor* const* outputs,
                       size_t output_count, tt_tensor** replacements, void* user) {
  HookPlan* plan = user;
  (void)module;
  plan->inputs = count;
  plan->outputs = output_count;
  CHECK(item(inputs[0]) != 0);
  for (size_t i = 0; i < output_count; ++i) {
    CHECK(replacements[i] == NULL);
    if (i < 2) plan->seen[i] = item(outputs[i]);
  }
  if (plan->replaced != SIZE_MAX)
    OK(tt_mul_scalar(outputs[plan->replaced], 10, &replacements[plan->replaced]));
  return plan->fails ? tt_fail("no exit") : TT_OK;
}

static void hooks(void) {
  const HookPlan none = {0, SIZE_MAX, SIZE_MAX, 0, 0, 0, 0, {0, 0}};
  Plan plan = kPlan;
  HookPlan pre = none, post = none, second = none;
  tt_module *module = custom("Split", &plan, 0), *relu = NULL;
  tt_tensor *x = number(1), *y = NULL, *ys[3], *grad = NULL, *sum = NULL;
  uint64_t pre_id = 0, post_id = 0;
  size_t count = 0;
  plan.results = 2;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_module_register_forward_pre_hook(module, before, &pre, NULL, &pre_id));
  OK(tt_module_register_forward_hook(module, after, &post, NULL, &post_id));
  OK(tt_module_register_forward_hook(module, after, &second, NULL, NULL));

  /* They look, and keep what is there. */
  OK(tt_module_forward_multi(module, &x, 1, ys, 3, &count));
  CHECK(count == 2 && item(ys[0]) == 1 && item(ys[1]) == 2 && ys[2] == NULL);
  CHECK(pre.inputs == 1 && pre.capacity == TT_CALLBACK_CAPACITY && post.outputs == 2 && post.seen[1] == 2);
  release_all(ys, 2);

  /* One of two outputs is replaced, which the next hook sees; the gradient comes through both. */
  post.replaced = 1;
  OK(tt_module_forward_multi(module, &x, 1, ys, 3, &count));
  CHECK(count == 2 && item(ys[0]) == 1 && item(ys[1]) == 20 && second.seen[0] == 1 && second.seen[1] == 20);
  OK(tt_add(ys[0], ys[1], &sum));
  OK(tt_backward(sum));
  OK(tt_tensor_grad(x, &grad));
  CHECK(item(grad) == 21);
  tt_tensor_release(grad);
  tt_tensor_release(sum);
  release_all(ys, 2);
  post.replaced = SIZE_MAX;

  /* Three inputs instead of one: 1, 2 and 3. */
  pre.count = 3;
  OK(tt_module_forward_multi(module, &x, 1, ys, 3, &count));
  CHECK(plan.inputs == 3 && post.inputs == 3 && item(ys[0]) == 6 && item(ys[1]) == 12);
  release_all(ys, 2);
  tt_tensor* twenty[20];
  for (int i = 0; i < 20; ++i) twenty[i] = x;
  pre.count = 20; /* of 20 inputs there is room for as many */
  OK(tt_module_forward_multi(module, twenty, 20, ys, 3, &count));
  CHECK(pre.capacity == 20 && plan.inputs == 20 && item(ys[0]) == 20 * 1 + 190);
  release_all(ys, 2);

  /* What they may not. */
  pre.count = 17;
  plan.calls = 0;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 3, &count), TT_ERR_CALLBACK,
        "the forward pre-hook on Split set *replacement_count to 17, but replacements has room for 16");
  pre.count = 2;
  pre.hole = 1;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 3, &count), TT_ERR_CALLBACK,
        "the forward pre-hook on Split left replacements[1] NULL");
  pre.fails = 1;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 3, &count), TT_ERR_CALLBACK,
        "the forward pre-hook on Split failed: no entry");
  CHECK(plan.calls == 0 && ys[0] == NULL && ys[1] == NULL);
  OK(tt_module_remove_hook(module, pre_id));
  post.fails = 1;
  post.replaced = 0;
  FAILS(tt_module_forward_multi(module, &x, 1, ys, 3, &count), TT_ERR_CALLBACK,
        "the forward hook on Split failed: no exit");
  CHECK(plan.calls == 1 && ys[0] == NULL);
  OK(tt_module_remove_hook(module, post_id));
  OK(tt_module_forward_multi(module, &x, 1, ys, 3, &count));
  release_all(ys, 2);

  /* Two inputs for a layer of one. */
  HookPlan doubles = none;
  doubles.count = 2;
  OK(tt_nn_relu_new(&relu));
  OK(tt_module_register_forward_pre_hook(relu, before, &doubles, NULL, NULL));
  FAILS(tt_module_forward(relu, x, &y), TT_ERR_INVALID_ARGUMENT, "the module takes one input, but got 2");
  tt_tensor_release(x);
  tt_module_release(module);
  tt_module_release(relu);
}

int main(void) {
  results_of_a_module();
  inputs_as_results();
  room_that_is_known_before();
  through_sequential();
  hooks();
  return finish("module_results");
}
