/* What the parts of airbench share: it has nothing to save, so it stops at the first failure, with a line. */
#ifndef AIRBENCH_PROGRAM_H_
#define AIRBENCH_PROGRAM_H_

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../device.h"
#include "tinytorch/tinytorch.h"

static inline void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("airbench: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

#define CHECK(call)                                   \
  do {                                                \
    if ((call) != TT_OK) fail("%s", tt_last_error()); \
  } while (0)

static inline double item(const tt_tensor* tensor) {
  double value;
  CHECK(tt_tensor_item(tensor, &value));
  return value;
}

/* tensor.to(device); a new reference, or the scope's. */
static inline tt_tensor* to(const tt_tensor* tensor, Device device) {
  tt_tensor* out;
  CHECK(tt_to_device(tensor, device.type, device.index, &out));
  return out;
}

#endif
