// Copies and conversions between dtypes.
#pragma once

#include "tensor/loop.h"

namespace tt::cpu {

// n elements from `from` to `to`, strides in bytes, any two dtypes.
void convert_row(char* to, int64_t to_stride, DType to_dtype, const char* from, int64_t from_stride,
                 DType from_dtype, int64_t n);

// Calls fn with an unsigned type of the element's size: moving values needs no more.
template <typename F>
decltype(auto) visit_size(DType dtype, F&& fn) {
  switch (size_of(dtype)) {
    case 1:
      return fn.template operator()<uint8_t>();
    case 2:
      return fn.template operator()<uint16_t>();
    case 4:
      return fn.template operator()<uint32_t>();
    default:
      return fn.template operator()<uint64_t>();
  }
}

}  // namespace tt::cpu
