#include "cuda/conv.h"

#include "cuda/conv_body.h"
#include "cuda/launcher.cuh"
#include "cuda/precision.h"

namespace tt::cuda {

void CudaConv::forward(const ConvShape& shape, DType dtype, const void* input, const void* weight,
                       const void* bias, void* output) {
  conv_forward(CudaLauncher(), shape, dtype, input, weight, bias, output, conv_tf32());
}

}  // namespace tt::cuda
