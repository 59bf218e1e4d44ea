// The CPU's side of core/backend/conv.h.
#pragma once

#include "core/backend/conv.h"

namespace tt::cpu {

class CpuConv final : public ConvKernels {};

}  // namespace tt::cpu
