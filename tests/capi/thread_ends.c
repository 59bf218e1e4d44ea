/* What a thread keeps of its own: made where there is memory, done without where there is none, and freed
 * when the thread ends, also where the last calls come from destructors of the host's own. The program
 * replaces malloc, so that it can fail and be counted. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
int main(void) { return 77; }
#else

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* block);

static _Thread_local long allocations_left = -1; /* until the thread's fail; negative: they do not */
static atomic_long blocks = 0;

static int fails_now(void) {
  if (allocations_left < 0) return 0;
  if (allocations_left == 0) return 1;
  --allocations_left;
  return 0;
}
static void* counted(void* block) {
  if (block != NULL) ++blocks;
  return block;
}
void* malloc(size_t size) { return fails_now() ? NULL : counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) { return fails_now() ? NULL : counted(__libc_calloc(count, size)); }
void* realloc(void* block, size_t size) {
  if (block == NULL) return malloc(size);
  return fails_now() ? NULL : __libc_realloc(block, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fails_now() ? NULL : counted(__libc_memalign(alignment, size));
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = aligned_alloc(alignment, size);
  return *out == NULL ? 12 : 0;
}
void free(void* block) {
  if (block != NULL) --blocks;
  __libc_free(block);
}

/* Makes everything that a thread may keep: an error, a scope, free blocks, the engine's arrays, autocast's
 * modes. */
static void use_everything(void) {
  const int64_t sizes[1] = {4};
  tt_tensor *x = NULL, *y = NULL, *loss = NULL, *none = NULL;
  tt_autocast autocast;
  tt_scope scope;
  if (tt_scope_begin(&scope) == TT_OK) {
    if (tt_full(sizes, 1, 2, TT_FLOAT32, &x) == TT_OK && tt_tensor_set_requires_grad(x, 1) == TT_OK &&
        tt_mul(x, x, &y) == TT_OK && tt_sum(y, NULL, 0, 0, TT_DTYPE_NONE, &loss) == TT_OK) {
      tt_backward(loss);
    }
    tt_scope_end(scope);
  }
  OK(tt_autocast_init(sizeof autocast, &autocast));
  if (tt_set_autocast(TT_CPU, &autocast, NULL) == TT_OK) tt_set_autocast(TT_CPU, NULL, NULL);
  CHECK(tt_mm(NULL, NULL, &none) != TT_OK);
  CHECK(strncmp(tt_last_error(), "tt_mm: ", 7) == 0 && strlen(tt_last_error()) > 7);
  CHECK(tt_last_status() == TT_ERR_INVALID_ARGUMENT || tt_last_status() == TT_ERR_OUT_OF_MEMORY);
}

static void* without_memory(void* argument) {
  allocations_left = *(const long*)argument;
  use_everything();
  allocations_left = -1;
  return NULL;
}

static void* scopes_left_open(void* argument) {
  const int64_t sizes[1] = {1000};
  tt_tensor* x = NULL;
  use_everything();
  for (int i = 0; i < 3; ++i) {
    tt_scope scope;
    OK(tt_scope_begin(&scope));
    OK(tt_full(sizes, 1, 1, TT_FLOAT32, &x));
  }
  return argument;
}

/* Rounds of destructors that the host's key asks for; its destructor uses the library in each. */
static pthread_key_t key;
static _Thread_local int rounds_left = 0;
static void at_thread_end(void* value) {
  use_everything();
  scopes_left_open(NULL);
  if (--rounds_left > 0) pthread_setspecific(key, value);
}

static void* late_calls(void* argument) {
  rounds_left = *(const int*)argument;
  CHECK(pthread_setspecific(key, &key) == 0);
  if (rounds_left % 2 == 0) use_everything();
  return NULL;
}

static void run(void* (*body)(void*), void* argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, body, argument) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

/* After one such thread, the next ones leave nothing behind. */
static void leaves_nothing(void* (*body)(void*), void* argument, const char* what, long value) {
  run(body, argument);
  const long before = blocks;
  for (int i = 0; i < 5; ++i) run(body, argument);
  if (blocks != before) fprintf(stderr, "%s, %ld: %ld blocks remain\n", what, value, blocks - before);
  CHECK(blocks == before);
}

int main(void) {
  OK(tt_set_num_threads(1));
  CHECK(pthread_key_create(&key, at_thread_end) == 0);
  use_everything();
  for (long n = 0; n < 80; ++n) leaves_nothing(without_memory, &n, "failing after", n);
  leaves_nothing(scopes_left_open, NULL, "scopes left open", 0);
  for (int rounds = 1; rounds <= 3; ++rounds) leaves_nothing(late_calls, &rounds, "late calls", rounds);
  return finish("thread_ends");
}
#endif
