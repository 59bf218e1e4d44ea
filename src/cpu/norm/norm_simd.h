// The passes that batch normalisation is made of, over one channel or a few. T: the tensor's element type;
// values are computed as A: double for double, else float. Sums are kept in double.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/dtype.h"

namespace tt::cpu {

template <typename T>
using NormAcc = std::conditional_t<std::is_same_v<T, double>, double, float>;

// Elements added up in the accumulation type before the sum moves to double; it keeps the error of long rows
// small.
inline constexpr int64_t kNormRun = 2048;

// `rows` rows of `n` elements, `step` apart; sums are over rows and elements.
template <typename T>
struct NormPasses {
  using A = NormAcc<T>;
  // sum of x
  double (*sum)(const T* x, int64_t rows, int64_t step, int64_t n);
  // sum of (x - mean)^2
  double (*squares)(const T* x, int64_t rows, int64_t step, int64_t n, A mean);
  // out = x * scale + shift, or ReLU of it
  void (*scale)(const T* x, T* out, int64_t rows, int64_t step, int64_t n, A scale, A shift, bool relu);
  // sums of g and of g * (x - mean); with y, ReLU's result, g counts where that is not 0
  void (*gradient_sums)(const T* g, const T* x, const T* y, int64_t rows, int64_t step, int64_t n, A mean,
                        double* sum, double* dot);
  // out = g * a + (x - mean) * b + c, with y as above
  void (*gradient)(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t step, int64_t n, A mean,
                   A a, A b, A c);
  // The same with one element per row and channel: x (rows, channels), vectors of `channels`, of which
  // [begin, end) is done.
  void (*sum_columns)(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end, double* sums);
  void (*squares_columns)(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                          const A* mean, double* sums);
  void (*scale_columns)(const T* x, T* out, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                        const A* scale, const A* shift, bool relu);
  void (*gradient_sums_columns)(const T* g, const T* x, const T* y, int64_t rows, int64_t channels,
                                int64_t begin, int64_t end, const A* mean, double* sums, double* dots);
  void (*gradient_columns)(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t channels,
                           int64_t begin, int64_t end, const A* mean, const A* a, const A* b, const A* c);
};

// Of the best instruction set.
template <typename T>
const NormPasses<T>& norm_passes();
// Half types go through float (norm_half.cpp).
template <>
const NormPasses<Half>& norm_passes<Half>();
template <>
const NormPasses<BFloat16>& norm_passes<BFloat16>();

}  // namespace tt::cpu
