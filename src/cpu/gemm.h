// The CPU's matrix products.
#pragma once

#include "core/backend/gemm.h"

namespace tt::cpu {

class CpuGemm final : public GemmKernels {
 public:
  void gemm(const GemmArgs& args) override;

 private:
  void gemm_half(const GemmArgs& args);
};

// One product after another, each element by a plain loop: what the fast ones are held to, and what dtypes
// without a fast one use.
void gemm_reference(const GemmArgs& args);

}  // namespace tt::cpu
