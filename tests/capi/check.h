/* What the C programs check with. A program's exit status is finish(). */
#ifndef TESTS_CAPI_CHECK_H_
#define TESTS_CAPI_CHECK_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tinytorch/tinytorch.h"

static int check_failures = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      ++check_failures;                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* The call succeeds. */
#define OK(call)                                                                                          \
  do {                                                                                                    \
    const tt_status ok_status = (call);                                                                   \
    if (ok_status != TT_OK) {                                                                             \
      ++check_failures;                                                                                   \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, tt_status_name(ok_status), tt_last_error()); \
    }                                                                                                     \
  } while (0)

/* The call fails with a status and a message that has `text` in it; "tt_add: input is NULL" starts with the
 * call's name. */
#define FAILS(call, status, text) check_fails((call), (status), (text), #call, __FILE__, __LINE__)

static inline void check_fails(tt_status got, tt_status want, const char* text, const char* call,
                               const char* file, int line) {
  const char* name_end = strchr(call, '(');
  const size_t name_length = name_end != NULL ? (size_t)(name_end - call) : strlen(call);
  const char* message = tt_last_error();
  if (got != want || tt_last_status() != want) {
    ++check_failures;
    fprintf(stderr, "%s:%d: %s gave %s, expected %s (%s)\n", file, line, call, tt_status_name(got),
            tt_status_name(want), message);
    return;
  }
  if (strncmp(message, call, name_length) != 0 || strncmp(message + name_length, ": ", 2) != 0 ||
      strstr(message, text) == NULL) {
    ++check_failures;
    fprintf(stderr, "%s:%d: the message of %s is \"%s\", expected \"%s\" in it\n", file, line, call, message,
            text);
  }
}

static inline int finish(const char* program) {
  if (check_failures != 0) fprintf(stderr, "%s: %d checks failed\n", program, check_failures);
  return check_failures != 0;
}

/* A float32 vector. */
static inline tt_tensor* vector_of(const float* values, int64_t count) {
  tt_tensor* out = NULL;
  OK(tt_from_data(values, &count, 1, TT_FLOAT32, &out));
  return out;
}

static inline double item(const tt_tensor* tensor) {
  double value = -1;
  OK(tt_tensor_item(tensor, &value));
  return value;
}

/* Element i of a contiguous float32 tensor. */
static inline float at(const tt_tensor* tensor, int64_t i) {
  void* data = NULL;
  OK(tt_tensor_data(tensor, &data));
  return data != NULL ? ((const float*)data)[i] : -1.0F;
}

#endif
