// The CPU's pointwise kernels.
#pragma once

#include "device/pointwise.h"
#include "cpu/pointwise/inner_loop.h"

namespace tt::cpu {

// Inner loops by op and compute dtype (half types and integers below 32 bits have none: they are computed as
// float and int32); null where there is none.
struct PointwiseTable {
  InnerLoop unary[static_cast<int>(UnaryOp::kCount)][kDTypeCount];
  InnerLoop binary[static_cast<int>(BinaryOp::kCount)][kDTypeCount];
  InnerLoop ternary[static_cast<int>(TernaryOp::kCount)][kDTypeCount];
  InnerLoop where[4];  // by the logarithm of the element's size
};

// What each file has; entries that it leaves out are null.
const PointwiseTable& scalar_table();                // pointwise_scalar.cpp: rows marked kScalar
const PointwiseTable* vector_table(int generation);  // pointwise_simd.cpp: rows marked kVector; 0 is the
                                                     // oldest instruction set, null above the machine's
// Puts hand-written vector code over the scalar loops (math_simd.cpp).
void add_math_loops(PointwiseTable& table);
// The best loop for everything on this machine.
const PointwiseTable& pointwise_table();

}  // namespace tt::cpu
