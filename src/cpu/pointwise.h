// The CPU's pointwise kernels.
#pragma once

#include "core/backend/pointwise.h"
#include "cpu/inner_loop.h"

namespace tt::cpu {

class CpuPointwise final : public PointwiseKernels {
 public:
  void fill(const Loop& loop, const Scalar& value) override;
  void copy(const Loop& loop) override;
  void unary(UnaryOp op, const Loop& loop, const PointwiseParams& params) override;
  void binary(BinaryOp op, const Loop& loop, const PointwiseParams& params) override;
  void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& params) override;
};

// Inner loops by op and compute dtype (half types have none: they are computed as float); null where there is
// none.
using InnerTable = InnerLoop[kDTypeCount];
const InnerTable* unary_table();  // of the best instruction set
const InnerTable* binary_table();

}  // namespace tt::cpu
