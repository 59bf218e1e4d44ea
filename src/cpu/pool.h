// The CPU's side of core/backend/pool.h.
#pragma once

#include "core/backend/pool.h"

namespace tt::cpu {

class CpuPool final : public PoolKernels {
 public:
  void max_pool(const PoolShape& shape, DType dtype, const void* input, void* output,
                int64_t* indices) override;
  void max_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output, const int64_t* indices,
                         const void* output, void* grad_input) override;
  void max_pool_gather(const PoolShape& shape, DType dtype, const void* input, const int64_t* indices,
                       void* output) override;
  void avg_pool(const PoolShape& shape, const AvgPoolOptions& options, DType dtype, const void* input,
                void* output) override;
  void avg_pool_backward(const PoolShape& shape, const AvgPoolOptions& options, DType dtype,
                         const void* grad_output, void* grad_input) override;
  void adaptive_avg_pool(const PoolShape& shape, DType dtype, const void* input, void* output) override;
  void adaptive_avg_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output,
                                  void* grad_input) override;
};

}  // namespace tt::cpu
