#include "cuda/optimizer.h"

#include "cuda/launcher.cuh"
#include "cuda/optimizer_body.h"

namespace tt::cuda {

void CudaOptimizer::sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) {
  sgd_step(CudaLauncher(), tensors, options);
}

void CudaOptimizer::adam(std::span<const AdamTensor> tensors, const AdamOptions& options) {
  adam_step(CudaLauncher(), tensors, options);
}

}  // namespace tt::cuda
