#include "cuda/class_loss_body.h"
#include "cuda/launcher.cuh"
#include "cuda/loss.h"

namespace tt::cuda {

bool CudaLoss::class_loss_gives_gradient(const ClassLossArgs& args) {
  return cuda::class_loss_gives_gradient(args);
}

void CudaLoss::class_loss(const ClassLossArgs& args, void* loss, void* normalizer, void* total_weight) {
  cuda::class_loss(CudaLauncher(), args, loss, normalizer, total_weight);
}

void CudaLoss::class_loss_backward(const ClassLossArgs& args, const void* grad, const void* normalizer,
                                   const void* total_weight, void* grad_input) {
  cuda::class_loss_backward(CudaLauncher(), args, grad, normalizer, total_weight, grad_input);
}

void CudaLoss::class_weights(const ClassLossArgs& args, void* out) {
  cuda::class_weights(CudaLauncher(), args, out);
}

}  // namespace tt::cuda
