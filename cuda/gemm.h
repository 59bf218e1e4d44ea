// The CUDA backend's side of core/backend/gemm.h.
#pragma once

#include "core/backend/gemm.h"

namespace tt::cuda {

class CudaGemm final : public GemmKernels {
 public:
  void gemm(const GemmArgs& args) override;
};

// gemm_kernels.cu: products of integers; and c = beta * c + bias.
void gemm_integer(const GemmArgs& args);
void gemm_start(const GemmArgs& args);

}  // namespace tt::cuda
