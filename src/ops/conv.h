// Convolution.
#pragma once

#include "device/conv.h"
#include "core/tensor.h"

namespace tt::ops {

struct Conv2dOptions {
  int64_t stride[2] = {1, 1};
  int64_t padding[2] = {0, 0};
  int64_t dilation[2] = {1, 1};
  int64_t groups = 1;
};

// 'valid': none. 'same': the output's size is the input's; where the padding is odd the end gets one more.
enum class PaddingMode : int32_t { kValid = 0, kSame = 1 };

// input (N, C, H, W) or (C, H, W); weight (K, C / groups, kh, kw); bias (K) or undefined.
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options = {});
// options.padding is ignored.
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options,
              PaddingMode mode);

// relu(conv2d(...)) as one op.
Tensor conv2d_relu(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Conv2dOptions& options = {});
Tensor conv2d_relu(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Conv2dOptions& options, PaddingMode mode);

struct Conv1dOptions {
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t groups = 1;
};

// input (N, C, L) or (C, L); weight (K, C / groups, k); bias (K) or undefined.
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
              const Conv1dOptions& options = {});
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dOptions& options,
              PaddingMode mode);

// The gradients, which are ops with gradients of their own: each of the three is linear in its two arguments,
// and the gradient of any is made of the other two. Arguments are checked by whoever made the shape.
Tensor conv2d_backward_data(const Tensor& grad_output, const Tensor& weight, const ConvShape& shape);
Tensor conv2d_backward_weight(const Tensor& grad_output, const Tensor& input, const ConvShape& shape);

}  // namespace tt::ops
