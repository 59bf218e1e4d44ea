/* Structures as deep as one likes, or as is allowed, on a thread with a small stack: made, used and released.
 */
#include <pthread.h>

#include "live_blocks.h"

enum { kDeep = 300000, kModules = 500, kStack = 128 << 10 };

static tt_tensor* fresh(float value) { return vector_of(&value, 1); }

static tt_dataset* rows(void) {
  const float values[3] = {5, 6, 7};
  tt_tensor* x = vector_of(values, 3);
  tt_dataset* out = NULL;
  OK(tt_tensor_dataset_new(&x, 1, &out));
  tt_tensor_release(x);
  return out;
}

/* A subset of a subset, or one data set of one, and so on. */
static void data_sets(int concat) {
  const int64_t start = live_blocks, indices[3] = {2, 0, 1};
  int64_t count = 0;
  size_t width = 0;
  int32_t has = 0;
  tt_loader* loader = NULL;
  tt_tensor *sample[1] = {NULL}, *batch[1] = {NULL};
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  tt_dataset* at = rows();
  for (int i = 0; i < kDeep; ++i) {
    tt_dataset* next = NULL;
    if (concat) {
      OK(tt_concat_dataset_new(&at, 1, &next));
    } else {
      OK(tt_subset_new(at, indices, 3, &next));
    }
    tt_dataset_release(at);
    at = next;
  }
  OK(tt_dataset_length(at, &count));
  OK(tt_dataset_width(at, &width));
  CHECK(count == 3 && width == 1);
  OK(tt_dataset_get(at, 1, sample, 1));
  CHECK(item(sample[0]) == 6); /* kDeep is a multiple of the permutation's order */
  tt_tensor_release(sample[0]);
  options.batch_size = 3;
  OK(tt_loader_new(at, &options, &loader));
  OK(tt_loader_begin(loader));
  OK(tt_loader_next(loader, batch, 1, &has));
  CHECK(has == 1 && batch[0] != NULL && tt_last_status() != TT_ERR_INTERNAL);
  tt_tensor_release(batch[0]);
  tt_loader_release(loader);
  tt_dataset_release(at);
  CHECK(live_blocks == start);
}

/* Each the gradient of the next; `views`: a view of it is. */
static void gradients(int views) {
  const int64_t start = live_blocks;
  tt_tensor* at = fresh(0);
  const int64_t sizes[1] = {1};
  for (int i = 0; i < kDeep; ++i) {
    tt_tensor *next = fresh(1), *grad = at;
    if (views) {
      OK(tt_view(at, sizes, 1, &grad));
      tt_tensor_release(at);
    }
    OK(tt_tensor_set_grad(next, grad));
    tt_tensor_release(grad);
    at = next;
  }
  tt_tensor_release(at);
  CHECK(live_blocks == start);
}

static tt_status count_module(tt_module* module, void* user) {
  (void)module;
  ++*(int*)user;
  return TT_OK;
}

static void modules(int lists) {
  const int64_t start = live_blocks;
  tt_module *at = NULL, *next = NULL;
  tt_state_dict* dict = NULL;
  tt_tensor *x = fresh(1), *y = NULL, *total = NULL, *parameters[2] = {NULL, NULL};
  int count = 0;
  size_t length = 0;
  OK(tt_nn_linear_new(1, 1, 1, &at));
  for (int i = 0; i < kModules; ++i) {
    OK(lists ? tt_nn_module_list_new(&at, 1, &next) : tt_nn_sequential_new(&at, 1, &next));
    tt_module_release(at);
    at = next;
  }
  FAILS(tt_nn_sequential_new(&at, 1, &next), TT_ERR_INVALID_ARGUMENT, "nested deeper than 500");
  OK(tt_module_train(at, 0));
  OK(tt_module_parameters(at, parameters, 2, &length));
  CHECK(length == 2);
  for (int i = 0; i < 2; ++i) tt_tensor_release(parameters[i]);
  OK(tt_module_state_dict(at, &dict));
  OK(tt_module_load_state_dict(at, dict, 1, NULL, NULL));
  tt_state_dict_release(dict);
  OK(tt_module_apply(at, count_module, &count));
  CHECK(count == kModules + 1);
  OK(tt_module_repr(at, NULL, 0, &length));
  CHECK(length > 2 * kModules * kModules / 2);
  if (!lists) {
    OK(tt_module_forward(at, x, &y));
    OK(tt_sum(y, NULL, 0, 0, TT_DTYPE_NONE, &total));
    OK(tt_backward(total));
    tt_tensor_release(total);
    tt_tensor_release(y);
  }
  tt_tensor_release(x);
  tt_module_release(at);
  CHECK(live_blocks == start);
}

static void* all(void* argument) {
  for (int i = 0; i < 2; ++i) {
    data_sets(i);
    gradients(i);
    modules(i);
  }
  return argument;
}

int main(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  count_live_blocks();
  OK(tt_set_num_threads(1));
  CHECK(pthread_attr_init(&attributes) == 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which need more */
  CHECK(pthread_attr_setstacksize(&attributes, kStack) == 0);
#endif
  CHECK(pthread_create(&thread, &attributes, all, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  return finish("deep");
}
