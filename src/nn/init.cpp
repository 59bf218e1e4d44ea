#include "nn/init.h"

#include <algorithm>
#include <cmath>

#include "autograd/meta.h"
#include "base/warning.h"
#include "ops/create/create.h"
#include "ops/random/random.h"

namespace tt::nn::init {

double calculate_gain(Nonlinearity nonlinearity, double param) {
  switch (nonlinearity) {
    case Nonlinearity::kLinear:
    case Nonlinearity::kSigmoid:
      return 1;
    case Nonlinearity::kTanh:
      return 5.0 / 3;
    case Nonlinearity::kRelu:
      return std::sqrt(2.0);
    case Nonlinearity::kLeakyRelu:
      return std::sqrt(2.0 / (1 + param * param));
    case Nonlinearity::kSelu:
      return 3.0 / 4;
  }
  fail(Status::kInvalidArgument, "Unsupported nonlinearity ", static_cast<int32_t>(nonlinearity));
}

Fans fans(const Tensor& t) {
  TT_CHECK(t.ndim() >= 2, Status::kShape, "the tensor has shape ", t.sizes(),
           ", expected 2 dimensions or more");
  int64_t receptive = 1;
  for (int i = 2; i < t.ndim(); ++i) receptive *= t.size(i);
  return {t.size(1) * receptive, t.size(0) * receptive};
}

void uniform_(const Tensor& t, double a, double b, Generator* generator) {
  const GradMode off(false);
  ops::uniform_(t, a, b, generator);
}

void normal_(const Tensor& t, double mean, double std, Generator* generator) {
  const GradMode off(false);
  ops::normal_(t, mean, std, generator);
}

void constant_(const Tensor& t, double value) {
  const GradMode off(false);
  ops::fill_(t, value);
}

namespace {

// Ones at the places of a dense tensor that is otherwise zero.
template <typename F>
void fill_with_ones(const Tensor& t, F&& places) {
  const GradMode off(false);
  refuse_host_capture(kHostValues);
  check_inplace(t, "init");
  const Tensor host = ops::zeros(t.sizes(), t.dtype());
  visit_dtype(t.dtype(),
              [&]<typename T>() { places([&](int64_t i) { host.data<T>()[i] = Scalar(1).to<T>(); }); });
  ops::copy_(t, host);
}

}  // namespace

void eye_(const Tensor& t) {
  TT_CHECK(t.ndim() == 2, Status::kShape, "the tensor has shape ", t.sizes(), ", expected 2 dimensions");
  fill_with_ones(t, [&](auto&& one) {
    for (int64_t i = 0; i < std::min(t.size(0), t.size(1)); ++i) one(i * t.size(1) + i);
  });
}

void dirac_(const Tensor& t, int64_t groups) {
  TT_CHECK(t.ndim() >= 3 && t.ndim() <= 5, Status::kShape, "the tensor has shape ", t.sizes(),
           ", expected 3, 4 or 5 dimensions");
  TT_CHECK(groups > 0 && t.size(0) % groups == 0, Status::kInvalidArgument, "groups is ", groups,
           ", which does not divide the first size, ", t.size(0));
  const int64_t per_group = t.size(0) / groups;
  const int64_t count = std::min(per_group, t.size(1));
  const Dims strides = contiguous_strides(t.sizes());
  int64_t centre = 0;
  for (int i = 2; i < t.ndim(); ++i) {
    if (t.size(i) == 0) return;
    centre += t.size(i) / 2 * strides[i];
  }
  fill_with_ones(t, [&](auto&& one) {
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t d = 0; d < count; ++d) one((g * per_group + d) * strides[0] + d * strides[1] + centre);
    }
  });
}

void xavier_uniform_(const Tensor& t, double gain, Generator* generator) {
  const Fans f = fans(t);
  const double std = gain * std::sqrt(2.0 / static_cast<double>(f.in + f.out));
  const double a = std::sqrt(3.0) * std;
  uniform_(t, -a, a, generator);
}

void xavier_normal_(const Tensor& t, double gain, Generator* generator) {
  const Fans f = fans(t);
  normal_(t, 0, gain * std::sqrt(2.0 / static_cast<double>(f.in + f.out)), generator);
}

namespace {
double kaiming_std(const Tensor& t, double a, FanMode mode, Nonlinearity nonlinearity) {
  const Fans f = fans(t);
  const int64_t fan = mode == FanMode::kFanIn ? f.in : f.out;
  return calculate_gain(nonlinearity, a) / std::sqrt(static_cast<double>(fan));
}
}  // namespace

void kaiming_uniform_(const Tensor& t, double a, FanMode mode, Nonlinearity nonlinearity,
                      Generator* generator) {
  if (t.numel() == 0) return;
  const double bound = std::sqrt(3.0) * kaiming_std(t, a, mode, nonlinearity);
  uniform_(t, -bound, bound, generator);
}

