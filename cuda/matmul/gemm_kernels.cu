#include "cuda/matmul/gemm.h"
#include "cuda/matmul/gemm_body.h"
#include "cuda/matmul/linear_body.h"
#include "cuda/runtime/launcher.cuh"

namespace tt::cuda {

void gemm_integer(const call::Gemm& args) { gemm_integer(CudaLauncher(), args); }
void gemm_start(const call::Gemm& args) { gemm_start(CudaLauncher(), args); }

void linear_backward_kernel(const call::LinearBackward& args) { linear_backward(CudaLauncher(), args); }
void masked_column_sums(const call::LinearBackward& args, void* masked) {
  masked_column_sums(CudaLauncher(), args, masked);
}

}  // namespace tt::cuda
