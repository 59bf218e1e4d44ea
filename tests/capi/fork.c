/* A process that has trained on several threads forks; the child trains on, by itself, to the same numbers.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "model.h"

/* Large enough for every thread of the pool to take part. */
static void large_work(void) {
  const int64_t sizes[2] = {512, 512};
  tt_tensor *a = NULL, *b = NULL, *c = NULL, *d = NULL, *sum = NULL;
  OK(tt_full(sizes, 2, 0.5, TT_FLOAT32, &a));
  OK(tt_mm(a, a, &b));
  OK(tt_add(b, a, &c));
  OK(tt_tanh(c, &d));
  OK(tt_sum(c, NULL, 0, 0, TT_DTYPE_NONE, &sum));
  CHECK(item(sum) == 512.0 * 512.0 * 128.5);
  tt_tensor_release(sum);
  tt_tensor_release(d);
  tt_tensor_release(c);
  tt_tensor_release(b);
  tt_tensor_release(a);
}

static void steps(Model* model, int count, double* loss) {
  for (int i = 0; i < count; ++i) OK(model_step(model, loss));
}

int main(void) {
  Model model, whole;
  double loss = 0, expected = 0;
  OK(tt_set_num_threads(4));
  OK(model_new(5, &whole));
  steps(&whole, 20, &expected);
  OK(model_new(5, &model));
  steps(&model, 10, &loss);
  large_work();
  for (int round = 0; round < 3; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(120); /* a child that hangs is a failure, not a wait */
      large_work();
      steps(&model, 10, &loss);
      CHECK(loss == expected);
      FAILS(tt_mm(model.input, model.input, NULL), TT_ERR_INVALID_ARGUMENT, "NULL");
      model_free(&model);
      model_free(&whole);
      _exit(finish("fork, the child"));
    }
    CHECK(child > 0);
    large_work(); /* the parent goes on meanwhile */
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  steps(&model, 10, &loss);
  CHECK(loss == expected);
  model_free(&model);
  model_free(&whole);
  return finish("fork");
}
