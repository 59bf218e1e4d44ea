// Streams and events.
#pragma once

#include "device/stream_kernels.h"

namespace tt::cuda {

class CudaStreams final : public StreamKernels {
 public:
  void* create_stream(Device device) override;
  void destroy_stream(Device device, void* stream, bool created) noexcept override;
  void* shared_stream(Device device) override;
  void* current_stream(Device device) override;
  void set_current_stream(Device device, void* stream) override;
  void synchronize_stream(Device device, void* stream) override;
  bool stream_done(Device device, void* stream) override;
  void* create_event(Device device, bool timed) override;
  void destroy_event(Device device, void* event) noexcept override;
  void record_event(Device device, void* event, void* stream) override;
  void wait_event(Device device, void* stream, void* event) override;
  void synchronize_event(Device device, void* event) override;
  bool event_done(Device device, void* event) override;
  double milliseconds_between(Device device, void* start, void* end) override;
  void add_user(Device device, void* data, void* stream) override;
};

}  // namespace tt::cuda
