#include "cuda/runtime/kernels.h"
#include "device/norm.h"

#include "cuda/runtime/launcher.cuh"
#include "cuda/norm/norm_body.h"

namespace tt::cuda {

namespace {

void batch_norm_train(const call::BatchNormTrain& call) {
  cuda::batch_norm_train(CudaLauncher(), call.shape, call.input, call.weight, call.bias, call.running_mean,
                         call.running_var, call.batches, call.momentum, call.mean, call.invstd, call.output);
}

void batch_norm_eval(const call::BatchNormEval& call) {
  cuda::batch_norm_eval(CudaLauncher(), call.shape, call.input, call.weight, call.bias, call.running_mean,
                        call.running_var, call.output);
}

void batch_norm_backward(const call::BatchNormBackward& call) {
  cuda::batch_norm_backward(CudaLauncher(), call.shape, call.training, call.grad_output, call.input,
                            call.output, call.weight, call.mean, call.invstd, call.grad_input,
                            call.grad_weight, call.grad_bias);
}

template <typename Call>
bool can_norm(const Call& call) {
  return call.shape.epilogue.at_most_relu();
}

}  // namespace

void add_norm(KernelTable& table) {
  table.add<call::BatchNormTrain>(batch_norm_train, can_norm);
  table.add<call::BatchNormEval>(batch_norm_eval, can_norm);
  table.add<call::BatchNormBackward>(batch_norm_backward, can_norm);
}

}  // namespace tt::cuda
