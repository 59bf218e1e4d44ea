// Softmax, log-softmax and their gradients.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace tt {

// Tensors are dense, (outer, dim, inner), the softmax running along dim. All sizes are at least 1.
struct SoftmaxArgs {
  DType dtype;  // floating; half types are computed in float
  bool log = false;
  int64_t outer = 1, dim = 1, inner = 1;
};

class SoftmaxKernels {
 public:
  static constexpr char kFamily[] = "softmax";
  virtual ~SoftmaxKernels() = default;
  virtual void forward(const SoftmaxArgs& args, const void* input, void* output) = 0;
  // The input's gradient from the result's gradient and the result.
  virtual void backward(const SoftmaxArgs& args, const void* grad, const void* output, void* grad_input) = 0;
};

}  // namespace tt
