// Normalisation layers and their gradients.
#pragma once

namespace tt {

class NormKernels {
 public:
  virtual ~NormKernels() = default;
};

}  // namespace tt
