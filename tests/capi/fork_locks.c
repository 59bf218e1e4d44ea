/* A process forks while other threads of it are inside the library, wherever that keeps a lock: the child
 * finds none of them taken. */
#define _XOPEN_SOURCE 700
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* The sanitizers' allocators have locks of their own, which they leave taken in the child. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int main(void) { return 77; }
#else

static atomic_int stop = 0;

/* Every call that takes a lock: of generators, the memory cache, printing, graphs' memory, streams, the
 * plug-in. */
static void use_locks(tt_generator* generator) {
  const int64_t sizes[2] = {40, 40};
  char text[64];
  tt_tensor *a = NULL, *b = NULL;
  tt_graph* graph = NULL;
  tt_stream* stream = NULL;
  tt_generator* other = NULL;
  tt_print_options options = TT_PRINT_OPTIONS_INIT;
  size_t length = 0;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  OK(tt_manual_seed(1));
  OK(tt_randn(sizes, 2, NULL, TT_FLOAT32, &a));
  OK(tt_randn(sizes, 2, generator, TT_FLOAT32, &a));
  OK(tt_generator_new(TT_PHILOX, 1, &other));
  OK(tt_generator_manual_seed(other, 2));
  tt_generator_release(other);
  OK(tt_mm(a, a, &b));
  OK(tt_set_print_options(&options));
  OK(tt_tensor_to_string(b, text, sizeof text, &length));
  if (tt_graph_new(TT_CPU, 0, &graph) == TT_OK && tt_graph_capture_begin(graph) == TT_OK) {
    OK(tt_add(a, b, &b));
    OK(tt_graph_capture_end(graph));
    OK(tt_graph_replay(graph));
  }
  OK(tt_scope_end(scope));
  tt_graph_release(graph);
  (void)tt_stream_get_current(TT_CUDA, 0, &stream); /* fails where there is no device */
  tt_stream_release(stream);
}

static void* keep_using(void* generator) {
  while (!stop) use_locks(generator);
  return NULL;
}

int main(void) {
  enum { kThreads = 3, kForks = 150 };
  pthread_t threads[kThreads];
  tt_generator* generator = NULL;
  OK(tt_generator_new(TT_MT19937, 3, &generator));
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, keep_using, generator) == 0);
  for (int i = 0; i < kForks && check_failures == 0; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60); /* a child that hangs is a failure, not a wait */
      use_locks(generator);
      _exit(finish("fork_locks, the child"));
    }
    CHECK(child > 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = 1;
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  tt_generator_release(generator);
  return finish("fork_locks");
}

#endif
