#include "cuda/softmax.h"

#include "cuda/launcher.cuh"
#include "cuda/softmax_body.h"

namespace tt::cuda {

void CudaSoftmax::forward(const SoftmaxArgs& args, const void* input, void* output) {
  softmax_forward(CudaLauncher(), args, input, output);
}

void CudaSoftmax::backward(const SoftmaxArgs& args, const void* grad, const void* output, void* grad_input) {
  softmax_backward(CudaLauncher(), args, grad, output, grad_input);
}

}  // namespace tt::cuda
