// Pooling and its gradients.
#pragma once

namespace tt {

class PoolKernels {
 public:
  virtual ~PoolKernels() = default;
};

}  // namespace tt
