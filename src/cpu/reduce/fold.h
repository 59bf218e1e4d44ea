// Folding elements into accumulators: the building block of the CPU's reductions, one kernel per fold and
// dtype. Accumulators are arrays of the fold's own type.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace tt::cpu {

// What is folded, and the accumulator's type: "wide" is uint64 for integers (sums wrap as int64 does), float
// for half types and float, double for double.
enum class Fold : uint8_t {
  kSum,      // x; wide
  kNanSum,   // x, 0 where NaN; wide; floating dtypes
  kProd,     // x; wide
  kMax,      // x; the dtype, float for half types
  kMin,      // likewise
  kNonzero,  // -1 where x != 0, or-ed; a signed integer as wide as the dtype (int32 for half types)
  kZero,     // -1 where x == 0, likewise
  kCount,    // 1 where x != 0; uint64
  kAbsSum,   // |x|; wide; floating dtypes, as all that follow
  kSquares,  // x * x; wide
  kAbsMax,   // |x|; float or double
  kAbsMin,
  kSumDouble,   // x; double
  kDeviations,  // (x - center)^2; double
  kPowers,      // |x|^center; double
  kExps,        // exp(x - center), center 0 where it is infinite; double
  kFoldCount,
};

inline constexpr int64_t kFoldBlock = 4096;    // elements summed lane by lane before sums are added pairwise
inline constexpr int64_t kStridedBlock = 256;  // the same of strided elements, which have few lanes

// Kernels are made of loops over elements of one dtype (fold.cpp, fold_simd.cpp).
struct FoldKernel {
  // acc[0..n) = the fold of nothing.
  void (*init)(void* acc, int64_t n) = nullptr;
  // acc[i] = acc[i] folded with other[i].
  void (*combine)(void* acc, const void* other, int64_t n) = nullptr;
  // Folds n elements, `stride` bytes apart, into acc[0]. `center`: one double, for the folds that have one.
  void row(void* acc, const char* in, int64_t stride, int64_t n, const double* center) const;
  // Folds row by row into acc[0..cols): the elements of a row are dense. `center`: one double a column.
  void columns(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
               const double* center) const;

  int acc_bytes = 0;  // 0: no such kernel
  int lanes = 0;      // accumulators in a vector; 0 where there are no vectors
  bool centered = false;
  DType element = DType::kFloat32;  // what the loops below take
  DType input = DType::kFloat32;    // where it is another, the elements are converted, block by block
  // At most kFoldBlock elements into *out.
  void (*dense)(void* out, const char* in, int64_t n, double center) = nullptr;
  void (*strided)(void* out, const char* in, int64_t stride, int64_t n, double center) = nullptr;
  void (*plain_columns)(void* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                        const double* center) = nullptr;

 private:
  void block(void* out, const char* in, int64_t stride, int64_t n, double center) const;
  void converted_block(void* out, const char* in, int64_t stride, int64_t n, double center) const;
  void pairwise(void* out, const char* in, int64_t stride, int64_t n, double center) const;
  void converted_columns(char* acc, const char* in, int64_t row_stride, int64_t rows, int64_t cols,
                         const double* center) const;
};

struct FoldTable {
  FoldKernel kernels[static_cast<int>(Fold::kFoldCount)][kDTypeCount];
  FoldKernel& at(Fold fold, DType dtype) { return kernels[static_cast<int>(fold)][static_cast<int>(dtype)]; }
};

const FoldKernel& fold_kernel(Fold fold, DType dtype);

// Puts the loops of the best instruction set over the plain ones (fold_simd.cpp).
void add_vector_folds(FoldTable& table);

}  // namespace tt::cpu
