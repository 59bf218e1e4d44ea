// The CUDA language for a C++ compiler: see cuda_runtime_api.h.
#pragma once

#include <math.h>
#include <string.h>

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __grid_constant__

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

// Those of the thread that runs.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

void __syncthreads();
void __syncwarp(unsigned mask = 0xffffffffu);

namespace emulation {
// Where the lanes of the running thread's warp leave values for one another.
void* lane_slot(unsigned lane);
unsigned own_lane();

template <typename T>
T exchange(T value, unsigned from) {
  static_assert(sizeof(T) <= 16);
  memcpy(lane_slot(own_lane()), &value, sizeof value);
  __syncwarp();
  T got = value;
  if (from < 32) memcpy(&got, lane_slot(from), sizeof got);
  __syncwarp();
  return got;
}
}  // namespace emulation

template <typename T>
T __shfl_sync(unsigned, T value, int from, int width = 32) {
  const unsigned lane = emulation::own_lane();
  return emulation::exchange(value, lane / width * width + static_cast<unsigned>(from) % width);
}
template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask, int = 32) {
  return emulation::exchange(value, emulation::own_lane() ^ static_cast<unsigned>(mask));
}
template <typename T>
T __shfl_down_sync(unsigned, T value, unsigned delta, int width = 32) {
  const unsigned lane = emulation::own_lane();
  return emulation::exchange(value,
                             lane % width + delta < static_cast<unsigned>(width) ? lane + delta : lane);
}
template <typename T>
T __shfl_up_sync(unsigned, T value, unsigned delta, int width = 32) {
  const unsigned lane = emulation::own_lane();
  return emulation::exchange(value, lane % width >= delta ? lane - delta : lane);
}
template <typename T>
T atomicAdd(T* at, std::type_identity_t<T> value) {
  const T before = *at;
  *at += value;
  return before;
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

struct cudaKernelNodeParams {
  void* func;
  dim3 gridDim, blockDim;
  unsigned sharedMemBytes;
  void** kernelParams;
  void** extra;
};

namespace emulation {

// A kernel and its parameters, which a graph may change.
struct Kernel {
  void* function = nullptr;
  std::shared_ptr<void> parameters;
  std::vector<std::pair<void*, size_t>> places;  // of the parameters, one by one
  std::function<void()> thread;                  // one thread of it
  std::function<Kernel()> copy;                  // with parameters of its own
};

template <typename... Params>
Kernel make_kernel(void (*kernel)(Params...), const std::tuple<std::decay_t<Params>...>& values) {
  Kernel out;
  out.function = reinterpret_cast<void*>(kernel);
  auto own = std::make_shared<std::tuple<std::decay_t<Params>...>>(values);
  std::apply([&](auto&... each) { (out.places.emplace_back(&each, sizeof each), ...); }, *own);
  out.thread = [kernel, at = own.get()] { std::apply(kernel, *at); };
  out.copy = [kernel, at = own.get()] { return make_kernel(kernel, *at); };
  out.parameters = std::move(own);
  return out;
}

cudaError_t launch(const cudaLaunchConfig_t& config, Kernel kernel);

}  // namespace emulation

template <typename... Params, typename... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Params...), Args&&... args) {
  return emulation::launch(
      *config,
      emulation::make_kernel(kernel, std::tuple<std::decay_t<Params>...>(std::forward<Args>(args)...)));
}

cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams* params);
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* params);
