/* Which reference a scope owns, and which the caller: nothing leaks, and nothing is gone that somebody holds.
 */
#include <pthread.h>
#include <time.h>

#include "live_blocks.h"

static tt_tensor* fresh(float value) { return vector_of(&value, 1); }

/* A helper as C programs have them: it holds its argument while it works. */
static void use(tt_tensor* x) {
  tt_tensor_retain(x);
  CHECK(at(x, 0) == 1.0F);
  tt_tensor_release(x);
}

static void retained_and_released(void) {
  const int64_t before = live_blocks;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* x = fresh(1);
  use(x);
  use(x);
  CHECK(at(x, 0) == 1.0F); /* still the scope's */
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
}

static void released_early(void) {
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  const int64_t before = live_blocks;
  tt_tensor* x = fresh(1);
  CHECK(live_blocks > before);
  use(x);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
}

static void retained_past_the_end(void) {
  const int64_t before = live_blocks;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  tt_tensor_retain(x);
  tt_tensor_release(x);
  OK(tt_scope_end(scope));
  CHECK(at(x, 0) == 1.0F);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
}

static void kept(void) {
  const int64_t before = live_blocks;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  OK(tt_scope_keep(x)); /* both references are the caller's */
  tt_tensor_release(x);
  CHECK(at(x, 0) == 1.0F);
  tt_tensor* y = fresh(2);
  OK(tt_scope_keep(y));
  tt_tensor_release(y);
  OK(tt_scope_end(scope));
  CHECK(at(x, 0) == 1.0F);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
}

static void nested(void) {
  const int64_t before = live_blocks;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* early = fresh(5);
  tt_tensor* x = fresh(1);
  tt_scope within;
  OK(tt_scope_begin(&within));
  tt_tensor* inner = fresh(1);
  use(x); /* of the outer scope */
  use(inner);
  tt_tensor_retain(inner);
  tt_tensor_retain(x);
  tt_tensor_release(early); /* leaves the outer scope */
  const int64_t with_inner = live_blocks;
  tt_tensor* last = fresh(3);
  CHECK(at(last, 0) == 3.0F);
  OK(tt_scope_end(within));
  CHECK(live_blocks == with_inner);
  CHECK(at(inner, 0) == 1.0F && at(x, 0) == 1.0F);
  tt_tensor_release(inner);
  tt_tensor_release(x); /* what the inner scope saw retained */
  CHECK(at(x, 0) == 1.0F);
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
}

/* What is taken out of an outer scope while an inner one is open does not shift the inner one's tensors. */
static void nested_shift(void) {
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* outer = fresh(1);
  tt_scope inner;
  OK(tt_scope_begin(&inner));
  const int64_t before = live_blocks;
  (void)fresh(2);
  OK(tt_scope_keep(outer));
  OK(tt_scope_end(inner));
  CHECK(live_blocks == before);
  OK(tt_scope_end(scope));
  tt_tensor_release(outer);
}

/* One tensor that several calls return: each reference is its scope's. */
static void returned_twice(void) {
  tt_tensor* p = fresh(1);
  tt_tensor* seed = fresh(1);
  OK(tt_tensor_set_grad(p, seed));
  tt_tensor_release(seed);
  const int64_t before = live_blocks;
  tt_tensor *a = NULL, *b = NULL;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  OK(tt_tensor_grad(p, &a));
  tt_scope inner;
  OK(tt_scope_begin(&inner));
  OK(tt_tensor_grad(p, &b));
  CHECK(a == b);
  use(b);
  tt_tensor_retain(b);
  OK(tt_scope_end(inner));
  tt_tensor_release(b);
  OK(tt_tensor_set_grad(p, NULL));
  CHECK(at(a, 0) == 1.0F); /* the outer scope's */
  OK(tt_scope_begin(&inner));
  OK(tt_tensor_set_grad(p, a));
  OK(tt_tensor_grad(p, &b));
  OK(tt_scope_keep(b)); /* the inner reference; the outer scope still owns its own */
  OK(tt_scope_end(inner));
  tt_tensor_release(b);
  CHECK(at(a, 0) == 1.0F);
  OK(tt_scope_end(scope));
  tt_tensor* still = NULL;
  OK(tt_tensor_grad(p, &still));
  CHECK(at(still, 0) == 1.0F);
  tt_tensor_release(still);
  CHECK(live_blocks == before);
  tt_tensor_release(p);
}

