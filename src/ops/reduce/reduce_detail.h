// What the files of the reductions share.
#pragma once

#include "device/backend.h"
#include "ops/ops.h"

namespace tt::ops::detail {

// The dimensions that a call reduces: bit i for dimension i. No dims given means all.
uint32_t dim_mask(std::span<const int64_t> dims, int ndim);
inline uint32_t full_mask(int ndim) { return (1u << ndim) - 1; }

// A shape with size 1 where it is reduced, and with those dimensions dropped.
Dims kept_sizes(const Dims& sizes, uint32_t mask);
Dims dropped_sizes(const Dims& sizes, uint32_t mask);

// How many elements go into one result.
int64_t reduced_count(const Dims& sizes, uint32_t mask);

// Runs the kernel, or gives `empty_value` for an input without elements. `out_sizes` has the elements of the
// kept shape in the same order. Not recorded.
Tensor run_reduce(ReduceOp op, const Tensor& t, uint32_t mask, const Dims& out_sizes, DType out_dtype,
                  const Scalar& empty_value, const ReduceParams& params = {});
inline Dims result_sizes(const Dims& sizes, uint32_t mask, bool keepdim) {
  return keepdim ? kept_sizes(sizes, mask) : dropped_sizes(sizes, mask);
}

// A result (or its gradient) in the kept shape, so that it broadcasts against the input; differentiable.
Tensor restore(const Tensor& result, const Dims& kept);

// The gradient of the input where `result` is one of its elements: shared evenly among those equal to it.
// `value` and `grad` are in the kept shape.
Tensor distribute_evenly(const Tensor& grad, const Tensor& input, const Tensor& value, uint32_t mask,
                         bool nan_equal);

// Refuses what has no result without elements: "amax(): Expected reduction dim ...".
void check_not_empty(const char* op, const Tensor& t, uint32_t mask, bool dims_given);

// 1 where the condition (a bool tensor) holds, else 0.
inline Tensor indicator(const Tensor& condition, DType dtype) { return to_dtype(condition, dtype); }

}  // namespace tt::ops::detail
