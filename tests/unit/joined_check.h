// What the tests of ops that are computed as one share.
#pragma once

#include <cstring>

#include "autograd_check.h"

namespace tt {

inline Tensor random(const Dims& sizes, DType dtype) {
  const Tensor t = ops::to_dtype(ops::randn(sizes, DType::kFloat32), dtype);
  set_requires_grad(t, is_floating(dtype));
  return t;
}

inline ::testing::AssertionResult same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.sizes() != b.sizes()) {
    return ::testing::AssertionFailure() << describe(a) << " beside " << describe(b);
  }
  const Tensor x = ops::contiguous_copy(a), y = ops::contiguous_copy(b);
  if (std::memcmp(x.raw(), y.raw(), static_cast<size_t>(x.numel()) * size_of(x.dtype())) == 0) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "other values";
}

}  // namespace tt
