// Captured work of the CPU: the kernels' calls, noted with their arguments.
#pragma once

#include "cpu/runtime/captured_work.h"
#include "device/stream_kernels.h"

namespace tt::cpu {

class CpuGraphs final : public GraphKernels {
 public:
  void* begin(Device device) override;
  void* live(void* graph) override;
  void copy_from(void* to, const void* from, const int64_t* live_offset, size_t nbytes) override;
  void end(void* graph, size_t live_bytes) override;
  void check_replay(void* graph) override;
  void replay(void* graph, const void* values) override;
  void destroy(void* graph) noexcept override;
};

// Of the capture in progress on this thread; there is one.
CapturedWork& captured_work();

}  // namespace tt::cpu
