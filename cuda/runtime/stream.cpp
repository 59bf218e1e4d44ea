#include "cuda/runtime/stream.h"

#include "cuda/runtime/caching_allocator.h"
#include "cuda/runtime/common.h"
#include "cuda/matmul/cublas.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/fork.h"
#include "cuda/runtime/memory.h"

namespace tt::cuda {

namespace {

cudaStream_t stream_of(void* handle) { return static_cast<cudaStream_t>(handle); }
cudaEvent_t event_of(void* handle) { return static_cast<cudaEvent_t>(handle); }

// Whether a query's answer is that the work is done.
bool is_done(cudaError_t answer, const char* call) {
  if (answer == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  if (answer != cudaSuccess) fail_cuda(answer, call);
  return true;
}

}  // namespace

void* CudaStreams::create_stream(Device device) {
  const DeviceGuard guard(device.index);
  cudaStream_t stream = nullptr;
  TT_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

void CudaStreams::destroy_stream(Device device, void* handle, bool created) noexcept {
  if (in_forked_child()) return;
  const DeviceGuard guard(device.index);
  cudaStream_t stream = stream_of(handle);
  if (cudaStreamSynchronize(stream) != cudaSuccess) cudaGetLastError();
  // The thread that chose it may be ending.
  if (cuda::current_stream() == stream) cuda::set_current_stream(cuda::shared_stream());
  forget_blas(stream);
  allocator().retire(stream);
  if (created && cudaStreamDestroy(stream) != cudaSuccess) cudaGetLastError();
}

void* CudaStreams::shared_stream(Device device) {
  const DeviceGuard guard(device.index);
  return cuda::shared_stream();
}

void* CudaStreams::current_stream(Device device) {
  const DeviceGuard guard(device.index);
  return cuda::current_stream();
}

void CudaStreams::set_current_stream(Device device, void* stream) {
  const DeviceGuard guard(device.index);
  refuse_capture("changes the stream");
  cuda::set_current_stream(stream_of(stream));
}

void CudaStreams::synchronize_stream(Device device, void* stream) {
  const DeviceGuard guard(device.index);
  refuse_capture("waits for the device");
  TT_CUDA_CHECK(cudaStreamSynchronize(stream_of(stream)));
  check_faults();
}

bool CudaStreams::stream_done(Device device, void* stream) {
  const DeviceGuard guard(device.index);
  refuse_capture("asks the device how far it is");
  return is_done(cudaStreamQuery(stream_of(stream)), "cudaStreamQuery");
}

void* CudaStreams::create_event(Device device, bool timed) {
  const DeviceGuard guard(device.index);
  cudaEvent_t event = nullptr;
  TT_CUDA_CHECK(cudaEventCreateWithFlags(&event, timed ? cudaEventDefault : cudaEventDisableTiming));
  return event;
}

void CudaStreams::destroy_event(Device device, void* event) noexcept {
  if (in_forked_child()) return;
  const DeviceGuard guard(device.index);
  if (cudaEventDestroy(event_of(event)) != cudaSuccess) cudaGetLastError();
}

void CudaStreams::record_event(Device device, void* event, void* stream) {
  const DeviceGuard guard(device.index);
  refuse_capture("records an event");
  TT_CUDA_CHECK(cudaEventRecord(event_of(event), stream_of(stream)));
}

void CudaStreams::wait_event(Device device, void* stream, void* event) {
  const DeviceGuard guard(device.index);
  refuse_capture("waits for an event");
  TT_CUDA_CHECK(cudaStreamWaitEvent(stream_of(stream), event_of(event), 0));
}

void CudaStreams::synchronize_event(Device device, void* event) {
  const DeviceGuard guard(device.index);
  refuse_capture("waits for the device");
  TT_CUDA_CHECK(cudaEventSynchronize(event_of(event)));
  check_faults();
}

bool CudaStreams::event_done(Device device, void* event) {
  const DeviceGuard guard(device.index);
  refuse_capture("asks the device how far it is");
  return is_done(cudaEventQuery(event_of(event)), "cudaEventQuery");
}

double CudaStreams::milliseconds_between(Device device, void* start, void* end) {
  const DeviceGuard guard(device.index);
  float milliseconds = 0;
  TT_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, event_of(start), event_of(end)));
  return milliseconds;
}

void CudaStreams::add_user(Device device, void* data, void* stream) {
  const DeviceGuard guard(device.index);
  allocator().add_user(data, stream);
}

}  // namespace tt::cuda
