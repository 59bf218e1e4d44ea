// The CPU's side of core/backend/random.h.
#pragma once

#include "core/backend/random.h"

namespace tt::cpu {

class CpuRandom final : public RandomKernels {};

}  // namespace tt::cpu
