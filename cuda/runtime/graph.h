// Captured work: CUDA graphs.
#pragma once

#include <cstdint>

#include "device/stream_kernels.h"

namespace tt::cuda {

class CudaGraphs final : public GraphKernels {
 public:
  void* begin(Device device) override;
  void* live(void* graph) override;
  void copy_from(void* to, const void* from, const int64_t* live_offset, size_t nbytes) override;
  void end(void* graph, size_t live_bytes) override;
  void check_replay(void* graph) override;
  void replay(void* graph, const void* values) override;
  void destroy(void* graph) noexcept override;
};

// As many live values as a kernel's parameters have room for: the graph's first nodes write them.
struct LiveChunk {
  static constexpr size_t kBytes = 3584;
  static constexpr int kWords = kBytes / 8;
  uint64_t words[kWords];
};
// graph_kernels.cu: to[i] = chunk.words[i]. The parameters are `to` and `chunk`, in this order.
void launch_write_live(uint64_t* to, const LiveChunk& chunk);

}  // namespace tt::cuda
