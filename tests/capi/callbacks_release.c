/* Callbacks that release whatever can be released, in the middle of the call that uses it: the call goes on
 * with what it holds, and nothing is left when it is done. Every block is freed at once, so that the
 * sanitizers and valgrind see each use that comes too late. */
#include "live_blocks.h"

static const int64_t kSizes[2] = {2, 3};

static tt_tensor* ones(void) {
  tt_tensor* out = NULL;
  OK(tt_ones(kSizes, 2, TT_FLOAT32, &out));
  return out;
}

/* What a callback lets go of; it does so once. */
typedef struct {
  tt_module* modules[3];
  tt_tensor* tensors[4];
  tt_dataset* dataset;
  tt_loader* loader;
  tt_generator* generator;
  uint64_t hook;
  int calls, ends;
  tt_scope scope; /* around the call, or 0 */
} Things;

static void let_go(Things* things) {
  ++things->calls;
  for (int i = 0; i < 3; ++i) {
    tt_module_release(things->modules[i]);
    things->modules[i] = NULL;
  }
  for (int i = 0; i < 4; ++i) {
    tt_tensor_release(things->tensors[i]);
    things->tensors[i] = NULL;
  }
  tt_dataset_release(things->dataset);
  tt_loader_release(things->loader);
  tt_generator_release(things->generator);
  things->dataset = NULL;
  things->loader = NULL;
  things->generator = NULL;
  FAILS(tt_scope_end(things->scope), TT_ERR_INVALID_ARGUMENT, "begun outside");
}

static void ended(void* user) { ++((Things*)user)->ends; }

/* ---- modules ---- */

static tt_status before(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** replacements,
                        size_t capacity, size_t* replacement_count, void* user) {
  Things* things = user;
  if (things->hook != 0) OK(tt_module_remove_hook(module, things->hook));
  let_go(things);
  (void)inputs, (void)count, (void)replacements, (void)capacity, (void)replacement_count;
  return TT_OK;
}
static tt_status after(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor* const* outputs,
                       size_t output_count, tt_tensor** replacements, void* user) {
  CHECK(output_count == 1);
  (void)outputs;
  return before(module, inputs, count, replacements, 0, NULL, user);
}
static tt_status forward(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                         size_t capacity, size_t* output_count, void* user) {
  (void)module;
  CHECK(count == 1 && capacity == TT_CALLBACK_CAPACITY && *output_count == 1);
  let_go(user);
  return tt_mul(inputs[0], inputs[0], outputs);
}

static tt_module* custom(Things* things) {
  tt_module_callbacks callbacks = {sizeof callbacks, "Custom", NULL, forward, things, ended, 0};
  tt_module* out = NULL;
  OK(tt_nn_module_new(&callbacks, &out));
  return out;
}

/* The module and its input go in the hook, or in a forward of the user's; alone, and inside a Sequential. */
static void module_goes(int which, int nested, int in_scope) {
  const int64_t start = live_blocks;
  Things things = {0};
  tt_tensor* y = NULL;
  uint64_t id = 0;
  if (in_scope) OK(tt_scope_begin(&things.scope));
  tt_module* module = NULL;
  if (which == 2) {
    module = custom(&things);
  } else {
    OK(tt_nn_linear_new(3, 4, 1, &module));
    if (which == 0) OK(tt_module_register_forward_pre_hook(module, before, &things, ended, &id));
    if (which == 1) OK(tt_module_register_forward_hook(module, after, &things, ended, &id));
    if (nested == 2) things.hook = id;
  }
  tt_module* whole = module;
  if (nested) {
    OK(tt_nn_sequential_new(&module, 1, &whole));
    things.modules[1] = module;
  }
  things.modules[0] = whole;
  things.tensors[0] = ones();
  OK(tt_module_forward(whole, things.tensors[0], &y));
  CHECK(things.calls == 1 && things.modules[0] == NULL && y != NULL);
  int64_t count = 0;
  OK(tt_tensor_numel(y, &count));
  CHECK(count == (which == 2 ? 6 : 8));
  if (in_scope) {
    OK(tt_scope_end(things.scope));
  } else {
    tt_tensor_release(y);
  }
  CHECK(things.ends == 1);
  CHECK(live_blocks == start);
}

static tt_status on_each(tt_module* module, void* user) {
  Things* things = user;
  tt_module* other = NULL;
  if (things->calls == 0) let_go(things);
  ++things->calls;
  OK(tt_nn_relu_new(&other));
  (void)tt_module_append(module, other); /* a container's list changes while it is walked */
  tt_module_release(other);
  return TT_OK;
}

static void applied(void) {
  const int64_t start = live_blocks;
  Things things = {0};
  tt_module *inner[2], *pair, *whole;
  OK(tt_nn_linear_new(3, 3, 1, &inner[0]));
  OK(tt_nn_relu_new(&inner[1]));
  OK(tt_nn_sequential_new(inner, 2, &pair));
  OK(tt_nn_sequential_new(&pair, 1, &whole));
  things.modules[0] = whole;
  things.modules[1] = pair;
  things.modules[2] = inner[0];
  tt_module_release(inner[1]);
  OK(tt_module_apply(whole, on_each, &things));
  CHECK(things.calls == 5);
  CHECK(live_blocks == start);
}

