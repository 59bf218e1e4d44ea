// The inner loops of the rows marked kScalar, for what every machine has: ops whose time goes into the C
// library's functions, or that are rare. cpu/pointwise/math_simd.cpp has faster loops for many of them.
#include "cpu/runtime/independent.h"
#include "cpu/pointwise/pointwise.h"
#include "kernels/functors.h"

namespace tt::cpu {

namespace {

#define kWantedKernel kScalar
constexpr bool kWantIntegers = true;
constexpr bool kWantWhere = false;
#include "cpu/pointwise/pointwise_loops.h"
#undef kWantedKernel

}  // namespace

const PointwiseTable& scalar_table() { return kTable; }

}  // namespace tt::cpu
