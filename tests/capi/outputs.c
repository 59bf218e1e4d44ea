/* What a call leaves in its outputs when it fails: NULL in every handle, also beside an output that is NULL;
 * a count untouched, unless there is too little room. */
#include <stdint.h>

#include "check.h"

static tt_tensor* const kUntouched = (tt_tensor*)(uintptr_t)64;
enum { kRoom = 4, kNoCount = 77 };

static tt_tensor* outs[kRoom];
static size_t count;

static void touch(void) {
  for (int i = 0; i < kRoom; ++i) outs[i] = kUntouched;
  count = kNoCount;
}
static int all_null(int first) {
  for (int i = 0; i < first; ++i) {
    if (outs[i] != NULL) return 0;
  }
  return 1;
}

#define FAILS_CLEARING(call, number, status, text) \
  do {                                             \
    touch();                                       \
    FAILS(call, status, text);                     \
    CHECK(all_null(number));                       \
    CHECK(count == kNoCount);                      \
  } while (0)

static void lists(void) {
  const int64_t sizes[] = {6}, wrong[] = {1, 2, 2}, negative[] = {7, -1}, right[] = {1, 2, 3};
  tt_tensor *x = NULL, *scalar = NULL;
  OK(tt_ones(sizes, 1, TT_FLOAT32, &x));
  OK(tt_scalar(1, TT_FLOAT32, &scalar));
  FAILS_CLEARING(tt_split_with_sizes(x, wrong, 3, 0, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "sum");
  FAILS_CLEARING(tt_split_with_sizes(x, negative, 2, 0, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "-1");
  FAILS_CLEARING(tt_split_with_sizes(x, right, 3, 2, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "2");
  FAILS_CLEARING(tt_split_with_sizes(x, wrong, 3, 0, NULL, 0, &count), 0, TT_ERR_SHAPE, "sum");
  FAILS_CLEARING(tt_unbind(scalar, 0, outs, kRoom, &count), kRoom, TT_ERR_SHAPE, "no dimensions");
  FAILS_CLEARING(tt_unbind(scalar, 0, NULL, 0, &count), 0, TT_ERR_SHAPE, "no dimensions");
  FAILS_CLEARING(tt_chunk(x, 0, 0, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT, "chunks");

  FAILS_CLEARING(tt_chunk(x, 2, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_split(x, 2, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_unbind(x, 0, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");
  FAILS_CLEARING(tt_nonzero_tuple(x, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT, "count is NULL");

  touch();
  FAILS(tt_unbind(x, 0, outs, kRoom, &count), TT_ERR_INVALID_ARGUMENT, "room for 4");
  CHECK(count == 6 && all_null(kRoom));
  touch();
  FAILS(tt_split_with_sizes(x, right, 3, 0, outs, 2, &count), TT_ERR_INVALID_ARGUMENT, "room for 2");
  CHECK(count == 3 && all_null(2) && outs[2] == kUntouched);
  OK(tt_split_with_sizes(x, right, 3, 0, NULL, 0, &count));
  CHECK(count == 3);
  OK(tt_scope_begin());
  touch();
  OK(tt_split_with_sizes(x, right, 3, 0, outs, kRoom, &count));
  CHECK(count == 3 && at(outs[2], 2) == 1.0F && outs[3] == NULL);
  OK(tt_scope_end());

  tt_module* linear = NULL;
  OK(tt_nn_linear(2, 1, 1, &linear));
  FAILS_CLEARING(tt_module_parameters(linear, outs, kRoom, NULL), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "count is NULL");
  FAILS_CLEARING(tt_module_parameters(NULL, outs, kRoom, &count), kRoom, TT_ERR_INVALID_ARGUMENT,
                 "module is NULL");
  FAILS_CLEARING(tt_module_parameters(linear, NULL, 1, &count), 0, TT_ERR_INVALID_ARGUMENT,
                 "parameters is NULL");
  touch();
  OK(tt_module_parameters(linear, outs, 1, &count));
  CHECK(count == 2 && outs[1] == kUntouched);
  tt_tensor_release(outs[0]);
  tt_module_release(linear);
  tt_tensor_release(x);
  tt_tensor_release(scalar);
}

/* The call fails for want of one output, with the other in place of it. */
#define PAIR(name, first, second, ...)                                                                \
  do {                                                                                                \
    FAILS_CLEARING(name(__VA_ARGS__, NULL, &outs[0]), 1, TT_ERR_INVALID_ARGUMENT, first " is NULL");  \
    FAILS_CLEARING(name(__VA_ARGS__, &outs[0], NULL), 1, TT_ERR_INVALID_ARGUMENT, second " is NULL"); \
    touch();                                                                                          \
    OK(name(__VA_ARGS__, &outs[0], &outs[1]));                                                        \
    CHECK(outs[0] != outs[1]);                                                                        \
    tt_tensor_release(outs[0]);                                                                       \
    tt_tensor_release(outs[1]);                                                                       \
  } while (0)

static void pairs(void) {
  const int64_t sizes[] = {1, 1, 4, 4}, two[] = {2, 2}, none[] = {0, 0}, one[] = {1, 1};
  tt_tensor* x = NULL;
  OK(tt_ones(sizes, 4, TT_FLOAT32, &x));
  PAIR(tt_sort, "values", "indices", x, -1, 0, 0);
  PAIR(tt_topk, "values", "indices", x, 2, -1, 1, 1);
  PAIR(tt_kthvalue, "values", "indices", x, 2, -1, 0);
  PAIR(tt_max_dim, "values", "indices", x, -1, 0);
  PAIR(tt_min_dim, "values", "indices", x, -1, 0);
  PAIR(tt_median_dim, "values", "indices", x, -1, 0);
  PAIR(tt_max_pool2d_with_indices, "out", "indices", x, two, two, none, one, 0);
  FAILS_CLEARING(tt_unique(x, 1, NULL, &outs[0], &outs[1]), 2, TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS_CLEARING(tt_read_cifar10("no such file", &outs[0], NULL), 1, TT_ERR_INVALID_ARGUMENT, "labels");
  FAILS_CLEARING(tt_read_cifar10("no such file", NULL, &outs[0]), 1, TT_ERR_INVALID_ARGUMENT, "images");
  FAILS_CLEARING(tt_read_cifar10("no such file", &outs[0], &outs[1]), 2, TT_ERR_IO, "no such file");
  FAILS_CLEARING(tt_read_cifar100("no such file", NULL, &outs[0], &outs[1]), 2, TT_ERR_INVALID_ARGUMENT,
                 "images");
  FAILS_CLEARING(tt_read_cifar100("no such file", &outs[0], &outs[1], NULL), 2, TT_ERR_INVALID_ARGUMENT,
                 "fine_labels");
  tt_tensor_release(x);
}

int main(void) {
  lists();
  pairs();
  return finish("outputs");
}
