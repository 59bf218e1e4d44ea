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

void CudaOptimizer::unscale(std::span<const GradTensor> grads, const float* inverse_scale, float* found_inf) {
  unscale_grads(CudaLauncher(), grads, {inverse_scale, found_inf});
}

}  // namespace tt::cuda
