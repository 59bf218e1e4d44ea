// Whether float32 products may be computed from operands rounded to TF32, on tensor cores: the host's
// setting.
#pragma once

#include "base/float32_precision.h"

namespace tt::cuda {

// Set when the plug-in is loaded.
inline const Float32Settings* g_float32 = nullptr;

inline bool matmul_tf32() { return may_round(g_float32->matmul); }
inline bool conv_tf32() { return may_round(g_float32->conv); }

}  // namespace tt::cuda
