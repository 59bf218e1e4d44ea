#include "cuda/conv.h"

#include "cuda/conv_body.h"
#include "cuda/launcher.cuh"
#include "cuda/precision.h"

namespace tt::cuda {

void CudaConv::backward_weight(const ConvShape& shape, DType dtype, const void* grad_output,
                               const void* input, void* grad_weight, void* grad_bias) {
  conv_backward_weight(CudaLauncher(), shape, dtype, grad_output, input, grad_weight, grad_bias, conv_tf32());
}

}  // namespace tt::cuda
