// The CPU's side of core/backend/index.h.
#pragma once

#include "core/backend/index.h"

namespace tt::cpu {

class CpuIndex final : public IndexKernels {};

}  // namespace tt::cpu
