// The CUDA backend's side of core/backend/softmax.h.
#pragma once

#include "core/backend/softmax.h"

namespace tt::cuda {

class CudaSoftmax final : public SoftmaxKernels {
 public:
  void forward(const SoftmaxArgs& args, const void* input, void* output) override;
  void backward(const SoftmaxArgs& args, const void* grad, const void* output, void* grad_input) override;
};

}  // namespace tt::cuda
