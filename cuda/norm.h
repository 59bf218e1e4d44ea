// The CUDA backend's side of core/backend/norm.h.
#pragma once

#include "core/backend/norm.h"

namespace tt::cuda {

class CudaNorm final : public NormKernels {
 public:
  void batch_norm_train(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                        void* running_mean, void* running_var, int64_t* batches, double momentum, void* mean,
                        void* invstd, void* output) override;
  void batch_norm_eval(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                       const void* running_mean, const void* running_var, void* output) override;
  void batch_norm_backward(const BatchNormShape& shape, bool training, const void* grad_output,
                           const void* input, const void* output, const void* weight, const void* mean,
                           const void* invstd, void* grad_input, void* grad_weight, void* grad_bias) override;
};

}  // namespace tt::cuda
