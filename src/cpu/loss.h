// The CPU's side of core/backend/loss.h.
#pragma once

#include "core/backend/loss.h"

namespace tt::cpu {

class CpuLoss final : public LossKernels {};

}  // namespace tt::cpu
