#include "cuda/runtime/common.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/thread_state.h"
#include "cuda/runtime/fault.h"

namespace tt::cuda {

namespace {

thread_local int t_device = 0;

struct PerDevice {
  std::mutex mutex;
  std::atomic<cudaStream_t> stream{nullptr};
  std::atomic<bool> known{false};
  DeviceProperties properties;
};
PerDevice& per_device(int device) {
  static PerDevice* devices = new PerDevice[kMaxDevices];  // outlives every handle
  return devices[device];
}

// What a thread has chosen for a device; most choose nothing.
struct Choice {
  cudaStream_t stream = nullptr;
  bool chosen = false;  // a stream may be null: the host's default stream
  bool capturing = false;
};
// For each device; null: nothing is chosen.
thread_local Choice* t_choices = nullptr;

Choice& own_choice() {
  if (t_choices == nullptr) {
    need_until_thread_ends(ThreadState::kStreams,
                           []() noexcept { delete[] std::exchange(t_choices, nullptr); });
    t_choices = new Choice[kMaxDevices];
  }
  return t_choices[t_device];
}

bool spoils_context(cudaError_t error) {
  switch (static_cast<int>(error)) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case 226:  // cudaErrorContained, which older toolkits have no name for
    case 721:  // cudaErrorTensorMemoryLeak
      return true;
    default:
      return false;
  }
}

}  // namespace

void fail_cuda(cudaError_t error, const char* call) {
  cudaGetLastError();
  const std::string_view text(call);
  const std::string_view name = text.substr(0, text.find('('));
  if (error == cudaErrorMemoryAllocation) {
    fail(Status::kOutOfMemory, "CUDA out of memory (", name, " on cuda:", t_device, ")");
  }
  if (spoils_context(error)) {
    fail(Status::kCuda, "an earlier call failed on cuda:", t_device, ": ", cudaGetErrorString(error), " (",
         cudaGetErrorName(error), ", found by ", name,
         "); the device cannot be used any more in this process");
  }
  if (error == cudaErrorNoKernelImageForDevice) {
    fail(Status::kCuda, "the CUDA backend was not built for the architecture of cuda:", t_device, " (",
         device_properties().name, ", compute capability ", device_properties().major, ".",
         device_properties().minor, ")");
  }
  fail(Status::kCuda, name, " failed on cuda:", t_device, ": ", cudaGetErrorString(error), " (",
       cudaGetErrorName(error), ")");
}

int device_count() noexcept {
  static const int count = [] {
    int n = 0;
    if (cudaGetDeviceCount(&n) != cudaSuccess) {
      cudaGetLastError();
      n = 0;
    }
    return n < kMaxDevices ? n : kMaxDevices;
  }();
  return count;
}

int current_device() noexcept { return t_device; }

// A failure is that of a context that an earlier call has spoiled: the next call reports it.
void select_device(int device) noexcept {
  t_device = device;
  // The host may have made another device current meanwhile.
  int actual = -1;
  if (cudaGetDevice(&actual) != cudaSuccess || actual != device) cudaSetDevice(device);
}

cudaStream_t current_stream() {
  if (t_choices != nullptr && t_choices[t_device].chosen) return t_choices[t_device].stream;
  return shared_stream();
}

void set_current_stream(cudaStream_t stream) {
  const bool chosen = stream != shared_stream();
  if (t_choices == nullptr && !chosen) return;
  Choice& choice = own_choice();
  choice = {stream, chosen, choice.capturing};
}

bool capturing() noexcept { return t_choices != nullptr && t_choices[t_device].capturing; }

void set_capturing(bool on) {
  if (t_choices != nullptr || on) own_choice().capturing = on;
}

void refuse_capture(const char* why) {
  TT_CHECK(!capturing(), Status::kCuda, "this cannot be captured into a graph: it ", why);
}

cudaStream_t shared_stream() {
  PerDevice& d = per_device(t_device);
  if (cudaStream_t stream = d.stream.load(std::memory_order_acquire)) return stream;
  const std::lock_guard lock(d.mutex);
  cudaStream_t stream = d.stream.load(std::memory_order_relaxed);
  if (stream == nullptr) {
    TT_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    d.stream.store(stream, std::memory_order_release);
  }
  return stream;
}

const DeviceProperties& device_properties() {
  PerDevice& d = per_device(t_device);
  if (d.known.load(std::memory_order_acquire)) return d.properties;
  const std::lock_guard lock(d.mutex);
  if (!d.known.load(std::memory_order_relaxed)) {
    cudaDeviceProp all;
    TT_CUDA_CHECK(cudaGetDeviceProperties(&all, t_device));
    DeviceProperties& p = d.properties;
    p.multiprocessors = all.multiProcessorCount;
    p.threads_per_multiprocessor = all.maxThreadsPerMultiProcessor;
    p.shared_bytes = static_cast<int>(all.sharedMemPerBlock);
    p.shared_bytes_optin = static_cast<int>(all.sharedMemPerBlockOptin);
    p.major = all.major;
    p.minor = all.minor;
    std::memcpy(p.name, all.name, sizeof p.name);
    p.name[sizeof p.name - 1] = '\0';
    d.known.store(true, std::memory_order_release);
  }
  return d.properties;
}

void synchronize() {
  refuse_capture("waits for the device");
  TT_CUDA_CHECK(cudaStreamSynchronize(current_stream()));
  check_faults();
}

}  // namespace tt::cuda
