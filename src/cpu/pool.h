// The CPU's side of core/backend/pool.h.
#pragma once

#include "core/backend/pool.h"

namespace tt::cpu {

class CpuPool final : public PoolKernels {};

}  // namespace tt::cpu