void kaiming_normal_(const Tensor& t, double a, FanMode mode, Nonlinearity nonlinearity,
                     Generator* generator) {
  if (t.numel() == 0) return;
  normal_(t, 0, kaiming_std(t, a, mode, nonlinearity), generator);
}

namespace {

// Draws normally, and again for the values outside the bounds.
template <typename T>
void draw_normal_again(const Tensor& result, double mean, double std, double a, double b,
                       Generator* generator) {
  const T low = Scalar(a).to<T>();
  const T high = Scalar(b).to<T>();
  T* const values = result.data<T>();
  const auto outside = [&](T value) { return value < low || value > high; };
  ops::normal_(result, mean, std, generator);
  while (std::any_of(values, values + result.numel(), outside)) {
    const Tensor fresh = empty_like(result);
    ops::normal_(fresh, mean, std, generator);
    for (int64_t i = 0; i < result.numel(); ++i) {
      if (outside(values[i])) values[i] = fresh.data<T>()[i];
    }
  }
}

// Draws uniformly between the bounds, and again for the values that a second draw rejects by their density;
// every step rounds to T.
template <typename T>
void draw_by_density(const Tensor& result, double mean, double std, double a, double b,
                     Generator* generator) {
  using C = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const auto rounded = [](C value) { return static_cast<C>(static_cast<T>(value)); };
  const double mode = std::max(a, std::min(mean, b));
  const double z_peak = (mode - mean) / std;
  const C log_peak = static_cast<C>(-0.5 * (z_peak * z_peak));
  const Tensor candidates = empty_like(result);
  const Tensor chances = empty_like(result);
  const Tensor pending = ops::ones(result.sizes(), DType::kBool);
  bool any = true;
  while (any) {
    ops::uniform_(candidates, a, b, generator);
    ops::uniform_(chances, 0, 1, generator);
    any = false;
    for (int64_t i = 0; i < result.numel(); ++i) {
      if (!pending.data<bool>()[i]) continue;
      const C value = static_cast<C>(candidates.data<T>()[i]);
      C density = rounded(rounded(value - static_cast<C>(mean)) / static_cast<C>(std));
      density = rounded(rounded(rounded(density * density) * C(-0.5)) - log_peak);
      const bool rejected = rounded(std::log(static_cast<C>(chances.data<T>()[i]))) > density;
      result.data<T>()[i] = candidates.data<T>()[i];
      pending.data<bool>()[i] = rejected;
      any |= rejected;
    }
  }
}

}  // namespace

void trunc_normal_(const Tensor& t, double mean, double std, double a, double b, Generator* generator) {
  TT_CHECK(is_floating(t.dtype()), Status::kDtype, "trunc_normal_ expects a floating point tensor, got ",
           t.dtype());
  TT_CHECK(std > 0 && std::isfinite(std) && std::isfinite(mean), Status::kInvalidArgument,
           "trunc_normal_ expects a finite mean and std > 0, got mean = ", mean, " and std = ", std);
  TT_CHECK(a < b && std::isfinite(a) && std::isfinite(b), Status::kInvalidArgument,
           "trunc_normal_ expects finite bounds a < b, got a = ", a, " and b = ", b);
  const auto cdf = [](double x) { return (1.0 + std::erf(x / std::sqrt(2.0))) / 2.0; };
  const double inside = cdf((b - mean) / std) - cdf((a - mean) / std);
  // Of uniform draws those are kept that lie where the density is near its peak: within about std, or in a
  // tail std / z.
  const double z = std::max({(a - mean) / std, (mean - b) / std, 1.0});
  const double kept = std / z / (b - a);
  TT_CHECK(inside > 0.3 || kept > 1e-5, Status::kInvalidArgument, "trunc_normal_ with mean = ", mean,
           " and std = ", std, " would reject nearly all values drawn between a = ", a, " and b = ", b);
  if (mean < a - 2 * std || mean > b + 2 * std) {
    warn("trunc_normal_: mean is more than two std away from [a, b], so the values are not spread normally");
  }
  refuse_host_capture(kHostValues);
  const GradMode off(false);
  check_inplace(t, "trunc_normal_");
  if (t.numel() == 0) return;
  const Tensor result = empty(t.sizes(), t.dtype());
  visit_dtype(t.dtype(), [&]<typename T>() {
    if constexpr (!std::is_integral_v<T>) {
      if (inside > 0.3) {
        draw_normal_again<T>(result, mean, std, a, b, generator);
      } else {
        draw_by_density<T>(result, mean, std, a, b, generator);
      }
    }
  });
  ops::copy_(t, result);
}

}  // namespace tt::nn::init
