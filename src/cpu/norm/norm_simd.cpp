// Batch normalisation's passes, compiled once per instruction set. The loops are plain: the pragmas let the
// compiler use its vectors, also for the sums.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/norm/norm_simd.cpp"
#define TT_CPU_WITHOUT_SSE4
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "cpu/runtime/independent.h"
#include "cpu/norm/norm_simd.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

// Independent partial sums, so that additions need not wait for one another.
constexpr int kParts = 64;

// The sum of term(i) over [0, n), n <= kNormRun.
template <typename A, typename F>
HWY_INLINE A sum_run(int64_t n, F&& term) {
  A parts[kParts] = {};
  int64_t i = 0;
  for (; i + kParts <= n; i += kParts) {
    TT_INDEPENDENT
    for (int j = 0; j < kParts; ++j) parts[j] += term(i + j);
  }
  A rest = 0;
  for (; i < n; ++i) rest += term(i);
  for (int width = kParts / 2; width > 0; width /= 2) {
    TT_INDEPENDENT
    for (int j = 0; j < width; ++j) parts[j] += parts[j + width];
  }
  return parts[0] + rest;
}

template <typename T>
double sum(const T* x, int64_t rows, int64_t step, int64_t n) {
  using A = NormAcc<T>;
  double total = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < n; i += kNormRun) {
      const T* row = x + r * step + i;
      total += sum_run<A>(std::min(kNormRun, n - i), [=](int64_t j) { return static_cast<A>(row[j]); });
    }
  }
  return total;
}

template <typename T, typename A>
double squares(const T* x, int64_t rows, int64_t step, int64_t n, A mean) {
  double total = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < n; i += kNormRun) {
      const T* row = x + r * step + i;
      total += sum_run<A>(std::min(kNormRun, n - i), [=](int64_t j) {
        const A d = static_cast<A>(row[j]) - mean;
        return d * d;
      });
    }
  }
  return total;
}

// ReLU or not by a number, so that there is one loop for both: what is below `least` becomes zero, and NaN
// stays.
template <typename A>
HWY_INLINE A least_of(bool relu) {
  return relu ? A(0) : -std::numeric_limits<A>::infinity();
}
template <typename A>
HWY_INLINE A at_least(A value, A least) {
  return value < least ? A(0) : value;
}
// The gradient that a ReLU with the results y lets through; without one, y is null and everything passes.
template <typename T>
struct Mask {
  using A = NormAcc<T>;
  const T* g;
  const T* y;
  A most;  // of y, where nothing but this passes

  Mask(const T* grad, const T* result)
      : g(grad),
        y(result != nullptr ? result : grad),
        most(result != nullptr ? A(0) : -std::numeric_limits<A>::infinity()) {}
  HWY_INLINE Mask at(int64_t offset) const {
    Mask out = *this;
    out.g += offset;
    out.y += offset;
    return out;
  }
  HWY_INLINE A operator[](int64_t i) const {
    return static_cast<A>(y[i]) <= most ? most : static_cast<A>(g[i]);
  }
};

template <typename T, typename A>
void scale(const T* x, T* out, int64_t rows, int64_t step, int64_t n, A factor, A shift, bool relu) {
  const A least = least_of<A>(relu);
  for (int64_t r = 0; r < rows; ++r) {
    const T* from = x + r * step;
    T* to = out + r * step;
    TT_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) {
      to[i] = static_cast<T>(at_least(static_cast<A>(from[i]) * factor + shift, least));
    }
  }
}

template <typename T, typename A>
void gradient_sums(const T* g, const T* x, const T* y, int64_t rows, int64_t step, int64_t n, A mean,
                   double* sum_out, double* dot) {
  double total = 0, product = 0;
  const Mask<T> all(g, y);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < n; i += kNormRun) {
      const int64_t at = r * step + i;
      const Mask<T> through = all.at(at);
      const T* const row = x + at;
      const int64_t count = std::min(kNormRun, n - i);
      total += sum_run<A>(count, [=](int64_t j) { return through[j]; });
      product += sum_run<A>(count, [=](int64_t j) { return through[j] * (static_cast<A>(row[j]) - mean); });
    }
  }
  *sum_out = total;
  *dot = product;
}

