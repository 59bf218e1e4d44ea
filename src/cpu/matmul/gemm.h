// The CPU's matrix products.
#pragma once

#include "device/gemm.h"

namespace tt::cpu {

// What is below zero becomes zero, in rows a step apart.
template <typename T>
void relu_rows(T* c, int64_t step, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; ++i, c += step) {
    for (int64_t j = 0; j < cols; ++j) c[j] = c[j] < T(0) ? T(0) : c[j];
  }
}

// One product after another, each element by a plain loop: what the fast ones are held to, and what dtypes
// without a fast one use.
void gemm_reference(const call::Gemm& args);

}  // namespace tt::cpu
