/* Four threads train four models as one thread would; each thread has an error message, a grad mode and
 * scopes of its own; references are counted from several threads. */
#define _XOPEN_SOURCE 700 /* barriers */
#include <pthread.h>

#include "check.h"
#include "model.h"

enum { kThreads = 4, kSteps = 60 };

typedef struct {
  uint64_t seed;
  int index;
  tt_status status;
  double first_loss;
  double last_loss;
  float values[kModelValues];
  int message_right;
  int mode_right;
} Job;

static tt_tensor* shared_weight = NULL;

static void* train(void* argument) {
  Job* job = argument;
  Model model;
  job->status = model_new(job->seed, &model);
  for (int step = 0; step < kSteps && job->status == TT_OK; ++step) {
    job->status = model_step(&model, &job->last_loss);
    if (step == 0) job->first_loss = job->last_loss;
  }
  if (job->status == TT_OK) job->status = model_read(&model, job->values);
  model_free(&model);
  return NULL;
}

static int train_all(Job jobs[kThreads], int at_once) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    memset(&jobs[i], 0, sizeof jobs[i]);
    jobs[i].seed = (uint64_t)(100 + i);
    if (!at_once) {
      train(&jobs[i]);
    } else if (pthread_create(&threads[i], NULL, train, &jobs[i]) != 0) {
      return 0;
    }
  }
  for (int i = 0; i < kThreads && at_once; ++i) pthread_join(threads[i], NULL);
  return 1;
}

static void training(void) {
  static Job together[kThreads], alone[kThreads];
  CHECK(train_all(together, 1));
  CHECK(train_all(alone, 0));
  for (int i = 0; i < kThreads; ++i) {
    CHECK(together[i].status == TT_OK && alone[i].status == TT_OK);
    CHECK(together[i].last_loss < together[i].first_loss);
    CHECK(together[i].first_loss == alone[i].first_loss && together[i].last_loss == alone[i].last_loss);
    CHECK(memcmp(together[i].values, alone[i].values, sizeof alone[i].values) == 0);
    CHECK(i == 0 || together[i].last_loss != together[0].last_loss);
  }
}

static pthread_barrier_t barrier;

/* Every thread fails in another way, and all look at their messages after all have failed. */
static void* fail_alone(void* argument) {
  Job* job = argument;
  const int64_t size = -1 - job->index;
  char expected[32];
  tt_tensor* out = NULL;
  int32_t enabled = -1;
  job->message_right = strcmp(tt_last_error(), "") == 0;
  if (job->index % 2 == 0) tt_set_grad_enabled(0, NULL);
  tt_zeros(&size, 1, TT_FLOAT32, &out);
  pthread_barrier_wait(&barrier);
  snprintf(expected, sizeof expected, "%d", (int)size);
  job->message_right = job->message_right && strstr(tt_last_error(), expected) != NULL &&
                       strncmp(tt_last_error(), "tt_zeros: ", 10) == 0 && tt_last_status() == TT_ERR_SHAPE;
  tt_is_grad_enabled(&enabled);
  job->mode_right = enabled == (job->index % 2 != 0);
  /* An open scope goes with its thread. */
  tt_scope scope;
  tt_scope_begin(&scope);
  tt_add_scalar(shared_weight, 1, &out);
  return NULL;
}

static void thread_state(void) {
  pthread_t threads[kThreads];
  static Job jobs[kThreads];
  const float values[] = {1, 2};
  shared_weight = vector_of(values, 2);
  CHECK(pthread_barrier_init(&barrier, NULL, kThreads) == 0);
  for (int i = 0; i < kThreads; ++i) {
    jobs[i].index = i;
    CHECK(pthread_create(&threads[i], NULL, fail_alone, &jobs[i]) == 0);
  }
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(jobs[i].message_right);
    CHECK(jobs[i].mode_right);
  }
  pthread_barrier_destroy(&barrier);
  CHECK(strcmp(tt_last_error(), "") == 0); /* nothing of theirs is here */
  tt_tensor_release(shared_weight);
}

/* Reading one tensor, and taking and giving back references to it. */
static void* use_shared(void* argument) {
  Job* job = argument;
  for (int i = 0; i < 2000; ++i) {
    tt_tensor* mine = tt_tensor_retain(shared_weight);
    tt_tensor* out = NULL;
    if (tt_mul(mine, mine, &out) != TT_OK || at(out, 1) != 4.0F) {
      job->status = TT_ERR_INTERNAL;
    }
    tt_tensor_release(out);
    tt_tensor_release(mine);
  }
  return NULL;
}

static void sharing(void) {
  pthread_t threads[kThreads];
  static Job jobs[kThreads];
  const float values[] = {1, 2};
  shared_weight = vector_of(values, 2);
  OK(tt_tensor_set_requires_grad(shared_weight, 1));
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, use_shared, &jobs[i]) == 0);
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(jobs[i].status == TT_OK);
  }
  CHECK(at(shared_weight, 0) == 1.0F);
  tt_tensor_release(shared_weight);
}

/* A tensor made on one thread, freed on another after the first is gone. */
static void* make_one(void* argument) {
  Job* job = argument;
  const int64_t size = 1 + 3000 * job->index;
  tt_tensor* a = NULL;
  job->status = tt_ones(&size, 1, TT_FLOAT32, &a);
  return a;
}

static void handing_over(void) {
  for (int i = 0; i < kThreads; ++i) {
    pthread_t thread;
    Job job;
    void* result = NULL;
    memset(&job, 0, sizeof job);
    job.index = i;
    CHECK(pthread_create(&thread, NULL, make_one, &job) == 0);
    pthread_join(thread, &result);
    CHECK(result != NULL && at(result, 0) == 1.0F);
    tt_tensor_release(result);
  }
}

int main(void) {
  thread_state();
  sharing();
  handing_over();
  training();
  return finish("threads");
}