template <typename T, typename A>
void gradient(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t step, int64_t n, A mean, A a,
              A b, A c) {
  const Mask<T> all(g, y);
  for (int64_t r = 0; r < rows; ++r) {
    const Mask<T> through = all.at(r * step);
    const T* row = x + r * step;
    T* to = out + r * step;
    TT_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) {
      to[i] = static_cast<T>(through[i] * a + (static_cast<A>(row[i]) - mean) * b + c);
    }
  }
}

template <typename T>
void sum_columns(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end, double* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
    TT_INDEPENDENT
    for (int64_t c = begin; c < end; ++c) sums[c] += static_cast<NormAcc<T>>(row[c]);
  }
}

template <typename T, typename A>
void squares_columns(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end, const A* mean,
                     double* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
    TT_INDEPENDENT
    for (int64_t c = begin; c < end; ++c) {
      const A d = static_cast<A>(row[c]) - mean[c];
      sums[c] += d * d;
    }
  }
}

template <typename T, typename A>
void scale_columns(const T* x, T* out, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                   const A* factor, const A* shift, bool relu) {
  const A least = least_of<A>(relu);
  for (int64_t r = 0; r < rows; ++r) {
    const T* from = x + r * channels;
    T* to = out + r * channels;
    TT_INDEPENDENT
    for (int64_t c = begin; c < end; ++c) {
      to[c] = static_cast<T>(at_least(static_cast<A>(from[c]) * factor[c] + shift[c], least));
    }
  }
}

template <typename T, typename A>
void gradient_sums_columns(const T* g, const T* x, const T* y, int64_t rows, int64_t channels, int64_t begin,
                           int64_t end, const A* mean, double* sums, double* dots) {
  const Mask<T> all(g, y);
  for (int64_t r = 0; r < rows; ++r) {
    const Mask<T> through = all.at(r * channels);
    const T* row = x + r * channels;
    TT_INDEPENDENT
    for (int64_t c = begin; c < end; ++c) {
      sums[c] += through[c];
      dots[c] += through[c] * (static_cast<A>(row[c]) - mean[c]);
    }
  }
}

template <typename T, typename A>
void gradient_columns(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t channels,
                      int64_t begin, int64_t end, const A* mean, const A* a, const A* b, const A* c) {
  const Mask<T> all(g, y);
  for (int64_t r = 0; r < rows; ++r) {
    const Mask<T> through = all.at(r * channels);
    const T* row = x + r * channels;
    T* to = out + r * channels;
    TT_INDEPENDENT
    for (int64_t i = begin; i < end; ++i) {
      to[i] = static_cast<T>(through[i] * a[i] + (static_cast<A>(row[i]) - mean[i]) * b[i] + c[i]);
    }
  }
}

template <typename T>
const NormPasses<T>* get_norm_passes() {
  using A = NormAcc<T>;
  static constexpr NormPasses<T> passes = {sum<T>,
                                           squares<T, A>,
                                           scale<T, A>,
                                           gradient_sums<T, A>,
                                           gradient<T, A>,
                                           sum_columns<T>,
                                           squares_columns<T, A>,
                                           scale_columns<T, A>,
                                           gradient_sums_columns<T, A>,
                                           gradient_columns<T, A>};
  return &passes;
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

template <typename T>
const NormPasses<T>& norm_passes() {
  static const NormPasses<T>* const passes = TT_CPU_DISPATCH(get_norm_passes<T>)();
  return *passes;
}
template const NormPasses<float>& norm_passes<float>();
template const NormPasses<double>& norm_passes<double>();

}  // namespace tt::cpu
#endif
