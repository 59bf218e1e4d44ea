// Vectorised rows of the poolings that networks use most.
#pragma once

#include "device/pool.h"

namespace tt::cpu {

// Output row `y` of one plane; indices may be null.
using MaxPoolRow = void (*)(const PoolShape& shape, const float* plane, int64_t y, float* out,
                            int64_t* indices);

// The kernel for this shape; null where there is none: kernel 2x2, stride 2, no padding or dilation, and
// windows that do not hang over the end.
MaxPoolRow max_pool_row_for(const PoolShape& shape);

}  // namespace tt::cpu
