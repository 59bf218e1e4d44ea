#include "cuda/runtime/kernels.h"
#include "cuda/loss/class_loss_body.h"
#include "cuda/runtime/launcher.cuh"
#include "device/loss.h"

namespace tt::cuda {

namespace {

void class_loss(const call::ClassLoss& call) {
  cuda::class_loss(CudaLauncher(), call.args, call.loss, call.normalizer, call.total_weight, call.gradient);
}

bool can_class_loss(const call::ClassLoss& call) {
  return !call.with_gradient || class_loss_gives_gradient(call.args);
}

void class_loss_backward(const call::ClassLossBackward& call) {
  cuda::class_loss_backward(CudaLauncher(), call.args, call.grad, call.normalizer, call.total_weight,
                            call.grad_input);
}

void class_weights(const call::ClassWeights& call) {
  cuda::class_weights(CudaLauncher(), call.args, call.out);
}

}  // namespace

void add_class_loss(KernelTable& table) {
  table.add<call::ClassLoss>(class_loss, can_class_loss);
  table.add<call::ClassLossBackward>(class_loss_backward);
  table.add<call::ClassWeights>(class_weights);
}

}  // namespace tt::cuda
