/* What the programs that time something share: they end where a call fails. */
#ifndef BENCH_TIMING_H_
#define BENCH_TIMING_H_

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tinytorch/tinytorch.h"

#define CHECK(call)                                                        \
  do {                                                                     \
    if ((call) != TT_OK) {                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, tt_last_error()); \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

/* Seconds. */
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* For qsort. */
static inline int compare_doubles(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

#endif
