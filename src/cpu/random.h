// Philox fills on the CPU.
#pragma once

#include "core/backend/random.h"

namespace tt::cpu {

class CpuRandom final : public RandomKernels {
 public:
  void fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
            double b) override;
  void integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                int64_t base) override;
};

}  // namespace tt::cpu
