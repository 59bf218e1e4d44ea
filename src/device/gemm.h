// Matrix products.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "device/call.h"
#include "device/pointwise.h"

namespace tt::call {

// c[b] (m x n, row-major with leading dimension ldc) = alpha * op(a[b]) (m x k) * op(b[b]) (k x n) + beta *
// c[b] + bias, for `batch` matrices a stride apart (0: shared). Element strides. beta 0 never reads c. m, n
// and batch are at least 1; k may be 0.
struct Gemm {
  static constexpr char kName[] = "gemm";
  DType dtype;
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  double alpha = 1, beta = 0;
  In<void> a = nullptr;
  int64_t lda = 0, stride_a = 0;
  In<void> b = nullptr;
  int64_t ldb = 0, stride_b = 0;
  InOut<void> c = nullptr;
  int64_t ldc = 0, stride_c = 0;
  In<void> bias = nullptr;  // n elements added to every row; null: none
  int64_t batch = 1;
  Epilogue epilogue = {};
};

// The gradients of a linear layer's result input (rows, in) * weight^T + bias, or of what an epilogue makes
// of it. All dense. A device that has no such kernel for a layer's dtype, sizes and epilogue does the
// products one by one.
struct LinearBackward {
  static constexpr char kName[] = "linear_backward";
  DType dtype;
  int64_t rows = 0, in = 0, out = 0;  // none is 0
  In<void> grad = nullptr;            // (rows, out)
  Epilogue epilogue = {};             // nothing, relu, sigmoid or tanh
  In<void> result = nullptr;          // the epilogue's; null where there is none
  In<void> input = nullptr;
  In<void> weight = nullptr;        // (out, in)
  Out<void> grad_input = nullptr;   // null: not wanted
  Out<void> grad_weight = nullptr;  // null: not wanted
  Out<void> grad_bias = nullptr;    // null: not wanted
};

using GemmCalls = CallList<Gemm, LinearBackward>;

}  // namespace tt::call
