/* A graph that is released while it is being captured: the capture is over, and its memory is given back. */
#include <pthread.h>

#include "live_blocks.h"

static int32_t capturing(void) {
  int32_t now = -1;
  OK(tt_graph_is_capturing(TT_CPU, 0, &now));
  return now;
}

/* Work whose results the caller lets go of. */
static void work(const tt_tensor* x) {
  int i;
  for (i = 0; i < 3; ++i) {
    tt_tensor* y = NULL;
    OK(tt_exp(x, &y));
    tt_tensor_release(y);
  }
}

static void released(const tt_tensor* x, int references) {
  const int64_t before = live_blocks;
  tt_tensor* y = NULL;
  tt_graph* graph = NULL;
  int i;
  OK(tt_graph_new(TT_CPU, 0, &graph));
  for (i = 1; i < references; ++i) CHECK(tt_graph_retain(graph) == graph);
  OK(tt_graph_capture_begin(graph));
  work(x);
  for (i = 1; i < references; ++i) tt_graph_release(graph);
  CHECK(capturing() == 1); /* somebody holds it still */
  work(x);
  tt_graph_release(graph);
  CHECK(capturing() == 0);
  CHECK(live_blocks == before);

  OK(tt_exp(x, &y)); /* done, not noted */
  CHECK(at(y, 0) == 1.0F);
  tt_tensor_release(y);

  OK(tt_graph_new(TT_CPU, 0, &graph)); /* and another can be captured */
  OK(tt_graph_capture_begin(graph));
  OK(tt_graph_capture_end(graph));
  tt_graph_release(graph);
  CHECK(live_blocks == before);
}

static void* release_there(void* graph) {
  tt_graph_release((tt_graph*)graph);
  return NULL;
}

/* Another thread's release leaves the capture to the one that makes it. */
static void released_elsewhere(const tt_tensor* x) {
  const int64_t before = live_blocks;
  pthread_t thread;
  tt_graph* graph = NULL;
  OK(tt_graph_new(TT_CPU, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  CHECK(pthread_create(&thread, NULL, release_there, graph) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(capturing() == 1);
  work(x);
  OK(tt_graph_capture_end(graph));
  CHECK(capturing() == 0);
  CHECK(live_blocks == before);
}

int main(void) {
  const float zero = 0;
  tt_tensor* x;
  count_live_blocks();
  x = vector_of(&zero, 1);
  work(x);
  released(x, 1);
  released(x, 3);
  released_elsewhere(x);
  tt_tensor_release(x);
  return finish("graph_release");
}
