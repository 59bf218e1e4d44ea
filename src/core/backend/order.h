// Sorting, selection and scans.
#pragma once

namespace tt {

class OrderKernels {
 public:
  virtual ~OrderKernels() = default;
};

}  // namespace tt
