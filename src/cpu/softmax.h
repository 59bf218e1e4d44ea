// The CPU's side of core/backend/softmax.h.
#pragma once

#include "core/backend/softmax.h"

namespace tt::cpu {

class CpuSoftmax final : public SoftmaxKernels {};

}  // namespace tt::cpu
