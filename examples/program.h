/* What the larger examples share: they stop at the first failure, with a line that begins with PROGRAM, their
 * name; and the numbers of their options. */
#ifndef EXAMPLES_PROGRAM_H_
#define EXAMPLES_PROGRAM_H_

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tinytorch/tinytorch.h"

static inline void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs(PROGRAM ": ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

#define CHECK(call)                                   \
  do {                                                \
    if ((call) != TT_OK) fail("%s", tt_last_error()); \
  } while (0)

static inline double number(const char* option, const char* text, double least, double most) {
  char* end;
  const double value = strtod(text, &end);
  if (*text == '\0' || *end != '\0' || !(value >= least && value <= most)) {
    fail("%s takes a number from %g to %g, not '%s'", option, least, most, text);
  }
  return value;
}

static inline long whole(const char* option, const char* text, double least, double most) {
  const double value = number(option, text, least, most);
  if (value != floor(value)) fail("%s takes a whole number, not '%s'", option, text);
  return (long)value;
}

#endif
