// Convolution.
#pragma once

#include "device/conv.h"
#include "tensor/tensor.h"
#include "ops/index/index.h"

namespace tt::ops {

// How much: the options' numbers; nothing ('valid'); what keeps the input's size ('same': where it is odd the
// end gets one more).
enum class PaddingKind : int32_t { kNumbers = 0, kValid = 1, kSame = 2 };

// Of up to three spatial dimensions: an op of fewer has the leading entries. Padding by another kind than
// numbers leaves `padding` alone; one by another mode than zeros is pad() before a convolution without any.
struct ConvOptions {
  int64_t stride[3] = {1, 1, 1};
  int64_t padding[3] = {0, 0, 0};
  int64_t dilation[3] = {1, 1, 1};
  int64_t groups = 1;
  PaddingKind padding_kind = PaddingKind::kNumbers;
  PadMode padding_mode = PadMode::kConstant;
};

// input (N, C, H, W) or (C, H, W); weight (K, C / groups, kh, kw); bias (K) or undefined.
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& options = {});
// relu(conv2d(...)) as one op.
Tensor conv2d_relu(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const ConvOptions& options = {});
// input (N, C, L) or (C, L); weight (K, C / groups, k); bias (K) or undefined.
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& options = {});

// The gradients, which are ops with gradients of their own: each of the three is linear in its two arguments,
// and the gradient of any is made of the other two. Arguments are checked by whoever made the shape.
Tensor conv2d_backward_data(const Tensor& grad_output, const Tensor& weight, const ConvShape& shape);
Tensor conv2d_backward_weight(const Tensor& grad_output, const Tensor& input, const ConvShape& shape);

}  // namespace tt::ops
