// The CUDA backend's side of core/backend/conv.h.
#pragma once

#include "core/backend/conv.h"

namespace tt::cuda {

class CudaConv final : public ConvKernels {
 public:
  void forward(const ConvShape& shape, DType dtype, const void* input, const void* weight, const void* bias,
               bool relu, void* output) override;
  void backward(const ConvShape& shape, DType dtype, const ConvGradients& gradients) override;
};

}  // namespace tt::cuda
