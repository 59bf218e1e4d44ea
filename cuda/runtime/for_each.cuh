// The kernel of everything that does one thing for each of n numbers, whichever comes first: a functor with
// void operator()(int64_t i) const.
#pragma once

#include "cuda/runtime/launch.cuh"

namespace tt::cuda {

constexpr int kEachThreads = 256;

template <typename F>
__global__ void __launch_bounds__(kEachThreads) each_kernel(const int64_t n, const __grid_constant__ F f) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * kEachThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kEachThreads + threadIdx.x; i < n; i += step) f(i);
}

template <typename F>
void for_each(const char* name, int64_t n, const F& f) {
  if (n == 0) return;
  launch(name, each_kernel<F>, blocks_for(n, kEachThreads, 1 << 20), kEachThreads, 0, n, f);
}

}  // namespace tt::cuda
