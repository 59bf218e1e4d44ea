/* What the parts of airbench share. */
#ifndef AIRBENCH_PROGRAM_H_
#define AIRBENCH_PROGRAM_H_

#define PROGRAM "airbench"
#include "../device.h"
#include "../program.h"

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
