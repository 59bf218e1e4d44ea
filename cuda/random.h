// The CUDA backend's side of core/backend/random.h.
#pragma once

#include "core/backend/random.h"

namespace tt::cuda {

class CudaRandom final : public RandomKernels {
 public:
  void fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
            double b) override;
  void integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                int64_t base) override;
  void bernoulli(DType dtype, void* out, DType p_dtype, const void* p, int64_t n,
                 philox::Start start) override;
  void race(DType dtype, const void* weights, const void* greatest, int64_t rows, int64_t categories,
            philox::Start start, double* out) override;
  void shares(DType dtype, const void* weights, const void* greatest, int64_t rows, int64_t categories,
              int64_t* out) override;
  void categories(const int64_t* cumulated, int64_t rows, int64_t categories, int64_t samples,
                  philox::Start start, int64_t* out) override;
};

}  // namespace tt::cuda
