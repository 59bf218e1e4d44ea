// The CPU's reductions.
#pragma once

#include "core/backend/reduce.h"

namespace tt::cpu {

class CpuReduce final : public ReduceKernels {
 public:
  void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) override;
  bool equal(const Loop& loop) override;
  void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) override;
};

}  // namespace tt::cpu
