// Unary ops that are bound by memory: the table's kVector rows.
#include "cuda/pointwise/pointwise.cuh"
#include "cuda/pointwise/pointwise.h"

namespace tt::cuda {

#define TT_ROW_kVector(name, domain)                                                                   \
  table.unary[static_cast<int>(UnaryOp::name)] = [](const Loop& loop, const PointwiseParams& params) { \
    run_row<functors::name, Domain::domain, 1, true>(#name, loop, params);                             \
  };
#define TT_ROW_kScalar(name, domain)
#define TT_ROW(name, kernel, domain, ...) TT_ROW_##kernel(name, domain)

void add_unary_vector(PointwiseTable& table) { TT_UNARY_OPS(TT_ROW) }

}  // namespace tt::cuda
