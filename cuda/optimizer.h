// The CUDA backend's side of core/backend/optimizer.h.
#pragma once

#include "core/backend/optimizer.h"

namespace tt::cuda {

class CudaOptimizer final : public OptimizerKernels {
 public:
  void sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) override;
  void adam(std::span<const AdamTensor> tensors, const AdamOptions& options) override;
  void unscale(std::span<const GradTensor> grads, const float* inverse_scale, float* found_inf) override;
};

}  // namespace tt::cuda
