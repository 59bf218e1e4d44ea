/* TinyTorch: CUDA devices and their memory. The backend is a library of its own, libtinytorch_cuda.so, which
 * is loaded when a device is first asked for; without it, or without a device, everything else works. Calls
 * for a device start work and return; tt_cuda_synchronize, reading values and copies to the host wait. So
 * what only the device sees to be wrong (an index or a class out of range, a probability, an integer divisor
 * of zero) is the error of a later call for the device, at the latest of the next that waits. */
#ifndef TINYTORCH_CUDA_H_
#define TINYTORCH_CUDA_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 where there is a device to work on, else 0; never fails for lack of one. */
TT_API tt_status tt_cuda_is_available(int32_t* out);
/* Why there is none, "no CUDA backend: ..."; "" where there is one. Written as tt_tensor_to_string does. */
TT_API tt_status tt_cuda_unavailable_reason(char* buffer, size_t capacity, size_t* length);
/* 0 where there is none. */
TT_API tt_status tt_cuda_device_count(int32_t* out);

/* The device that the thread means by the index -1, wherever one is taken: the first one at start. */
TT_API tt_status tt_cuda_set_current_device(int32_t index);
TT_API tt_status tt_cuda_get_current_device(int32_t* out);

/* The calls below take a device's index: TT_ERR_DEVICE where there is no such device. */

typedef struct tt_cuda_device {
  size_t struct_size;
  char name[256];          /* "NVIDIA H200" */
  int32_t major, minor;    /* compute capability */
  int32_t multiprocessors; /* streaming multiprocessors */
  int64_t total_memory;    /* bytes */
  int64_t free_memory;     /* bytes that no process holds at this moment */
} tt_cuda_device;
#define TT_CUDA_DEVICE_INIT \
  { sizeof(tt_cuda_device), {0}, 0, 0, 0, 0, 0 }
TT_API tt_status tt_cuda_device_init(size_t struct_size, tt_cuda_device* device);
/* Fills in what struct_size has room for. */
TT_API tt_status tt_cuda_get_device(int32_t index, tt_cuda_device* device);

/* Waits until the device has done the thread's current stream's work; work that failed since is reported
 * here. */
TT_API tt_status tt_cuda_synchronize(int32_t index);

/* ---- memory ----
 * Freed memory is kept for reuse, because taking it from the driver waits for the device. */

/* Bytes. */
typedef struct tt_cuda_memory {
  size_t struct_size;
  int64_t allocated;      /* in use by tensors and by work under way */
  int64_t peak_allocated; /* the most since the start or the last reset */
  int64_t reserved;       /* taken from the driver: in use or kept for reuse */
  int64_t peak_reserved;
  int64_t limit; /* of reserved; 0: none */
} tt_cuda_memory;
#define TT_CUDA_MEMORY_INIT \
  { sizeof(tt_cuda_memory), 0, 0, 0, 0, 0 }
TT_API tt_status tt_cuda_memory_init(size_t struct_size, tt_cuda_memory* memory);
/* Fills in what struct_size has room for. */
TT_API tt_status tt_cuda_get_memory(int32_t index, tt_cuda_memory* memory);
TT_API tt_status tt_cuda_reset_peak_memory(int32_t index);
/* Gives what is kept for reuse back to the driver. */
TT_API tt_status tt_cuda_empty_cache(int32_t index);
/* The most bytes to reserve from now on; a call that would need more fails with TT_ERR_OUT_OF_MEMORY. 0: no
 * limit. Negative: TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_cuda_set_memory_limit(int32_t index, int64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
