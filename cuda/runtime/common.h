// What every file of the backend uses: checks of CUDA calls, the device and the stream of the calling thread.
#pragma once

#include <cuda_runtime_api.h>

#include "base/device.h"
#include "base/error.h"

namespace tt::cuda {

// Devices beyond these are not used.
inline constexpr int kMaxDevices = 64;

// Throws tt::Error: kOutOfMemory for a failed allocation, else kCuda. `call` is the call's text; its name
// goes into the message. An error that spoils the device's context stays, so it is what every later call
// reports; any other is forgotten, so that the next call is not blamed for it.
[[noreturn, gnu::cold, gnu::noinline]] void fail_cuda(cudaError_t error, const char* call);

#define TT_CUDA_CHECK(call)                                                                             \
  do {                                                                                                  \
    const cudaError_t tt_cuda_error = (call);                                                           \
    if (__builtin_expect(tt_cuda_error != cudaSuccess, 0)) ::tt::cuda::fail_cuda(tt_cuda_error, #call); \
  } while (0)

// 0 where CUDA does not work.
int device_count() noexcept;

// The device that the thread's calls are for, which is also CUDA's current one.
int current_device() noexcept;
void select_device(int device) noexcept;

// Makes `device` the thread's for a while.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) noexcept : before_(current_device()) { select_device(device); }
  ~DeviceGuard() {
    if (before_ != current_device()) select_device(before_);
  }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  const int before_;
};

// The stream that the thread's calls for its device go to. Unless the thread has chosen another, it is the
// device's shared one, which all threads use, so that what one thread starts is done before what another
// starts later.
cudaStream_t current_stream();
cudaStream_t shared_stream();
void set_current_stream(cudaStream_t stream);

// Whether the thread's calls for its device go into a graph instead of being done.
bool capturing() noexcept;
void set_capturing(bool on);
// Fails while they do: "this cannot be captured: " and what it does that a replay could not do again.
void refuse_capture(const char* why);

// What kernels are sized by.
struct DeviceProperties {
  int multiprocessors;
  int threads_per_multiprocessor;
  int shared_bytes;        // per block
  int shared_bytes_optin;  // per block, for kernels that ask for it
  int major, minor;
  char name[256];
};
const DeviceProperties& device_properties();  // of the thread's device

// Waits for the thread's stream and reports what went wrong on it.
void synchronize();

}  // namespace tt::cuda
