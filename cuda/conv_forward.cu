#include "cuda/conv_device.h"

namespace tt::cuda {

void CudaConv::forward(const ConvShape& shape, DType dtype, const void* input, const void* weight,
                       const void* bias, bool relu, void* output) {
  conv_forward(CudaLauncher(), shape, dtype, input, weight, bias, relu, output, conv_options());
}

}  // namespace tt::cuda
