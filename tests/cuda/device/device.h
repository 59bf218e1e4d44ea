// Calls on the CPU and on the first CUDA device, compared.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>

#include "device/backend.h"
#include "ops/ops.h"

namespace tt::device_test {

inline constexpr Device kCuda{DeviceType::kCuda, 0};

inline std::mt19937_64& random_engine() {
  static std::mt19937_64 engine(11);
  return engine;
}

// Values of every kind: small and large, integers, both zeros, and, where `special`, infinities and NaN.
inline Tensor values(const Dims& sizes, DType dtype, bool special) {
  const Tensor out = empty(sizes, dtype);
  std::mt19937_64& random = random_engine();
  visit_dtype(dtype, [&]<typename T>() {
    for (int64_t i = 0; i < out.numel(); ++i) {
      const uint64_t bits = random();
      if constexpr (is_floating(DTypeOf<T>::value)) {
        std::normal_distribution<double> normal(0, 2);
        double value = normal(random);
        switch (bits % 16) {
          case 0:
            value = std::round(value);
            break;
          case 1:
            value = bits & 64 ? 0.0 : -0.0;
            break;
          case 2:
            if (special) value = std::numeric_limits<double>::infinity() * (bits & 64 ? 1 : -1);
            break;
          case 3:
            if (special) value = std::numeric_limits<double>::quiet_NaN();
            break;
          case 4:
            value *= 1e3;
            break;
          case 5:
            value *= 1e-3;
            break;
        }
        out.data<T>()[i] = T(static_cast<std::conditional_t<sizeof(T) == 8, double, float>>(value));
      } else {
        // Mostly small, now and then any.
        out.data<T>()[i] = static_cast<T>(bits % 8 == 0 ? static_cast<int64_t>(bits >> 8)
                                                        : static_cast<int64_t>(bits >> 8) % 12 - 4);
      }
    }
  });
  return out;
}

inline Tensor indices(const Dims& sizes, int64_t below) {
  const Tensor out = empty(sizes, DType::kInt64);
  for (int64_t i = 0; i < out.numel(); ++i) {
    out.data<int64_t>()[i] = static_cast<int64_t>(random_engine()() % static_cast<uint64_t>(below));
  }
  return out;
}

inline Tensor on_cuda(const Tensor& t) { return t.defined() ? ops::to_device(t, kCuda) : t; }

// "" or the first difference. Relative tolerance of the dtype's precision; 0: bit for bit, but for NaN.
inline std::string difference(const Tensor& device, const Tensor& cpu, double rtol, double atol) {
  if (device.device() != kCuda) return "the result is on " + to_string(device.device());
  const Tensor got = ops::contiguous(ops::to_device(device, Device{}));
  const Tensor want = ops::contiguous(cpu);
  if (got.dtype() != want.dtype() || got.sizes() != want.sizes()) {
    return describe(got) + ", expected " + describe(want);
  }
  std::string text;
  visit_dtype(got.dtype(), [&]<typename T>() {
    for (int64_t i = 0; i < got.numel() && text.empty(); ++i) {
      const T a = got.data<T>()[i], b = want.data<T>()[i];
      if constexpr (std::is_integral_v<T>) {
        if (a != b) text = str(static_cast<int64_t>(a), ", expected ", static_cast<int64_t>(b));
      } else {
        const auto x = static_cast<double>(a), y = static_cast<double>(b);
        const bool same = x == y || (std::isnan(x) && std::isnan(y));
        if (!same && !(std::fabs(x - y) <= atol + rtol * std::fabs(y))) text = str(x, ", expected ", y);
      }
      if (!text.empty()) text = str("element ", i, ": ", text);
    }
  });
  return text;
}

// What arithmetic in another order, or another libm, may differ by.
inline double tolerance(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return 1e-11;
    case DType::kFloat32:
      return 1e-5;
    case DType::kFloat16:
      return 2e-3;
    case DType::kBFloat16:
      return 1.6e-2;
    default:
      return 0;
  }
}

}  // namespace tt::device_test
