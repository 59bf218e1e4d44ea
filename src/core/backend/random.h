// Filling memory from a generator.
#pragma once

namespace tt {

class RandomKernels {
 public:
  virtual ~RandomKernels() = default;
};

}  // namespace tt
