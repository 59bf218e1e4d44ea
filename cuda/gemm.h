// The CUDA backend's side of core/backend/gemm.h.
#pragma once

#include "core/backend/gemm.h"

namespace tt::cuda {

class CudaGemm final : public GemmKernels {
 public:
  void gemm(const GemmArgs& args) override;
  bool joins_linear_backward(const LinearBackwardArgs& layer) const override {
    return layer.result == nullptr || layer.activation == UnaryOp::relu;
  }
  void linear_backward(const LinearBackwardArgs& args) override;
};

// gemm_kernels.cu: products of integers; and c = beta * c + bias.
void gemm_integer(const GemmArgs& args);
void gemm_start(const GemmArgs& args);

// gemm_kernels.cu: see linear_body.h.
void linear_backward_kernel(const LinearBackwardArgs& args);
void masked_column_sums(const LinearBackwardArgs& args, void* masked);

}  // namespace tt::cuda
