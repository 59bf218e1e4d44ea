// Binary ops: arithmetic and comparisons.
#include "cuda/pointwise/pointwise.cuh"
#include "cuda/pointwise/pointwise.h"

namespace tt::cuda {

#define TT_DENSE_kVector true
#define TT_DENSE_kScalar false
#define TT_ROW(name, kernel, domain, ...)                                                                \
  table.binary[static_cast<int>(BinaryOp::name)] = [](const Loop& loop, const PointwiseParams& params) { \
    run_row<functors::name, Domain::domain, 2, TT_DENSE_##kernel>(#name, loop, params);                  \
  };

void add_binary_arithmetic(PointwiseTable& table) { TT_BINARY_SCALAR(TT_ROW) }

}  // namespace tt::cuda
