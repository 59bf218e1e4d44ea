// Pooling.
#pragma once

#include "device/pool.h"
#include "tensor/tensor.h"

namespace tt::ops {

// Of up to three spatial dimensions: an op of fewer has the leading entries.
struct PoolOptions {
  int64_t kernel[3];
  int64_t stride[3] = {0, 0, 0};  // 0: the kernel's size
  int64_t padding[3] = {0, 0, 0};
  int64_t dilation[3] = {1, 1, 1};  // of max pooling
  bool ceil_mode = false;
  bool count_include_pad = true;  // of average pooling, as the next
  int64_t divisor_override = 0;   // 0: none
};

struct MaxPool2dResult {
  Tensor output;
  Tensor indices;  // int64, row * width + column in the input's plane
};

// input (N, C, H, W) or (C, H, W).
Tensor max_pool2d(const Tensor& input, const PoolOptions& options);
// max_pool2d(relu(input)), recorded as one op where the device has a kernel for it.
Tensor relu_max_pool2d(const Tensor& input, const PoolOptions& options);
MaxPool2dResult max_pool2d_with_indices(const Tensor& input, const PoolOptions& options);

Tensor avg_pool2d(const Tensor& input, const PoolOptions& options);
// An output size of -1 keeps the input's.
Tensor adaptive_avg_pool2d(const Tensor& input, const int64_t output_size[2]);

}  // namespace tt::ops
