// Pooling.
#pragma once

#include <optional>

#include "device/pool.h"
#include "core/tensor.h"

namespace tt::ops {

struct MaxPool2dOptions {
  int64_t kernel[2];
  int64_t stride[2] = {0, 0};  // both 0: the kernel
  int64_t padding[2] = {0, 0};
  int64_t dilation[2] = {1, 1};
  bool ceil_mode = false;
};

struct MaxPool2dResult {
  Tensor output;
  Tensor indices;  // int64, row * width + column in the input's plane
};

// input (N, C, H, W) or (C, H, W).
Tensor max_pool2d(const Tensor& input, const MaxPool2dOptions& options);
// max_pool2d(relu(input)), recorded as one op where the device has a kernel for it.
Tensor relu_max_pool2d(const Tensor& input, const MaxPool2dOptions& options);
MaxPool2dResult max_pool2d_with_indices(const Tensor& input, const MaxPool2dOptions& options);

struct AvgPool2dOptions {
  int64_t kernel[2];
  int64_t stride[2] = {0, 0};  // both 0: the kernel
  int64_t padding[2] = {0, 0};
  bool ceil_mode = false;
  bool count_include_pad = true;
  std::optional<int64_t> divisor_override = std::nullopt;
};

Tensor avg_pool2d(const Tensor& input, const AvgPool2dOptions& options);
// An output size of -1 keeps the input's.
Tensor adaptive_avg_pool2d(const Tensor& input, const int64_t output_size[2]);

}  // namespace tt::ops
