// Matrix products.
#pragma once

#include <cstdint>

#include "core/backend/pointwise.h"
#include "core/dtype.h"
#include "core/error.h"

namespace tt {

// c[b] (m x n, row-major with leading dimension ldc) = alpha * op(a[b]) (m x k) * op(b[b]) (k x n) + beta *
// c[b] + bias, for `batch` matrices a stride apart (0: shared). Element strides. beta 0 never reads c. m, n
// and batch are at least 1; k may be 0. relu: what is below zero becomes zero, and NaN stays.
struct GemmArgs {
  DType dtype;
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  double alpha = 1, beta = 0;
  const void* a = nullptr;
  int64_t lda = 0, stride_a = 0;
  const void* b = nullptr;
  int64_t ldb = 0, stride_b = 0;
  void* c = nullptr;
  int64_t ldc = 0, stride_c = 0;
  const void* bias = nullptr;  // n elements added to every row; null: none
  int64_t batch = 1;
  bool relu = false;
};

// The gradients of a linear layer's result input (rows, in) * weight^T + bias, or of what an activation makes
// of it. All dense.
struct LinearBackwardArgs {
  DType dtype;
  int64_t rows = 0, in = 0, out = 0;   // none is 0
  const void* grad = nullptr;          // (rows, out)
  UnaryOp activation = UnaryOp::relu;  // relu, sigmoid or tanh
  const void* result = nullptr;        // the activation's; null: there is none
  const void* input = nullptr;
  const void* weight = nullptr;  // (out, in)
  void* grad_input = nullptr;    // null: not wanted
  void* grad_weight = nullptr;   // null: not wanted
  void* grad_bias = nullptr;     // null: not wanted
};

class GemmKernels {
 public:
  static constexpr char kFamily[] = "gemm";
  virtual ~GemmKernels() = default;
  virtual void gemm(const GemmArgs& args) = 0;

  // Whether linear_backward is there for a layer of this dtype, these sizes and this activation: where the
  // backend does at once what else is done side by side.
  virtual bool joins_linear_backward(const LinearBackwardArgs& /*layer*/) const { return false; }
  virtual void linear_backward(const LinearBackwardArgs&) {
    fail(Status::kNotImplemented, "a linear layer's gradients at once");
  }
};

}  // namespace tt
