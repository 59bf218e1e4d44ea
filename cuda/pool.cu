#include "cuda/pool.h"

#include "cuda/launcher.cuh"
#include "cuda/pool_body.h"

namespace tt::cuda {

void CudaPool::max_pool(const PoolShape& s, DType dtype, const void* input, void* output, int64_t* indices) {
  cuda::max_pool(CudaLauncher(), s, dtype, input, output, indices);
}

void CudaPool::max_pool_backward(const PoolShape& s, DType dtype, const void* grad_output,
                                 const int64_t* indices, const void* output, void* grad_input) {
  cuda::max_pool_backward(CudaLauncher(), s, dtype, grad_output, indices, output, grad_input);
}

// The maximum of a window that reads nothing says nothing of ReLU's gradient where its index points.
bool CudaPool::joins_relu(const PoolShape& s) const { return every_window_reads(s); }

void CudaPool::max_pool_gather(const PoolShape& s, DType dtype, const void* input, const int64_t* indices,
                               void* output) {
  cuda::max_pool_gather(CudaLauncher(), s, dtype, input, indices, output);
}

void CudaPool::avg_pool(const PoolShape& s, const AvgPoolOptions& options, DType dtype, const void* input,
                        void* output) {
  cuda::avg_pool(CudaLauncher(), s, options, dtype, input, output);
}

void CudaPool::avg_pool_backward(const PoolShape& s, const AvgPoolOptions& options, DType dtype,
                                 const void* grad_output, void* grad_input) {
  cuda::avg_pool_backward(CudaLauncher(), s, options, dtype, grad_output, grad_input);
}

void CudaPool::adaptive_avg_pool(const PoolShape& s, DType dtype, const void* input, void* output) {
  cuda::adaptive_avg_pool(CudaLauncher(), s, dtype, input, output);
}

void CudaPool::adaptive_avg_pool_backward(const PoolShape& s, DType dtype, const void* grad_output,
                                          void* grad_input) {
  cuda::adaptive_avg_pool_backward(CudaLauncher(), s, dtype, grad_output, grad_input);
}

}  // namespace tt::cuda
