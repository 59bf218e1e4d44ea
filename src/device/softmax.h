// Softmax, log-softmax and their gradients.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "device/call.h"

namespace tt {

// Tensors are dense, (outer, dim, inner), the softmax running along dim. All sizes are at least 1.
struct SoftmaxShape {
  DType dtype;  // floating; half types are computed in float
  bool log = false;
  int64_t outer = 1, dim = 1, inner = 1;
};

namespace call {

struct Softmax {
  static constexpr char kName[] = "softmax";
  SoftmaxShape shape;
  In<void> input;
  Out<void> output;
};
// The input's gradient from the result's gradient and the result.
struct SoftmaxBackward {
  static constexpr char kName[] = "softmax_backward";
  SoftmaxShape shape;
  In<void> grad;
  In<void> output;
  Out<void> grad_input;
};

using SoftmaxCalls = CallList<Softmax, SoftmaxBackward>;

}  // namespace call

}  // namespace tt
