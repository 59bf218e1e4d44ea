#include "cuda/runtime/kernels.h"
#include "device/softmax.h"

#include "cuda/runtime/launcher.cuh"
#include "cuda/softmax/softmax_body.h"

namespace tt::cuda {

namespace {

void softmax(const call::Softmax& call) {
  softmax_forward(CudaLauncher(), call.shape, call.input, call.output);
}

void softmax_backward(const call::SoftmaxBackward& call) {
  softmax_backward(CudaLauncher(), call.shape, call.grad, call.output, call.grad_input);
}

}  // namespace

void add_softmax(KernelTable& table) {
  table.add<call::Softmax>(softmax);
  table.add<call::SoftmaxBackward>(softmax_backward);
}

}  // namespace tt::cuda
