// What cuBLAS is asked for. It knows columns, we know rows: a row-major matrix is the transpose of the
// column-major one in the same memory, and c^T = op(b)^T op(a)^T.
#pragma once

#include <algorithm>

#include "device/gemm.h"

namespace tt::cuda {

// Column-major: c (m x n) = alpha * op(a) (m x k) * op(b) (k x n) + beta * c.
struct ColumnGemm {
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  const void* a;
  int64_t lda, stride_a;
  const void* b;
  int64_t ldb, stride_b;
  void* c;
  int64_t ldc, stride_c;

  explicit ColumnGemm(const call::Gemm& g)
      : transpose_a(g.transpose_b),
        transpose_b(g.transpose_a),
        m(g.n),
        n(g.m),
        k(g.k),
        a(g.b),
        lda(g.ldb),
        stride_a(g.stride_b),
        b(g.a),
        ldb(g.lda),
        stride_b(g.stride_a),
        c(g.c),
        ldc(g.ldc),
        stride_c(g.stride_c) {}

  // Of the matrices as they lie in memory.
  int64_t a_rows() const { return transpose_a ? k : m; }
  int64_t a_cols() const { return transpose_a ? m : k; }
  int64_t b_rows() const { return transpose_b ? n : k; }
  int64_t b_cols() const { return transpose_b ? k : n; }
};

// What an address is a multiple of, as far as kernels care.
inline uint32_t alignment_of(const void* address) {
  uint32_t alignment = 256;
  while (reinterpret_cast<uintptr_t>(address) % alignment != 0) alignment /= 2;
  return alignment;
}

}  // namespace tt::cuda
