// The CPU's side of core/backend/norm.h.
#pragma once

#include "core/backend/norm.h"

namespace tt::cpu {

class CpuNorm final : public NormKernels {};

}  // namespace tt::cpu
