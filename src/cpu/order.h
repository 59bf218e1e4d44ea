// The CPU's side of core/backend/order.h.
#pragma once

#include "core/backend/order.h"

namespace tt::cpu {

class CpuOrder final : public OrderKernels {};

}  // namespace tt::cpu
