/* The device that a program works on, by its name. */
#ifndef EXAMPLES_DEVICE_H_
#define EXAMPLES_DEVICE_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tinytorch/tinytorch.h"

typedef struct {
  tt_device_type type;
  int32_t index;
} Device;

/* "cpu", "cuda" (the first) or "cuda:N". NULL, or why there is no such device: a line, valid until the next
 * call. */
static inline const char* device_from(const char* name, Device* out) {
  static char reason[640];
  tt_cuda_device properties = TT_CUDA_DEVICE_INIT;
  char* end = NULL;
  long index = 0;
  out->type = TT_CPU;
  out->index = 0;
  if (strcmp(name, "cpu") == 0) return NULL;
  if (strncmp(name, "cuda:", 5) == 0 && name[5] >= '0' && name[5] <= '9') index = strtol(name + 5, &end, 10);
  if (strcmp(name, "cuda") != 0 && (end == NULL || *end != '\0' || index > 1000)) {
    snprintf(reason, sizeof reason, "a device is cpu, cuda or cuda:N, not '%.64s'", name);
    return reason;
  }
  if (tt_cuda_get_device((int32_t)index, &properties) != TT_OK) {
    snprintf(reason, sizeof reason, "%.600s", tt_last_error());
    return reason;
  }
  out->type = TT_CUDA;
  out->index = (int32_t)index;
  return NULL;
}

/* Waits until the device has done what it was asked to; the CPU has when a call returns. */
static inline tt_status device_wait(Device device) {
  return device.type == TT_CUDA ? tt_cuda_synchronize(device.index) : TT_OK;
}

#endif
