// Pooling and its gradients.
#pragma once

#include <cstdint>

#include "core/dtype.h"

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
  bool relu = false;  // max_pool: of the input, before the pooling; NaN stays. Where joins_relu says so.
};

struct AvgPoolOptions {
  bool count_include_pad = true;
  int64_t divisor_override = 0;  // 0: the number of elements
};

// Results are overwritten. No size is zero.
class PoolKernels {
 public:
  static constexpr char kFamily[] = "pool";
  virtual ~PoolKernels() = default;

  // indices (int64): the place of the maximum in its plane, row * width + column; the first of equals, and
  // the last NaN where there are some. May be null.
  virtual void max_pool(const PoolShape& shape, DType dtype, const void* input, void* output,
                        int64_t* indices) = 0;
  // input_grad[plane][indices[i]] += grad_output[i]. output, after a relu: what max_pool returned; only where
  // it is above zero or NaN does the gradient count. Else null.
  virtual void max_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output,
                                 const int64_t* indices, const void* output, void* grad_input) = 0;
  // Whether max pooling of the shape can take relu along.
  virtual bool joins_relu(const PoolShape&) const { return false; }
  // output[i] = input[plane][indices[i]]: the gradient of max_pool_backward.
  virtual void max_pool_gather(const PoolShape& shape, DType dtype, const void* input, const int64_t* indices,
                               void* output) = 0;

  virtual void avg_pool(const PoolShape& shape, const AvgPoolOptions& options, DType dtype, const void* input,
                        void* output) = 0;
  virtual void avg_pool_backward(const PoolShape& shape, const AvgPoolOptions& options, DType dtype,
                                 const void* grad_output, void* grad_input) = 0;

  // Output (y, x) averages rows floor(y * height / out_height) to ceil((y + 1) * height / out_height),
  // columns alike. Only planes and sizes of the shape are used.
  virtual void adaptive_avg_pool(const PoolShape& shape, DType dtype, const void* input, void* output) = 0;
  virtual void adaptive_avg_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output,
                                          void* grad_input) = 0;
};

}  // namespace tt
