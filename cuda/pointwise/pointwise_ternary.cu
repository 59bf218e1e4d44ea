// Ternary ops.
#include "cuda/pointwise/pointwise.cuh"
#include "cuda/pointwise/pointwise.h"

namespace tt::cuda {

#define TT_ROW(name, kernel, domain, ...)                                                                  \
  table.ternary[static_cast<int>(TernaryOp::name)] = [](const Loop& loop, const PointwiseParams& params) { \
    run_row<functors::name, Domain::domain, 3, true>(#name, loop, params);                                 \
  };

void add_ternary(PointwiseTable& table) { TT_TERNARY_OPS(TT_ROW) }

}  // namespace tt::cuda
