// Softmax, log-softmax and their gradients.
#pragma once

namespace tt {

class SoftmaxKernels {
 public:
  virtual ~SoftmaxKernels() = default;
};

}  // namespace tt
