// Pooling and its gradients.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "device/call.h"
#include "device/pointwise.h"

namespace tt {

// The geometry of a 2-d pooling over `planes` images (batch and channels together). Tensors are contiguous.
// Index 0 is the vertical axis.
struct PoolShape {
  int64_t planes = 0;
  int64_t height = 0, width = 0;
  int64_t out_height = 0, out_width = 0;
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t padding[2] = {0, 0};
  int64_t dilation[2] = {1, 1};
};

struct AvgPoolOptions {
  bool count_include_pad = true;
  int64_t divisor_override = 0;  // 0: the number of elements
};

namespace call {

// Results are overwritten. No size is zero.

// indices: the place of the maximum in its plane, row * width + column; the first of equals, and the last NaN
// where there are some. Null: not wanted.
struct MaxPool {
  static constexpr char kName[] = "max_pool";
  PoolShape shape;
  DType dtype;
  Epilogue epilogue;  // nothing, or relu
  In<void> input;
  Out<void> output;
  Out<int64_t> indices;
};
// input_grad[plane][indices[i]] += grad_output[i]. output, after a relu: what max_pool returned; only where
// it is above zero or NaN does the gradient count. Else null.
struct MaxPoolBackward {
  static constexpr char kName[] = "max_pool_backward";
  PoolShape shape;
  DType dtype;
  In<void> grad_output;
  In<int64_t> indices;
  In<void> output;
  Out<void> grad_input;
};
// output[i] = input[plane][indices[i]]: the gradient of MaxPoolBackward.
struct MaxPoolGather {
  static constexpr char kName[] = "max_pool_gather";
  PoolShape shape;
  DType dtype;
  In<void> input;
  In<int64_t> indices;
  Out<void> output;
};

struct AvgPool {
  static constexpr char kName[] = "avg_pool";
  PoolShape shape;
  AvgPoolOptions options;
  DType dtype;
  In<void> input;
  Out<void> output;
};
struct AvgPoolBackward {
  static constexpr char kName[] = "avg_pool_backward";
  PoolShape shape;
  AvgPoolOptions options;
  DType dtype;
  In<void> grad_output;
  Out<void> grad_input;
};

// Output (y, x) averages rows floor(y * height / out_height) to ceil((y + 1) * height / out_height), columns
// alike. Only planes and sizes of the shape are used.
struct AdaptiveAvgPool {
  static constexpr char kName[] = "adaptive_avg_pool";
  PoolShape shape;
  DType dtype;
  In<void> input;
  Out<void> output;
};
struct AdaptiveAvgPoolBackward {
  static constexpr char kName[] = "adaptive_avg_pool_backward";
  PoolShape shape;
  DType dtype;
  In<void> grad_output;
  Out<void> grad_input;
};

using PoolCalls = CallList<MaxPool, MaxPoolBackward, MaxPoolGather, AvgPool, AvgPoolBackward, AdaptiveAvgPool,
                           AdaptiveAvgPoolBackward>;

}  // namespace call

}  // namespace tt
