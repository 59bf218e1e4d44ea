// Tensors from nothing, copies and conversions.
#pragma once

#include "core/tensor.h"

namespace tt::ops {

Tensor full(const Dims& sizes, const Scalar& value, DType dtype, Device device = {});
inline Tensor zeros(const Dims& sizes, DType dtype, Device device = {}) {
  return full(sizes, 0, dtype, device);
}
inline Tensor ones(const Dims& sizes, DType dtype, Device device = {}) {
  return full(sizes, 1, dtype, device);
}
inline Tensor zeros_like(const Tensor& t) { return zeros(t.sizes(), t.dtype(), t.device()); }
inline Tensor ones_like(const Tensor& t) { return ones(t.sizes(), t.dtype(), t.device()); }

void fill_(const Tensor& self, const Scalar& value);
// self = source, broadcast and converted; differentiable in both.
void copy_(const Tensor& self, const Tensor& source);
// The same without recording or version count: for results that are not visible yet.
void copy_values(const Tensor& to, const Tensor& from);

Tensor clone(const Tensor& t);                  // differentiable
Tensor contiguous(const Tensor& t);             // t itself where it is contiguous
Tensor contiguous_copy(const Tensor& t);        // always new memory; not recorded
Tensor to_dtype(const Tensor& t, DType dtype);  // t itself where it has the dtype; differentiable
Tensor to_device(const Tensor& t, Device device);

}  // namespace tt::ops
