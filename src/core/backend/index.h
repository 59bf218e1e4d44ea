// Gathering, scattering and joining by index.
#pragma once

namespace tt {

class IndexKernels {
 public:
  virtual ~IndexKernels() = default;
};

}  // namespace tt
