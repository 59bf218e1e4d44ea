/* What is alive, and how much memory it takes. With an argument: leaves some handles unreleased, for
 * list_handles.sh. */
#include <pthread.h>

#include "check.h"

static tt_memory_stats now(void) {
  tt_memory_stats stats = TT_MEMORY_STATS_INIT;
  OK(tt_get_memory_stats(&stats));
  return stats;
}

static tt_tensor* zeros(int64_t count) {
  tt_tensor* out = NULL;
  OK(tt_zeros(&count, 1, TT_FLOAT32, &out));
  return out;
}

static void tensors_and_bytes(void) {
  const tt_memory_stats before = now();
  tt_tensor *small = zeros(4), *view = NULL, *large = NULL;
  OK(tt_narrow(small, 0, 0, 2, &view));
  CHECK(now().tensors == before.tensors + 2 && now().storages == before.storages + 1);
  OK(tt_reset_peak_memory());
  CHECK(now().peak_allocated == now().allocated);
  enum { kBytes = 4 << 20 };
  large = zeros(kBytes / 4);
  const tt_memory_stats with = now();
  CHECK(with.tensors == before.tensors + 3 && with.storages == before.storages + 2);
  CHECK(with.allocated >= before.allocated + kBytes && with.allocated < before.allocated + 2 * kBytes);
  CHECK(with.peak_allocated >= with.allocated);
  tt_tensor_release(large);
  const tt_memory_stats after = now();
  CHECK(after.allocated <= with.allocated - kBytes && after.peak_allocated == with.peak_allocated);
  CHECK(after.cached >= kBytes || after.cached == before.cached); /* sanitized builds keep nothing */
  large = zeros(kBytes / 4);
  CHECK(now().peak_allocated == with.peak_allocated);
  tt_tensor_release(large);
  OK(tt_reset_peak_memory());
  CHECK(now().peak_allocated == now().allocated && now().allocated < with.allocated);
  tt_tensor_release(view);
  CHECK(now().storages == before.storages + 1);
  tt_tensor_release(small);
  CHECK(now().tensors == before.tensors && now().storages == before.storages);
}

/* A graph's tensors count, though no handle is left. */
static void graphs(void) {
  const tt_memory_stats before = now();
  tt_tensor *x = zeros(3), *y = NULL, *z = NULL;
  OK(tt_tensor_set_requires_grad(x, 1));
  OK(tt_exp(x, &y));
  OK(tt_exp(y, &z));
  tt_tensor_release(y);
  CHECK(now().tensors >= before.tensors + 3);
  tt_tensor_release(z);
  CHECK(now().tensors == before.tensors + 1);
  tt_tensor_release(x);
  CHECK(now().tensors == before.tensors && now().storages == before.storages);
}

enum { kThreads = 8, kEach = 500 };
static tt_tensor* made[kThreads][kEach];

static void* make_there(void* slots) {
  for (int i = 0; i < kEach; ++i) ((tt_tensor**)slots)[i] = zeros(2);
  return NULL;
}
static void* release_there(void* slots) {
  for (int i = 0; i < kEach; ++i) tt_tensor_release(((tt_tensor**)slots)[i]);
  return NULL;
}

static void across_threads(void) {
  pthread_t threads[kThreads];
  const tt_memory_stats before = now();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, make_there, made[i]) == 0);
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(now().tensors == before.tensors + kThreads * kEach);
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, release_there, made[i]) == 0);
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(now().tensors == before.tensors && now().storages == before.storages);
  }
}

static void sized(void) {
  tt_memory_stats stats = TT_MEMORY_STATS_INIT;
  stats.struct_size = sizeof(size_t) + sizeof(int64_t);
  stats.tensors = stats.storages = -7;
  OK(tt_get_memory_stats(&stats));
  CHECK(stats.tensors >= 0 && stats.storages == -7);
  FAILS(tt_get_memory_stats(NULL), TT_ERR_INVALID_ARGUMENT, "stats is NULL");
}

static void leave_handles(void) {
  tt_scope scope;
  tt_module* linear = NULL;
  tt_tensor *x = zeros(2), *y = NULL, *parameters[2];
  size_t count;
  OK(tt_nn_linear_new(2, 1, 1, &linear));
  OK(tt_module_parameters(linear, parameters, 2, &count));
  tt_tensor_release(parameters[1]);
  for (int i = 0; i < 3; ++i) OK(tt_add_scalar(x, i, &y));
  tt_tensor_retain(y);
  tt_tensor_release(y); /* two of the three are left, and this one */
  OK(tt_scope_begin(&scope));
  OK(tt_mul(x, x, &y));
  OK(tt_scope_end(scope));
  OK(tt_scope_begin(&scope));
  OK(tt_neg(x, &y));
  tt_tensor_release(x);
}

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) {
    leave_handles();
  } else {
    tt_tensor_release(zeros(1)); /* what is made once */
    tensors_and_bytes();
    graphs();
    across_threads();
    sized();
  }
  return finish("memory_stats");
}
