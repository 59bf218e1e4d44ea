// The pointwise kernels.
#pragma once

#include "core/backend/pointwise.h"

namespace tt::cuda {

class CudaPointwise final : public PointwiseKernels {
 public:
  void fill(const Loop& loop, const Scalar& value) override;
  void copy(const Loop& loop) override;
  void unary(UnaryOp op, const Loop& loop, const PointwiseParams& params) override;
  void binary(BinaryOp op, const Loop& loop, const PointwiseParams& params) override;
  void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& params) override;
  void where(const Loop& loop) override;
  void check_divisor(const Loop& loop) override;
};

// A row of the op table on a loop that is not empty; null where the files below have none.
using PointwiseRun = void (*)(const Loop& loop, const PointwiseParams& params);
struct PointwiseTable {
  PointwiseRun unary[static_cast<int>(UnaryOp::kCount)];
  PointwiseRun binary[static_cast<int>(BinaryOp::kCount)];
  PointwiseRun ternary[static_cast<int>(TernaryOp::kCount)];
};
// Each puts its rows in. The files share out the table so that none compiles for long.
void add_unary_vector(PointwiseTable& table);
void add_unary_scalar(PointwiseTable& table);
void add_binary_arithmetic(PointwiseTable& table);
void add_binary_other(PointwiseTable& table);
void add_ternary(PointwiseTable& table);

}  // namespace tt::cuda