static void given(void) {
  const int64_t before = live_blocks;
  tt_tensor* mine = fresh(1);
  FAILS(tt_scope_give(mine), TT_ERR_INVALID_ARGUMENT, "no scope");
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* x = fresh(1);
  FAILS(tt_scope_give(x), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  tt_tensor_retain(x);
  tt_scope inner;
  OK(tt_scope_begin(&inner));
  OK(tt_scope_give(x));
  FAILS(tt_scope_give(x), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  OK(tt_scope_give(mine));
  FAILS(tt_scope_give(mine), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  OK(tt_scope_end(inner));
  CHECK(at(x, 0) == 1.0F);
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
}

static void disowned(void) {
  const int64_t before = live_blocks;
  tt_scope_disown(NULL);
  tt_tensor* outside = fresh(1);
  tt_scope_disown(outside); /* nothing to do */
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_scope_disown(outside);
  tt_tensor* x = fresh(1);
  tt_scope_disown(x);
  tt_tensor_retain(x);
  tt_tensor_release(x);
  OK(tt_scope_end(scope));
  CHECK(at(x, 0) == 1.0F && at(outside, 0) == 1.0F);
  tt_tensor_release(x);
  tt_tensor_release(outside);
  CHECK(live_blocks == before);
}

static void* release_there(void* tensor) {
  tt_tensor_release((tt_tensor*)tensor);
  return NULL;
}

static void released_elsewhere(void) {
  const int64_t before = live_blocks;
  pthread_t thread;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  CHECK(pthread_create(&thread, NULL, release_there, x) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  tt_tensor_release(x); /* the scope's, the only one left */
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
}

/* ---- against a model that counts every reference by itself ---- */

enum { kTensors = 24, kMostOwned = 4096, kMostScopes = 64 };
typedef struct {
  int tensor, retained;
} Reference;
static tt_tensor* g_tensors[kTensors];
static float g_memory[kTensors];
static int g_dead[kTensors], g_total[kTensors]; /* references in all */
static Reference g_owned[kMostOwned];
static int g_count, g_starts[kMostScopes], g_depth;
static tt_scope g_scopes[kMostScopes];
static uint64_t g_random;

static int draw(int n) {
  g_random = g_random * 6364136223846793005U + 1442695040888963407U;
  return (int)((g_random >> 33) % (uint64_t)n);
}
static void died(void* data, void* user) {
  (void)data;
  ++*(int*)user;
}
static Reference* oldest(int i) {
  for (int k = 0; k < g_count; ++k) {
    if (g_owned[k].tensor == i) return &g_owned[k];
  }
  return NULL;
}
static int owned_by_scopes(int i) {
  int count = 0;
  for (int k = 0; k < g_count; ++k) count += g_owned[k].tensor == i;
  return count;
}
static void forget(int k) {
  const Reference gone = g_owned[k];
  memmove(&g_owned[k], &g_owned[k + 1], (size_t)(--g_count - k) * sizeof *g_owned);
  for (int s = 0; s < g_depth; ++s) g_starts[s] -= g_starts[s] > k;
  Reference* const first =
      oldest(gone.tensor); /* what the caller took stays noted while a scope owns the tensor */
  if (first != NULL) first->retained += gone.retained;
}
static int forget_newest(int i) {
  for (int k = g_count; k-- > 0;) {
    if (g_owned[k].tensor != i) continue;
    forget(k);
    return 1;
  }
  return 0;
}
static void own(int i) {
  if (g_depth > 0) g_owned[g_count++] = (Reference){i, 0};
}

static void step(void) {
  static const int64_t sizes[1] = {1};
  const int i = draw(kTensors), action = draw(12);
  if (action == 0 && g_depth < kMostScopes) {
    OK(tt_scope_begin(&g_scopes[g_depth]));
    g_starts[g_depth++] = g_count;
  } else if (action == 1 && g_depth > 0) {
    OK(tt_scope_end(g_scopes[--g_depth]));
    while (g_count > g_starts[g_depth]) {
      --g_total[g_owned[g_count - 1].tensor];
      forget(g_count - 1);
    }
  } else if (g_total[i] == 0) {
    g_dead[i] = 0;
    OK(tt_from_memory(&g_memory[i], sizes, 1, TT_FLOAT32, died, &g_dead[i], &g_tensors[i]));
    g_total[i] = 1;
    own(i);
  } else if (action < 5 && g_count < kMostOwned - 1) {
    tt_tensor_retain(g_tensors[i]);
    ++g_total[i];
    if (oldest(i) != NULL) ++oldest(i)->retained;
  } else if (action < 8) {
    tt_tensor_release(g_tensors[i]);
    Reference* const first = oldest(i);
    if (first != NULL && first->retained > 0 && g_total[i] > 1) {
      --first->retained;
    } else {
      forget_newest(i);
    }
    --g_total[i];
  } else if (action < 10) {
    const int owned = forget_newest(i);
    const tt_status status = tt_scope_keep(g_tensors[i]);
    CHECK(status == (owned ? TT_OK : TT_ERR_INVALID_ARGUMENT));
    if (owned && g_total[i] > 1 && oldest(i) != NULL) ++oldest(i)->retained;
  } else if (g_count < kMostOwned - 1) {
    Reference* const first = oldest(i);
    if (first == NULL && g_total[i] == owned_by_scopes(i)) return; /* the caller has none to give */
    const int given = g_depth > 0 && (first == NULL || first->retained > 0);
    const tt_status status = tt_scope_give(g_tensors[i]);
    CHECK(status == (given ? TT_OK : TT_ERR_INVALID_ARGUMENT));
    if (!given) return;
    if (first != NULL) --first->retained;
    own(i);
  }
}

static void as_the_model(void) {
  const int64_t before = live_blocks;
  for (int run = 0; run < 40 && check_failures == 0; ++run) {
    g_random = (uint64_t)run;
    for (int n = 0; n < 3000 && check_failures == 0; ++n) {
      step();
      for (int i = 0; i < kTensors; ++i) CHECK(g_dead[i] == (g_tensors[i] != NULL && g_total[i] == 0));
    }
    while (g_depth > 0) OK(tt_scope_end(g_scopes[--g_depth]));
    for (int i = 0; i < kTensors; ++i) {
      for (g_total[i] -= owned_by_scopes(i); g_total[i] > 0; --g_total[i]) tt_tensor_release(g_tensors[i]);
      CHECK(g_tensors[i] == NULL || g_dead[i] == 1);
    }
    g_count = 0;
  }
  CHECK(live_blocks == before);
}

/* Pairs of retain and release, and early releases, among very many tensors: their time does not depend on how
 * many. */
static void among_many(void) {
  enum { kMany = 200000, kPairs = 20000 };
  static tt_tensor* many[kMany];
  const int64_t before = live_blocks;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  for (int i = 0; i < kMany; ++i) many[i] = fresh(1);
  const clock_t start = clock();
  for (int i = 0; i < kPairs; ++i) {
    tt_tensor* const x = many[(i * 7919L) % kMany];
    tt_tensor_retain(x);
    tt_tensor_release(x);
  }
  for (int i = 0; i < kMany; i += 2) tt_tensor_release(many[i]); /* the oldest first */
  for (int i = 1; i < kMany; i += 4) OK(tt_scope_keep(many[i]));
  const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  if (seconds > 2) fprintf(stderr, "%.3f s\n", seconds); /* of the processor's time; it is hundredths */
  CHECK(seconds <= 2);
  for (int i = 3; i < kMany; i += 4) CHECK(at(many[i], 0) == 1.0F);
  OK(tt_scope_end(scope));
  for (int i = 1; i < kMany; i += 4) tt_tensor_release(many[i]);
  CHECK(live_blocks == before);
}

/* What the thread's scopes hold. */
static int64_t open_scopes(void) {
  tt_memory_stats stats = TT_MEMORY_STATS_INIT;
  OK(tt_get_memory_stats(&stats));
  return stats.scopes;
}
static int64_t tensors_of_scopes(void) {
  tt_memory_stats stats = TT_MEMORY_STATS_INIT;
  OK(tt_get_memory_stats(&stats));
  return stats.scope_tensors;
}

static int warnings = 0;
static char warning[256];
static void hear(const char* message, void* user) {
  (void)user;
  ++warnings;
  snprintf(warning, sizeof warning, "%s", message);
}

/* A function that leaves early, with its scope open. */
static tt_status leaves_early(tt_tensor* x) {
  tt_scope scope;
  tt_tensor* y = NULL;
  tt_status status = tt_scope_begin(&scope);
  if (status == TT_OK) status = tt_add_scalar(x, 1, &y);
  if (status == TT_OK) status = tt_mm(y, y, &y); /* fails */
  if (status != TT_OK) return status;
  return tt_scope_end(scope);
}

static void ends_match(void) {
  const int64_t before = live_blocks;
  tt_scope outer, middle, inner, never = 0;
  tt_tensor* x = NULL;
  CHECK(open_scopes() == 0);
  FAILS(tt_scope_begin(NULL), TT_ERR_INVALID_ARGUMENT, "scope is NULL");
  CHECK(open_scopes() == 0);
  FAILS(tt_scope_end(never), TT_ERR_INVALID_ARGUMENT, "scope is not open on this thread");
  OK(tt_set_warning_handler(hear, NULL));

  OK(tt_scope_begin(&outer));
  x = fresh(1);
  CHECK(leaves_early(x) == TT_ERR_SHAPE);
  CHECK(open_scopes() == 2 && tensors_of_scopes() == 2);
  (void)fresh(2); /* of the scope that was left, until the outer one ends */
  CHECK(warnings == 0);
  OK(tt_scope_end(outer));
  CHECK(open_scopes() == 0 && tensors_of_scopes() == 0 && live_blocks == before);
  CHECK(warnings == 1 && strstr(warning, "tt_scope_end: 1 scope that was begun within this one") != NULL);

  OK(tt_scope_begin(&outer));
  OK(tt_scope_begin(&middle));
  OK(tt_scope_begin(&inner));
  x = fresh(1);
  OK(tt_scope_keep(x));
  OK(tt_scope_end(middle));
  CHECK(open_scopes() == 1 && warnings == 2);
  FAILS(tt_scope_end(inner), TT_ERR_INVALID_ARGUMENT, "it has ended");
  FAILS(tt_scope_end(middle), TT_ERR_INVALID_ARGUMENT, "it has ended");
  CHECK(open_scopes() == 1);
  OK(tt_scope_end(outer));
  FAILS(tt_scope_end(outer), TT_ERR_INVALID_ARGUMENT, "it has ended");
  OK(tt_scope_begin(&inner)); /* a later scope at the same depth is another one */
  FAILS(tt_scope_end(outer), TT_ERR_INVALID_ARGUMENT, "it has ended");
  OK(tt_scope_end(inner));
  CHECK(warnings == 2 && at(x, 0) == 1.0F);
  tt_tensor_release(x);
  OK(tt_set_warning_handler(NULL, NULL));
  CHECK(live_blocks == before);
}

/* A loop that never ends its scope is told soon. */
static void never_ended(void) {
  const int64_t before = live_blocks;
  tt_scope first = 0, scope = 0;
  int i = 0;
  OK(tt_scope_begin(&first));
  while (tt_scope_begin(&scope) == TT_OK && i < 5000) {
    (void)fresh((float)i);
    ++i;
  }
  CHECK(i == 999 && open_scopes() == 1000 && tensors_of_scopes() == 999);
  FAILS(tt_scope_begin(&scope), TT_ERR_INVALID_ARGUMENT, "1000 scopes are open on this thread");
  OK(tt_scope_end(first));
  CHECK(open_scopes() == 0 && live_blocks == before);
}

static void* end_there(void* scope) {
  FAILS(tt_scope_end(*(const tt_scope*)scope), TT_ERR_INVALID_ARGUMENT, "another thread's");
  tt_scope own;
  OK(tt_scope_begin(&own));
  CHECK(own != *(const tt_scope*)scope && open_scopes() == 1);
  FAILS(tt_scope_end(*(const tt_scope*)scope), TT_ERR_INVALID_ARGUMENT, "another thread's");
  OK(tt_scope_end(own));
  return NULL;
}

static void of_one_thread(void) {
  pthread_t thread;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  CHECK(pthread_create(&thread, NULL, end_there, &scope) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(open_scopes() == 1);
  OK(tt_scope_end(scope));
}

/* A callback cannot end the scopes around it, and what it leaves open goes with it. */
static tt_status end_outside(tt_module* module, void* user) {
  tt_scope own, left;
  (void)module;
  FAILS(tt_scope_end(*(const tt_scope*)user), TT_ERR_INVALID_ARGUMENT, "begun outside");
  OK(tt_scope_begin(&own));
  OK(tt_scope_end(own));
  FAILS(tt_scope_end(own), TT_ERR_INVALID_ARGUMENT, "it has ended");
  OK(tt_scope_begin(&left));
  (void)fresh(1);
  return TT_OK;
}

static void around_callbacks(void) {
  tt_scope scope;
  tt_module* relu = NULL;
  OK(tt_nn_relu_new(&relu));
  const int64_t before = live_blocks;
  OK(tt_scope_begin(&scope));
  OK(tt_module_apply(relu, end_outside, &scope));
  CHECK(open_scopes() == 1 && tensors_of_scopes() == 0);
  OK(tt_scope_end(scope));
  CHECK(live_blocks == before);
  tt_module_release(relu);
}

int main(void) {
  count_live_blocks();
  tt_scope scope;
  OK(tt_scope_begin(&scope)); /* what is made once */
  OK(tt_scope_end(scope));
  retained_and_released();
  released_early();
  retained_past_the_end();
  kept();
  nested();
  nested_shift();
  returned_twice();
  given();
  disowned();
  released_elsewhere();
  as_the_model();
  among_many();
  ends_match();
  never_ended();
  of_one_thread();
  around_callbacks();
  return finish("scopes");
}
