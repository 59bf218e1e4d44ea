// Copies and conversions between dtypes.
#pragma once

#include "core/loop.h"

namespace tt::cpu {

// n elements from `from` to `to`, strides in bytes, any two dtypes.
void convert_row(char* to, int64_t to_stride, DType to_dtype, const char* from, int64_t from_stride,
                 DType from_dtype, int64_t n);

}  // namespace tt::cpu
