// The CUDA backend's side of core/backend/conv.h.
#pragma once

#include "core/backend/conv.h"

namespace tt::cuda {

class CudaConv final : public ConvKernels {
 public:
  void forward(const ConvShape& shape, DType dtype, const void* input, const void* weight, const void* bias,
               void* output) override;
  void backward_data(const ConvShape& shape, DType dtype, const void* grad_output, const void* weight,
                     void* grad_input) override;
  void backward_weight(const ConvShape& shape, DType dtype, const void* grad_output, const void* input,
                       void* grad_weight, void* grad_bias) override;
};

}  // namespace tt::cuda
