// Optimizer steps, one call for all parameters.
#pragma once

namespace tt {

class OptimizerKernels {
 public:
  virtual ~OptimizerKernels() = default;
};

}  // namespace tt
