#include "cuda/runtime/graph.h"
#include "base/macros.h"
#include "cuda/runtime/for_each.cuh"

namespace tt::cuda {

namespace {

__global__ void write_live(uint64_t* to, const __grid_constant__ LiveChunk chunk) {
  to[threadIdx.x] = chunk.words[threadIdx.x];
}

struct CopyFrom {
  uint64_t* to;
  const char* from;
  const int64_t* offset;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    to[i] = reinterpret_cast<const uint64_t*>(from + *offset)[i];
  }
};

}  // namespace

void CudaGraphs::copy_from(void* to, const void* from, const int64_t* live_offset, size_t nbytes) {
  for_each("copy_from", static_cast<int64_t>(nbytes / 8),
           CopyFrom{static_cast<uint64_t*>(to), static_cast<const char*>(from), live_offset});
}

void launch_write_live(uint64_t* to, const LiveChunk& chunk) {
  launch("write_live", write_live, dim3(1), dim3(LiveChunk::kWords), 0, to, chunk);
}

}  // namespace tt::cuda
