// The pointwise kernels.
#pragma once

#include "device/pointwise.h"

namespace tt::cuda {

void unary(const call::Unary& call);

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
