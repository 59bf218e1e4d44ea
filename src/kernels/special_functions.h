// Special functions that the C++ library lacks, for hosts and devices. All are computed in double.
#pragma once

#include <cmath>
#include <limits>

#include "base/macros.h"

namespace tt::special {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kTwoOverSqrtPi = 1.12837916709551257390;

// log |gamma(x)|, without writing to the C library's global sign.
TT_HOST_DEVICE inline double lgamma(double x) {
#if defined(__CUDA_ARCH__) || !defined(__GLIBC__)
  return std::lgamma(x);
#else
  int sign;
  return ::lgamma_r(x, &sign);
#endif
}

// The derivative of lgamma: recurrence up to 10, then the asymptotic series in 1/x^2 (Bernoulli numbers);
// reflection for negative x. Poles: -0 and 0 give +-infinity, the others NaN.
TT_HOST_DEVICE inline double digamma(double x) {
  if (x == 0) return std::copysign(std::numeric_limits<double>::infinity(), -x);
  double result = 0;
  if (x < 0) {
    const double fraction = x - std::trunc(x);
    if (fraction == 0) return std::numeric_limits<double>::quiet_NaN();
    result = -kPi / std::tan(kPi * fraction);
    x = 1 - x;
  }
  while (x < 10) {
    result -= 1 / x;
    x += 1;
  }
  const double z = 1 / (x * x);
  const double series =
      z *
      (1.0 / 12 -
       z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return result + std::log(x) - 0.5 / x - series;
}

// Hurwitz zeta, sum over k >= 0 of (q + k)^-s, by Euler and Maclaurin's formula. s > 1.
TT_HOST_DEVICE inline double zeta(double s, double q) {
  if (q <= 0 && q == std::floor(q)) return std::numeric_limits<double>::infinity();
  if (q <= 0 && s != std::floor(s)) return std::numeric_limits<double>::quiet_NaN();
  if (q == std::numeric_limits<double>::infinity()) return 0;
  if (!(q > -1e6)) return std::numeric_limits<double>::quiet_NaN();  // NaN, or further than anyone can sum
  double sum = 0;
  while (q < 10) {
    sum += std::pow(q, -s);
    q += 1;
  }
  const double power = std::pow(q, -s);
  sum += power * q / (s - 1) + 0.5 * power;
  const double coefficients[] = {1.0 / 12,           -1.0 / 720,     1.0 / 30240,
                                 -1.0 / 1209600,     1.0 / 47900160, -691.0 / 1307674368000.0,
                                 1.0 / 74724249600.0};
  double term = power * s / q;
  for (int j = 0; j < 7; ++j) {
    sum += coefficients[j] * term;
    term *= (s + 2 * j + 1) * (s + 2 * j + 2) / (q * q);
  }
  return sum;
}

// The n-th derivative of digamma, n >= 1.
TT_HOST_DEVICE inline double polygamma(double n, double x) {
  if (n == 1 && x < 0.5) {  // by reflection
    const double s = std::sin(kPi * x);
    return kPi * kPi / (s * s) - zeta(2, 1 - x);
  }
  const double sign = std::fmod(n, 2) != 0 ? 1 : -1;
  return sign * std::exp(special::lgamma(n + 1)) * zeta(n + 1, x);
}

// The inverse of erf: a first approximation (Giles, "Approximating the erfinv function", 2010; far out the
// asymptotic form of erfc), then Halley's steps on erfc, which keeps its precision near 1.
TT_HOST_DEVICE inline double erfinv(double x) {
  const double magnitude = std::fabs(x);
  if (!(magnitude <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (magnitude == 1) return std::copysign(std::numeric_limits<double>::infinity(), x);
  if (magnitude < 1e-9) return x / kTwoOverSqrtPi;
  double w = -std::log((1 - magnitude) * (1 + magnitude));
  double y;
  if (w < 5) {
    w -= 2.5;
    y = 2.81022636e-08;
    y = 3.43273939e-07 + y * w;
    y = -3.5233877e-06 + y * w;
    y = -4.39150654e-06 + y * w;
    y = 0.00021858087 + y * w;
    y = -0.00125372503 + y * w;
    y = -0.00417768164 + y * w;
    y = 0.246640727 + y * w;
    y = (1.50140941 + y * w) * magnitude;
  } else {
    const double l = -std::log(1 - magnitude);
    y = std::sqrt(l - 0.5 * std::log(kPi * l));
  }
  for (int step = 0; step < 3; ++step) {
    const double error = magnitude > 0.5 ? (1 - magnitude) - std::erfc(y) : std::erf(y) - magnitude;
    const double u = error / (kTwoOverSqrtPi * std::exp(-y * y));
    y -= u / (1 + y * u);
  }
  return std::copysign(y, x);
}

}  // namespace tt::special
