/* Which reference a scope owns, and which the caller: nothing leaks, and nothing is gone that somebody holds.
 */
#include <pthread.h>

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
  OK(tt_scope_begin());
  tt_tensor* x = fresh(1);
  use(x);
  use(x);
  CHECK(at(x, 0) == 1.0F); /* still the scope's */
  OK(tt_scope_end());
  CHECK(live_blocks == before);
}

static void released_early(void) {
  OK(tt_scope_begin());
  const int64_t before = live_blocks;
  tt_tensor* x = fresh(1);
  CHECK(live_blocks > before);
  use(x);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
  OK(tt_scope_end());
  CHECK(live_blocks == before);
}

static void retained_past_the_end(void) {
  const int64_t before = live_blocks;
  OK(tt_scope_begin());
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  tt_tensor_retain(x);
  tt_tensor_release(x);
  OK(tt_scope_end());
  CHECK(at(x, 0) == 1.0F);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
}

static void kept(void) {
  const int64_t before = live_blocks;
  OK(tt_scope_begin());
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  OK(tt_scope_keep(x)); /* both references are the caller's */
  tt_tensor_release(x);
  CHECK(at(x, 0) == 1.0F);
  tt_tensor* y = fresh(2);
  OK(tt_scope_keep(y));
  tt_tensor_release(y);
  OK(tt_scope_end());
  CHECK(at(x, 0) == 1.0F);
  tt_tensor_release(x);
  CHECK(live_blocks == before);
}

static void nested(void) {
  const int64_t before = live_blocks;
  OK(tt_scope_begin());
  tt_tensor* early = fresh(5);
  tt_tensor* x = fresh(1);
  OK(tt_scope_begin());
  tt_tensor* inner = fresh(1);
  use(x); /* of the outer scope */
  use(inner);
  tt_tensor_retain(inner);
  tt_tensor_retain(x);
  tt_tensor_release(early); /* leaves the outer scope */
  const int64_t with_inner = live_blocks;
  tt_tensor* last = fresh(3);
  CHECK(at(last, 0) == 3.0F);
  OK(tt_scope_end());
  CHECK(live_blocks == with_inner);
  CHECK(at(inner, 0) == 1.0F && at(x, 0) == 1.0F);
  tt_tensor_release(inner);
  tt_tensor_release(x); /* what the inner scope saw retained */
  CHECK(at(x, 0) == 1.0F);
  OK(tt_scope_end());
  CHECK(live_blocks == before);
}

/* What is taken out of an outer scope while an inner one is open does not shift the inner one's tensors. */
static void nested_shift(void) {
  OK(tt_scope_begin());
  tt_tensor* outer = fresh(1);
  OK(tt_scope_begin());
  const int64_t before = live_blocks;
  (void)fresh(2);
  OK(tt_scope_keep(outer));
  OK(tt_scope_end());
  CHECK(live_blocks == before);
  OK(tt_scope_end());
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
  OK(tt_scope_begin());
  OK(tt_tensor_grad(p, &a));
  OK(tt_scope_begin());
  OK(tt_tensor_grad(p, &b));
  CHECK(a == b);
  use(b);
  tt_tensor_retain(b);
  OK(tt_scope_end());
  tt_tensor_release(b);
  OK(tt_tensor_set_grad(p, NULL));
  CHECK(at(a, 0) == 1.0F); /* the outer scope's */
  OK(tt_scope_begin());
  OK(tt_tensor_set_grad(p, a));
  OK(tt_tensor_grad(p, &b));
  OK(tt_scope_keep(b)); /* the inner reference; the outer scope still owns its own */
  OK(tt_scope_end());
  tt_tensor_release(b);
  CHECK(at(a, 0) == 1.0F);
  OK(tt_scope_end());
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
  OK(tt_scope_begin());
  tt_tensor* x = fresh(1);
  FAILS(tt_scope_give(x), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  tt_tensor_retain(x);
  OK(tt_scope_begin());
  OK(tt_scope_give(x));
  FAILS(tt_scope_give(x), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  OK(tt_scope_give(mine));
  FAILS(tt_scope_give(mine), TT_ERR_INVALID_ARGUMENT, "tensor belongs to an open scope");
  OK(tt_scope_end());
  CHECK(at(x, 0) == 1.0F);
  OK(tt_scope_end());
  CHECK(live_blocks == before);
}

static void disowned(void) {
  const int64_t before = live_blocks;
  tt_scope_disown(NULL);
  tt_tensor* outside = fresh(1);
  tt_scope_disown(outside); /* nothing to do */
  OK(tt_scope_begin());
  tt_scope_disown(outside);
  tt_tensor* x = fresh(1);
  tt_scope_disown(x);
  tt_tensor_retain(x);
  tt_tensor_release(x);
  OK(tt_scope_end());
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
  OK(tt_scope_begin());
  tt_tensor* x = fresh(1);
  tt_tensor_retain(x);
  CHECK(pthread_create(&thread, NULL, release_there, x) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  tt_tensor_release(x); /* the scope's, the only one left */
  OK(tt_scope_end());
  CHECK(live_blocks == before);
}

int main(void) {
  count_live_blocks();
  OK(tt_scope_begin()); /* what is made once */
  OK(tt_scope_end());
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
  return finish("scopes");
}
