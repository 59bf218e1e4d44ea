// ReLU inside other kernels: its value, and the gradient that it lets through where its result is known. NaN
// stays.
#pragma once

#include "cuda/runtime/block.h"

namespace tt::cuda {

template <typename A>
TT_HOST_DEVICE inline A relu_if(bool relu, A value) {
  if constexpr (std::is_unsigned_v<A>) {
    return value;
  } else {
    return relu && value < A(0) ? A(0) : value;
  }
}

// result: null where there was no ReLU.
template <typename T>
TT_HOST_DEVICE inline Compute<T> masked(const T* grad, const T* result, int64_t at) {
  using A = Compute<T>;
  const A g = static_cast<A>(grad[at]);
  return result != nullptr && static_cast<A>(result[at]) <= A(0) ? A(0) : g;
}

}  // namespace tt::cuda
