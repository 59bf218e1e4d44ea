// Convolutions: forward, data gradient, weight gradient.
#pragma once

namespace tt {

class ConvKernels {
 public:
  virtual ~ConvKernels() = default;
};

}  // namespace tt
