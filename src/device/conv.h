// Convolutions: forward, data gradient, weight gradient.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "device/call.h"
#include "device/pointwise.h"

namespace tt {

// The geometry of a 2-d convolution. Tensors are contiguous:
//   input (batch, in_channels, height, width), weight (out_channels, in_channels / groups, kernel...),
//   output (batch, out_channels, out_height, out_width), bias (out_channels).
// Output pixel (y, x) reads the input at (y * stride - padding + tap * dilation); what lies outside is zero,
// so padding is what stands before the first row and column, and what follows the last is implied by the
// output's size. Index 0 is the vertical axis.
struct ConvShape {
  int64_t batch = 0;
  int64_t in_channels = 0, height = 0, width = 0;
  int64_t out_channels = 0, out_height = 0, out_width = 0;
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t padding[2] = {0, 0};
  int64_t dilation[2] = {1, 1};
  int64_t groups = 1;

  constexpr int64_t group_inputs() const { return in_channels / groups; }
  constexpr int64_t group_outputs() const { return out_channels / groups; }
  // Products per output element.
  constexpr int64_t taps() const { return group_inputs() * kernel[0] * kernel[1]; }
};

namespace call {

// Every tensor of a call has the one dtype. Results are overwritten. The gradients exist for floating dtypes;
// forward also for integers. No size is zero, except that out_channels' and in_channels' products may be.

struct Conv {
  static constexpr char kName[] = "conv";
  ConvShape shape;
  DType dtype;
  In<void> input, weight;
  In<void> bias;  // null: none
  Epilogue epilogue;
  Out<void> output;
};

// A result that is null is not asked for; what only such a result needs may be null too.
struct ConvBackward {
  static constexpr char kName[] = "conv_backward";
  ConvShape shape;
  DType dtype;
  In<void> grad_output = nullptr;
  In<void> output = nullptr;  // of a convolution with ReLU, what it returned; else null
  In<void> input = nullptr;   // for grad_weight
  In<void> weight = nullptr;  // for grad_input
  Out<void> grad_input = nullptr;
  Out<void> grad_weight = nullptr;
  Out<void> grad_bias = nullptr;  // only beside grad_weight
};

using ConvCalls = CallList<Conv, ConvBackward>;

}  // namespace call

}  // namespace tt
