// The CPU's matrix products: OpenBLAS for float and double.
#pragma once

#include "core/backend/gemm.h"

namespace tt::cpu {

class CpuGemm final : public GemmKernels {
 public:
  void gemm(const GemmArgs& args) override;
};

}  // namespace tt::cpu
