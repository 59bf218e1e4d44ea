#include "cuda/gemm.h"
#include "cuda/gemm_body.h"
#include "cuda/launcher.cuh"

namespace tt::cuda {

void gemm_integer(const GemmArgs& args) { gemm_integer(CudaLauncher(), args); }
void gemm_start(const GemmArgs& args) { gemm_start(CudaLauncher(), args); }

}  // namespace tt::cuda
