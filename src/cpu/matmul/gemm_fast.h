// Matrix products in our own vector loops.
#pragma once

#include "device/gemm.h"

namespace tt::cpu {

// For T float or double, as args.dtype says; k is at least 1. False, with nothing done, where the machine's
// instruction set has no such loops.
template <typename T>
bool gemm_fast(const call::Gemm& args);

}  // namespace tt::cpu
