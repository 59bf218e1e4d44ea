// Matrix products of a block that fits the caches, in the machine's vectors: what gemm_fast.cpp builds
// products of any size from.
#pragma once

#include <cstdint>

namespace tt::cpu {

// How element (i, p) of the left operand lies in memory.
enum class LeftLayout : uint8_t {
  kRows,     // at i * step + p
  kColumns,  // at p * step + i
  kPacked,   // by pack_left
};

// c (rows x cols) = alpha * a (rows x k) * b (k x cols) + beta * c + bias.
template <typename T>
struct GemmBlock {
  int64_t rows = 0, cols = 0, k = 0;  // at least 1
  LeftLayout a_layout = LeftLayout::kPacked;
  const T* a = nullptr;
  int64_t a_step = 0;
  bool b_packed = true;  // by pack_right; else element (p, j) at p * b_step + j
  const T* b = nullptr;
  int64_t b_step = 0;
  bool c_transposed = false;  // element (i, j) of c at j * c_step + i, and the bias is one value a row; else
  T* c = nullptr;             // at i * c_step + j, and the bias is one value a column
  int64_t c_step = 0;
  T alpha = 1, beta = 0;    // beta 0 never reads c
  const T* bias = nullptr;  // null: none
};

template <typename T>
struct GemmLoops {
  int64_t lanes;  // of a vector
  int64_t rows;   // of the largest tile, whose sums stay in registers; it is two vectors wide

  void (*multiply)(const GemmBlock<T>& block);
  // c = alpha * a * b + beta * c + bias for a of kRows and b whose columns are dense (element (p, j) at j *
  // b_step + p): a dot product each, for results that are a few rows or columns.
  void (*dots)(const GemmBlock<T>& block);

  // The layouts that `multiply` reads, from element (i, p) at i * step + p, or if `transposed` at p * step +
  // i; `to` takes rows * k elements.
  void (*pack_left)(const T* a, int64_t step, bool transposed, int64_t rows, int64_t k, T* to);
  // From element (p, j) at p * step + j, or if `transposed` at j * step + p; `to` takes k elements for each
  // of the columns, these rounded up to whole vectors.
  void (*pack_right)(const T* b, int64_t step, bool transposed, int64_t k, int64_t cols, T* to);
};

// Null where there are no such loops for the machine's instruction set: they need AVX2 or AVX-512.
template <typename T>
const GemmLoops<T>* gemm_loops();

}  // namespace tt::cpu
