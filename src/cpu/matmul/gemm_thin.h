// Matrix products with a few terms and a few columns.
#pragma once

#include "device/gemm.h"

namespace tt::cpu {

// Computes the product, or returns false: it is not so thin, or the machine has not the instructions. Of
// float32.
bool gemm_thin(const call::Gemm& args);

}  // namespace tt::cpu
