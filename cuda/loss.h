// The CUDA backend's side of core/backend/loss.h. Values that a loss refuses are found by its kernels, and
// reported by a later call (cuda/fault.h).
#pragma once

#include "core/backend/loss.h"

namespace tt::cuda {

class CudaLoss final : public LossKernels {
 public:
  void element_loss(ElementLoss loss, const Loop& loop, double parameter) override;
  void element_loss_sum(ElementLoss loss, const Loop& loop, double parameter, double scale,
                        void* out) override;
  void element_loss_backward(ElementLoss loss, const Loop& loop, double parameter, double scale) override;
  void check_probabilities(const Loop& loop, const char* what) override;

  bool class_loss_gives_gradient(const ClassLossArgs& args) override;
  void class_loss(const ClassLossArgs& args, void* loss, void* normalizer, void* total_weight) override;
  void class_loss_backward(const ClassLossArgs& args, const void* grad, const void* normalizer,
                           const void* total_weight, void* grad_input) override;
  void class_weights(const ClassLossArgs& args, void* out) override;
};

}  // namespace tt::cuda
