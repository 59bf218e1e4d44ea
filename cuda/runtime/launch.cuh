// Launching kernels.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <utility>

#include "cuda/runtime/common.h"

namespace tt::cuda {

// Blocks for n > 0 things, `per_block` a block, but no more than `most`: kernels stride over what is left.
inline unsigned blocks_for(int64_t n, int64_t per_block, int64_t most = INT32_MAX) {
  const int64_t blocks = (n + per_block - 1) / per_block;
  return static_cast<unsigned>(blocks < most ? blocks : most);
}

// As many blocks as the thread's device runs at once, for kernels that stride over their work.
inline int64_t resident_blocks(int threads) {
  const DeviceProperties& device = device_properties();
  return static_cast<int64_t>(device.multiprocessors) * (device.threads_per_multiprocessor / threads);
}

// On the thread's device and stream. `name` is for messages: a launch reports what an earlier one did wrong.
template <typename... Params, typename... Args>
void launch(const char* name, void (*kernel)(Params...), dim3 grid, dim3 block, size_t shared,
            Args&&... args) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared;
  config.stream = current_stream();
  const cudaError_t error = cudaLaunchKernelEx(&config, kernel, std::forward<Args>(args)...);
  if (__builtin_expect(error != cudaSuccess, 0)) fail_cuda(error, name);
}

}  // namespace tt::cuda