/* The end of a hook takes the other hooks, and the module, with it. */
static tt_module* g_module;
static uint64_t g_hooks[2];
static void removes_all(void* user) {
  ++((Things*)user)->ends;
  for (int i = 0; i < 2; ++i) OK(tt_module_remove_hook(g_module, g_hooks[i]));
  if (((Things*)user)->ends == 2) tt_module_release(g_module);
}
static void hooks_end(void) {
  const int64_t start = live_blocks;
  Things things = {0};
  OK(tt_nn_relu_new(&g_module));
  for (int i = 0; i < 2; ++i) {
    OK(tt_module_register_forward_pre_hook(g_module, before, &things, removes_all, &g_hooks[i]));
  }
  OK(tt_module_remove_hook(g_module, g_hooks[0]));
  CHECK(things.ends == 2);
  CHECK(live_blocks == start);
}

/* ---- data ---- */

static tt_status length(int64_t* out, void* user) {
  Things* things = user;
  if (things->hook == 0) let_go(things);
  *out = 4;
  return TT_OK;
}
static tt_status get(int64_t index, tt_tensor** sample, size_t width, void* user) {
  Things* things = user;
  int32_t has = 0;
  tt_tensor* batch[1];
  CHECK(width == 1);
  if (things->loader != NULL) {
    FAILS(tt_loader_next(things->loader, batch, 1, &has), TT_ERR_INVALID_ARGUMENT, "being used");
    FAILS(tt_loader_begin(things->loader), TT_ERR_INVALID_ARGUMENT, "being used");
  }
  let_go(things);
  return tt_full(kSizes, 2, (double)index, TT_FLOAT32, sample);
}

static void data(int which) {
  const int64_t start = live_blocks;
  const double fractions[2] = {0.5, 0.5};
  const int64_t lengths[2] = {1, 3}, indices[2] = {3, 1};
  Things things = {0};
  tt_dataset_callbacks callbacks = {sizeof callbacks, 1, length, get, &things, ended};
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  tt_dataset *dataset = NULL, *parts[2] = {NULL, NULL};
  tt_loader* loader = NULL;
  tt_tensor* batch[1] = {NULL};
  int32_t has = 0;
  int64_t count = 0;
  things.hook = 1; /* not yet */
  OK(tt_dataset_new(&callbacks, &dataset));
  OK(tt_generator_new(TT_MT19937, 1, &things.generator));
  options.generator = things.generator;
  options.shuffle = 1;
  options.batch_size = 4;
  OK(tt_loader_new(dataset, &options, &loader));
  things.dataset = dataset;
  things.loader = loader;
  switch (which) {
    case 0:
      OK(tt_loader_begin(loader));
      OK(tt_loader_next(loader, batch, 1, &has));
      CHECK(has == 1 && batch[0] != NULL);
      break;
    case 1:
      things.hook = 0;
      OK(tt_loader_begin(loader));
      break;
    case 2:
      things.hook = 0;
      OK(tt_loader_length(loader, &count));
      CHECK(count == 1);
      break;
    case 3:
      things.hook = 0;
      tt_loader_release(loader);
      things.loader = NULL;
      OK(tt_random_split_fractions(dataset, fractions, 2, things.generator, parts));
      break;
    case 4:
      things.hook = 0;
      tt_loader_release(loader);
      things.loader = NULL;
      OK(tt_random_split(dataset, lengths, 2, things.generator, parts));
      break;
    case 5:
      tt_loader_release(loader);
      things.loader = NULL;
      OK(tt_subset_new(dataset, indices, 2, &parts[0]));
      OK(tt_concat_dataset_new(parts, 1, &parts[1]));
      tt_dataset_release(parts[0]);
      tt_dataset_release(things.dataset);
      things.dataset = parts[1];
      parts[0] = NULL;
      OK(tt_dataset_get(parts[1], 0, batch, 1));
      CHECK(at(batch[0], 0) == 3.0F);
      parts[1] = NULL;
      break;
    default:
      tt_loader_release(loader);
      things.loader = NULL;
      things.hook = 0;
      OK(tt_dataset_length(dataset, &count));
      CHECK(count == 4);
  }
  CHECK(things.calls > 0 && things.dataset == NULL);
  tt_tensor_release(batch[0]);
  tt_dataset_release(parts[0]);
  tt_dataset_release(parts[1]);
  CHECK(things.ends == 1);
  CHECK(live_blocks == start);
}

/* ---- gradients ---- */

static tt_status on_gradient(const tt_tensor* grad, tt_tensor** replacement, void* user) {
  Things* things = user;
  if (things->calls == 0) let_go(things);
  return tt_mul(grad, grad, replacement);
}

