/* As much of the NVIDIA driver, libcuda.so.1, as card.py calls: one device of compute capability 9.0, whose
 * copies of n bytes take n / 1e12 seconds. The environment's FAKE_DRIVER is what cuInit returns, if that is
 * not 0. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t address;

static double s_clock;       /* seconds of copies so far */
static double s_events[256]; /* when each event was recorded */
static int s_event_count;

int cuInit(unsigned flags) {
  const char* status = getenv("FAKE_DRIVER");
  (void)flags;
  return status == NULL ? 0 : atoi(status);
}

int cuGetErrorString(int error, const char** text) {
  *text = error == 999 ? "unknown error of the fake" : "other error of the fake";
  return 0;
}

int cuDriverGetVersion(int* version) {
  *version = 13010;
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = 2;
  return 0;
}

int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}

int cuDeviceGetName(char* name, int size, int device) {
  (void)device;
  strncpy(name, "Fake GPU", (size_t)size);
  return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  (void)device;
  *bytes = (size_t)80 << 30;
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 13: /* kHz */
      *value = 2000000;
      return 0;
    case 16:
      *value = 100;
      return 0;
    case 36: /* kHz */
      *value = 1000000;
      return 0;
    case 37: /* bits */
      *value = 4096;
      return 0;
    case 75:
      *value = 9;
      return 0;
    case 76:
      *value = 0;
      return 0;
    default:
      return 1;
  }
}

int cuDevicePrimaryCtxRetain(void** context, int device) {
  (void)device;
  *context = &s_clock;
  return 0;
}

int cuCtxSetCurrent(void* context) { return context == &s_clock ? 0 : 201; }

int cuMemGetInfo_v2(size_t* available, size_t* total) {
  *available = *total = (size_t)80 << 30;
  return 0;
}

int cuMemAlloc_v2(address* out, size_t size) {
  static address next = (address)1 << 40;
  *out = next;
  next += size;
  return 0;
}

int cuMemsetD8_v2(address to, unsigned char value, size_t size) {
  (void)value;
  (void)size;
  return to == 0;
}

int cuMemcpyDtoDAsync_v2(address to, address from, size_t size, void* stream) {
  (void)stream;
  s_clock += (double)size / 1e12;
  return to == from;
}

int cuEventCreate(void** event, unsigned flags) {
  (void)flags;
  *event = &s_events[s_event_count++];
  return 0;
}

int cuEventRecord(double* event, void* stream) {
  (void)stream;
  *event = s_clock;
  return 0;
}

int cuEventSynchronize(double* event) { return event == NULL; }

int cuEventElapsedTime(float* milliseconds, const double* begin, const double* end) {
  *milliseconds = (float)(1e3 * (*end - *begin));
  return 0;
}
