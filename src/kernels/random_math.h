// The elementary functions that random numbers are made with. Each result is the same, bit for bit, on every
// compiler and device: every product that meets a sum is an explicit fused multiply-add, so that nothing is
// left to contract.
//
// The single-precision polynomials and range reductions are those of Moshier's Cephes library (logf.c,
// sinf.c), which PyTorch's vectorised normal fill evaluates too; with fused multiply-adds where its compiler
// contracts, the results are equal to PyTorch's, and not only close. The double-precision functions are plain
// series.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/macros.h"

namespace tt::random_math {

#if defined(__CUDACC__)
TT_HOST_DEVICE inline float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
TT_HOST_DEVICE inline double fma(double a, double b, double c) { return ::fma(a, b, c); }
#else
inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#endif

// For x > 0. Writes x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
TT_HOST_DEVICE inline float log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  float m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);
  float e = static_cast<float>(static_cast<int32_t>(bits >> 23) - 126);
  const bool low = m < 0.707106781186547524f;
  m = low ? m + m - 1.0f : m - 1.0f;
  e = low ? e - 1.0f : e;

  const float square = m * m;
  float p = 7.0376836292e-2f;
  p = fma(p, m, -1.1514610310e-1f);
  p = fma(p, m, 1.1676998740e-1f);
  p = fma(p, m, -1.2420140846e-1f);
  p = fma(p, m, 1.4249322787e-1f);
  p = fma(p, m, -1.6668057665e-1f);
  p = fma(p, m, 2.0000714765e-1f);
  p = fma(p, m, -2.4999993993e-1f);
  p = fma(p, m, 3.3333331174e-1f);
  p = fma(p * m, square, e * -2.12194440e-4f);
  p = fma(-0.5f, square, p);
  return fma(e, 0.693359375f, m + p);  // 0.693359375 - 2.12194440e-4 = log 2
}

template <typename T>
struct SinCos {
  T sin;
  T cos;
};

// sin and cos of x in [-pi/4, pi/4] by polynomial; `octant` even, in units of pi/4, turns them to the true
// angle.
TT_HOST_DEVICE inline SinCos<float> sincos_turned(float x, int32_t octant) {
  const float square = x * x;
  float c = 2.443315711809948e-5f;
  c = fma(c, square, -1.388731625493765e-3f);
  c = fma(c, square, 4.166664568298827e-2f);
  c = fma(c * square, square, -0.5f * square) + 1.0f;
  float s = -1.9515295891e-4f;
  s = fma(s, square, 8.3321608736e-3f);
  s = fma(s, square, -1.6666654611e-1f);
  s = fma(s * square, x, x);
  const bool swap = (octant & 2) != 0;
  const float sine = swap ? c : s;
  const float cosine = swap ? s : c;
  return {octant & 4 ? -sine : sine, (octant + 2) & 4 ? -cosine : cosine};
}

// For x in [0, 8192).
TT_HOST_DEVICE inline SinCos<float> sincos(float x) {
  const int32_t octant = (static_cast<int32_t>(x * 1.27323954473516f) + 1) & ~1;
  const float k = static_cast<float>(octant);
  // pi/4 in three parts, the first two short enough for exact products.
  float r = fma(k, -0.78515625f, x);
  r = fma(k, -2.4187564849853515625e-4f, r);
  r = fma(k, -3.77489497744594108e-8f, r);
  return sincos_turned(r, octant);
}

// sin and cos of 2 pi u, for u in [0, 1]: the reduction is exact.
TT_HOST_DEVICE inline SinCos<float> sincos_turns(float u) {
  const int32_t octant = (static_cast<int32_t>(u * 8.0f) + 1) & ~1;
  return sincos_turned((u - static_cast<float>(octant) * 0.125f) * 6.283185307179586f, octant);
}

// For normal x > 0: log x = e log 2 + 2 atanh((m - 1) / (m + 1)), the series of atanh to the 21st power.
TT_HOST_DEVICE inline double log(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  double m = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3fe0000000000000u);
  int32_t exponent = static_cast<int32_t>(bits >> 52) - 1022;
  if (m < 0.70710678118654752440) {
    m += m;
    --exponent;
  }
  const double e = static_cast<double>(exponent);
  const double s = (m - 1.0) / (m + 1.0);
  const double square = s * s;
  double p = 1.0 / 21;
  p = fma(p, square, 1.0 / 19);
  p = fma(p, square, 1.0 / 17);
  p = fma(p, square, 1.0 / 15);
  p = fma(p, square, 1.0 / 13);
  p = fma(p, square, 1.0 / 11);
  p = fma(p, square, 1.0 / 9);
  p = fma(p, square, 1.0 / 7);
  p = fma(p, square, 1.0 / 5);
  p = fma(p, square, 1.0 / 3);
  p = fma(p * square, s, s);
  return fma(e, 0.69314718055994530942, p + p);
}

// sin and cos of 2 pi u, for u in [0, 1]: exact reduction, then Taylor's series.
TT_HOST_DEVICE inline SinCos<double> sincos_turns(double u) {
  const int32_t octant = (static_cast<int32_t>(u * 8.0) + 1) & ~1;
  const double x = (u - static_cast<double>(octant) * 0.125) * 6.283185307179586477;
  const double square = x * x;
  double s = 1.0 / 355687428096000.0;  // 1 / 17!
  s = fma(s, square, -1.0 / 1307674368000.0);
  s = fma(s, square, 1.0 / 6227020800.0);
  s = fma(s, square, -1.0 / 39916800.0);
  s = fma(s, square, 1.0 / 362880.0);
  s = fma(s, square, -1.0 / 5040.0);
  s = fma(s, square, 1.0 / 120.0);
  s = fma(s, square, -1.0 / 6.0);
  s = fma(s * square, x, x);
  double c = -1.0 / 6402373705728000.0;  // 1 / 18!
  c = fma(c, square, 1.0 / 20922789888000.0);
  c = fma(c, square, -1.0 / 87178291200.0);
  c = fma(c, square, 1.0 / 479001600.0);
  c = fma(c, square, -1.0 / 3628800.0);
  c = fma(c, square, 1.0 / 40320.0);
  c = fma(c, square, -1.0 / 720.0);
  c = fma(c, square, 1.0 / 24.0);
  c = fma(c, square, -0.5);
  c = fma(c, square, 1.0);
  const bool swap = (octant & 2) != 0;
  const double sine = swap ? c : s;
  const double cosine = swap ? s : c;
  return {octant & 4 ? -sine : sine, (octant + 2) & 4 ? -cosine : cosine};
}

TT_HOST_DEVICE inline float sqrt(float x) { return ::sqrtf(x); }
TT_HOST_DEVICE inline double sqrt(double x) { return ::sqrt(x); }

}  // namespace tt::random_math
