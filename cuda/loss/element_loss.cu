#include "cuda/runtime/kernels.h"
#include "cuda/loss/element_loss_body.h"
#include "cuda/runtime/launcher.cuh"
#include "device/loss.h"

namespace tt::cuda {

namespace {

void element_loss(const call::ElementwiseLoss& call) {
  cuda::element_loss(CudaLauncher(), call.loss, call.loop, call.parameter);
}

void element_loss_sum(const call::ElementwiseLossSum& call) {
  cuda::element_loss_sum(CudaLauncher(), call.loss, call.loop, call.parameter, call.scale, call.out);
}

void element_loss_backward(const call::ElementwiseLossBackward& call) {
  cuda::element_loss_backward(CudaLauncher(), call.loss, call.loop, call.parameter, call.scale);
}

void check_probabilities(const call::CheckProbabilities& call) {
  cuda::check_probabilities(CudaLauncher(), call.loop, call.what.text);
}

}  // namespace

void add_element_loss(KernelTable& table) {
  table.add<call::ElementwiseLoss>(element_loss);
  table.add<call::ElementwiseLossSum>(element_loss_sum);
  table.add<call::ElementwiseLossBackward>(element_loss_backward);
  table.add<call::CheckProbabilities>(check_probabilities);
}

}  // namespace tt::cuda
