// Philox fills on the device.
#pragma once

#include "core/backend/random.h"

namespace tt::cuda {

class CudaRandom final : public RandomKernels {
 public:
  void fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
            double b) override;
  void integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                int64_t base) override;
};

}  // namespace tt::cuda
