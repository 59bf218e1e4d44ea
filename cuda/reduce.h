// The reductions.
#pragma once

#include "core/backend/reduce.h"

namespace tt::cuda {

class CudaReduce final : public ReduceKernels {
 public:
  void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) override;
  bool equal(const Loop& loop) override;
  void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) override;
};

}  // namespace tt::cuda
