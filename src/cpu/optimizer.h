// The CPU's side of core/backend/optimizer.h.
#pragma once

#include "core/backend/optimizer.h"

namespace tt::cpu {

class CpuOptimizer final : public OptimizerKernels {};

}  // namespace tt::cpu
