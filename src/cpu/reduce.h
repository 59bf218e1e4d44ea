// The CPU's reductions.
#pragma once

#include "core/backend/reduce.h"

namespace tt::cpu {

class CpuReduce final : public ReduceKernels {
 public:
  void reduce(ReduceOp op, const Loop& loop) override;
};

}  // namespace tt::cpu
