// What the indexing ops share. Internal to src/ops.
#pragma once

#include "device/backend.h"
#include "tensor/loop.h"
#include "tensor/tensor.h"

namespace tt::ops {

inline void check_index_dtype(const Tensor& index) {
  TT_CHECK(index.dtype() == DType::kInt64 || index.dtype() == DType::kInt32, Status::kDtype, "index is ",
           index.dtype(), ", expected int32 or int64");
}

// Fails unless every index is within the bounds: a CPU at once, a device later.
inline void check_index_bounds(const Tensor& index, const IndexBounds& bounds) {
  if (index.numel() == 0) return;
  // An expanded index is looked at once.
  Dims sizes = index.sizes();
  for (int i = 0; i < sizes.size(); ++i) {
    if (index.stride(i) == 0) sizes[i] = 1;
  }
  LoopOperand once(index);
  once.sizes = &sizes;
  run(index.device(), call::CheckBounds{make_loop(sizes, {once}), bounds});
}

// The size of a dimension that indices run along; a 0-dim tensor is one element long.
inline int64_t size_along(const Tensor& t, int d) { return t.ndim() == 0 ? 1 : t.size(d); }

inline void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  TT_CHECK(a.device() == b.device(), Status::kDevice, op,
           ": expected all tensors to be on the same device, but found at least two devices, ", a.device(),
           " and ", b.device(), "!");
}

// A tensor under another geometry of the loop's shape; sizes and strides outlive the loop's making.
inline LoopOperand with_geometry(const Tensor& t, const Dims& sizes, const Dims& strides) {
  LoopOperand operand(t);
  operand.sizes = &sizes;
  operand.strides = &strides;
  operand.contiguous = false;
  return operand;
}

// Memory of its own when it shares `self`'s, which is about to be written.
Tensor apart_from(const Tensor& self, const Tensor& t);

// Checks the arguments of a scatter and returns the wrapped dim.
int prepare_scatter(const char* op, const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
// The write itself, without checks, recording or version count.
void scatter_tensor(ScatterOp op, const Tensor& self, int dim, const Tensor& index, const Tensor& src);
void scatter_values(ScatterOp op, const Tensor& self, int dim, const Tensor& index,
                    const LoopOperand& source);
void scatter_number(const Tensor& self, int dim, const Tensor& index, const Scalar& value);

}  // namespace tt::ops
