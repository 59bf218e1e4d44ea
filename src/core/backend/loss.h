// Fused losses and their gradients.
#pragma once

namespace tt {

class LossKernels {
 public:
  virtual ~LossKernels() = default;
};

}  // namespace tt
