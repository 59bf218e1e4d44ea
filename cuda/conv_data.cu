#include "cuda/conv.h"

#include "cuda/conv_body.h"
#include "cuda/launcher.cuh"
#include "cuda/precision.h"

namespace tt::cuda {

void CudaConv::backward_data(const ConvShape& shape, DType dtype, const void* grad_output, const void* weight,
                             void* grad_input) {
  conv_backward_data(CudaLauncher(), shape, dtype, grad_output, weight, grad_input, conv_tf32());
}

}  // namespace tt::cuda
