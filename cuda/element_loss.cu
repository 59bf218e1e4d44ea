#include "cuda/element_loss_body.h"
#include "cuda/launcher.cuh"
#include "cuda/loss.h"

namespace tt::cuda {

void CudaLoss::element_loss(ElementLoss loss, const Loop& loop, double parameter) {
  cuda::element_loss(CudaLauncher(), loss, loop, parameter);
}

void CudaLoss::element_loss_sum(ElementLoss loss, const Loop& loop, double parameter, double scale,
                                void* out) {
  cuda::element_loss_sum(CudaLauncher(), loss, loop, parameter, scale, out);
}

void CudaLoss::element_loss_backward(ElementLoss loss, const Loop& loop, double parameter, double scale) {
  cuda::element_loss_backward(CudaLauncher(), loss, loop, parameter, scale);
}

void CudaLoss::check_probabilities(const Loop& loop, const char* what) {
  cuda::check_probabilities(CudaLauncher(), loop, what);
}

}  // namespace tt::cuda