static void gradients(void) {
  const int64_t start = live_blocks;
  Things things = {0};
  uint64_t id = 0;
  tt_tensor *x = ones(), *y = NULL, *z = NULL, *loss = NULL;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_mul(x, x, &y));
  OK(tt_exp(y, &z));
  OK(tt_sum(z, NULL, 0, 0, TT_DTYPE_NONE, &loss));
  OK(tt_tensor_register_hook(z, on_gradient, &things, ended, &id));
  OK(tt_tensor_register_hook(y, on_gradient, &things, ended, &id));
  things.tensors[0] = x;
  things.tensors[1] = y;
  things.tensors[2] = z;
  things.tensors[3] = loss;
  OK(tt_backward(loss));
  CHECK(things.calls == 1 && things.ends == 2);
  CHECK(live_blocks == start);
}

static tt_status function_forward(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                                  tt_tensor** outputs, size_t output_count, void* user) {
  CHECK(input_count == 1 && output_count == 1);
  OK(tt_function_save(context, inputs, 1));
  Things* things = user;
  tt_tensor_release(things->tensors[0]);
  things->tensors[0] = NULL;
  return tt_exp(inputs[0], outputs);
}
static tt_status function_backward(tt_function_context* context, tt_tensor* const* grad_outputs,
                                   size_t output_count, tt_tensor** grad_inputs, size_t input_count,
                                   void* user) {
  tt_tensor* x = NULL;
  CHECK(input_count == 1 && output_count == 1);
  let_go(user);
  OK(tt_function_saved(context, 0, &x));
  return tt_mul(grad_outputs[0], x, grad_inputs);
}

static void functions(void) {
  const int64_t start = live_blocks;
  Things things = {0};
  const tt_function function = {sizeof function, "f", function_forward, function_backward, &things, ended};
  tt_tensor *x = ones(), *y = NULL, *z = NULL;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_mul(x, x, &y));
  things.tensors[0] = y; /* goes in forward, the rest in backward */
  OK(tt_function_apply(&function, &y, 1, &z, 1));
  things.tensors[1] = x;
  OK(tt_sum(z, NULL, 0, 0, TT_DTYPE_NONE, &things.tensors[2]));
  things.tensors[3] = z;
  OK(tt_backward(things.tensors[2]));
  CHECK(things.calls == 1 && things.ends == 1);
  CHECK(live_blocks == start);
}

static tt_status no_memory(tt_function_context* context, tt_tensor* const* inputs, size_t input_count,
                           tt_tensor** outputs, size_t output_count, void* user) {
  (void)context, (void)inputs, (void)input_count, (void)outputs, (void)output_count, (void)user;
  return TT_ERR_OUT_OF_MEMORY;
}
static void memory_in_callbacks(void) {
  const tt_function function = {sizeof function, "f", no_memory, function_backward, NULL, NULL};
  tt_tensor *x = ones(), *y = NULL;
  FAILS(tt_function_apply(&function, &x, 1, &y, 1), TT_ERR_OUT_OF_MEMORY, "the forward of f failed");
  tt_tensor_release(x);
}

/* ---- memory that was lent ---- */

static float g_lent[6];

static void releases(void* data, void* user) {
  tt_tensor** others = user;
  CHECK(data == g_lent);
  for (int i = 0; i < 2; ++i) {
    tt_tensor_release(others[i]);
    others[i] = NULL;
  }
}

/* The old gradient's memory goes while the tensor gets a new one, and takes both with it. */
static void deleters(void) {
  const int64_t start = live_blocks;
  tt_tensor *x = ones(), *lent = NULL, *grad = ones(), *others[2] = {x, grad};
  OK(tt_from_memory(g_lent, kSizes, 2, TT_FLOAT32, releases, others, &lent));
  OK(tt_tensor_set_grad(x, lent));
  tt_tensor_release(lent);
  OK(tt_tensor_set_grad(x, grad));
  CHECK(others[0] == NULL);
  CHECK(live_blocks == start);
}

/* Each takes the next with it; they are as many as stacks are not deep. */
enum { kChain = 200000 };
static tt_tensor* g_chain[kChain];
static void releases_next(void* data, void* user) {
  (void)data;
  tt_tensor_release((tt_tensor*)user);
}
static void chain_of_deleters(void) {
  const int64_t start = live_blocks;
  tt_tensor* next = NULL;
  for (int i = 0; i < kChain; ++i) {
    OK(tt_from_memory(g_lent, kSizes, 2, TT_FLOAT32, releases_next, next, &g_chain[i]));
    next = g_chain[i];
  }
  tt_tensor_release(next);
  CHECK(live_blocks == start);
}

int main(void) {
  count_live_blocks();
  tt_tensor* warm = ones(); /* what is made when first used */
  tt_tensor_release(warm);
  for (int in_scope = 0; in_scope < 2; ++in_scope) {
    for (int nested = 0; nested < 3; ++nested) {
      for (int which = 0; which < 3; ++which) module_goes(which, nested, in_scope);
    }
  }
  applied();
  hooks_end();
  for (int which = 0; which < 7; ++which) data(which);
  gradients();
  functions();
  memory_in_callbacks();
  deleters();
  chain_of_deleters();
  return finish("callbacks_release");
}
