// Gathering, scattering, and filling by position.
#pragma once

#include "core/backend/index.h"

namespace tt::cuda {

class CudaIndex final : public IndexKernels {
 public:
  void index_range(const Loop& loop, int64_t* min, int64_t* max) override;
  void check_bounds(const Loop& loop, const IndexBounds& bounds) override;
  void index_offsets(const Loop& loop, int64_t size, int64_t stride, bool add) override;
  void gather(const Loop& loop, int64_t size, int64_t stride) override;
  void scatter(ScatterOp op, const Loop& loop, int64_t size, int64_t stride) override;
  void accumulate(const Loop& loop) override;
  void floor_divide(const Loop& loop) override;
  int64_t count_true(const bool* mask, int64_t n) override;
  void nonzero(const bool* mask, const Dims& sizes, int64_t* out) override;
  void copy_blocks(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t bytes,
                   int64_t count) override;
  void arange(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& step) override;
  void linspace(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& end,
                const double* base) override;
  void triangle(void* out, const void* in, size_t element, int64_t batch, int64_t rows, int64_t columns,
                int64_t diagonal, bool upper) override;
};

}  // namespace tt::cuda
