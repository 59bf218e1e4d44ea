// Families of the CUDA backend, run by the emulator, against the CPU backend.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "device/backend.h"
#include "cuda/emulator.h"
#include "cuda/runtime/block.h"

namespace tt::testing {

// Values of a dtype in memory of exactly their size.
class Values {
 public:
  Values(DType dtype, int64_t n)
      : dtype_(dtype), n_(n), bytes_(static_cast<size_t>(n) * size_of(dtype), 0xee) {}
  // Uniform between the bounds; integers too.
  Values(DType dtype, int64_t n, double from, double to, unsigned seed) : Values(dtype, n) {
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> uniform(from, to);
    for (int64_t i = 0; i < n; ++i) set(i, uniform(engine));
  }
  Values(const Values& from, DType dtype) : Values(dtype, from.n_) {
    for (int64_t i = 0; i < n_; ++i) set(i, from.get(i));
  }
  void* data() { return bytes_.data(); }
  const void* data() const { return bytes_.data(); }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(bytes_.data());
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes_.data());
  }
  int64_t size() const { return n_; }
  DType dtype() const { return dtype_; }
  double get(int64_t i) const {
    return visit_dtype(dtype_, [&]<typename T>() { return static_cast<double>(as<T>()[i]); });
  }
  void set(int64_t i, double value) {
    visit_dtype(dtype_, [&]<typename T>() {
      if constexpr (std::is_arithmetic_v<T>) {
        as<T>()[i] = static_cast<T>(value);
      } else {
        as<T>()[i] = T(static_cast<float>(value));
      }
    });
  }
  bool operator==(const Values& other) const { return bytes_ == other.bytes_; }

 private:
  DType dtype_;
  int64_t n_;
  std::vector<unsigned char> bytes_;
};

// PyTorch's assert_close, a NaN being equal to a NaN.
inline void expect_close(const Values& actual, const Values& expected, const std::string& what,
                         double scale = 1) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double relative = 0, absolute = 0;
  switch (actual.dtype()) {
    case DType::kFloat64:
      relative = 1e-7, absolute = 1e-7;
      break;
    case DType::kFloat32:
      relative = 1.3e-6, absolute = 1e-5;
      break;
    case DType::kFloat16:
      relative = 1e-3, absolute = 1e-5;
      break;
    case DType::kBFloat16:
      relative = 1.6e-2, absolute = 1e-5;
      break;
    default:
      break;
  }
  for (int64_t i = 0; i < actual.size(); ++i) {
    const double a = actual.get(i), e = expected.get(i);
    if ((a != a && e != e) || a == e) continue;
    ASSERT_LE(std::fabs(a - e), scale * (absolute + relative * std::fabs(e)))
        << what << " at " << i << " of " << actual.size() << ": " << a << " instead of " << e;
  }
}

// call(launcher, results) for every order of the threads: the same bits each time. Gives the results back.
template <typename F>
std::vector<Values> in_every_order(const std::vector<Values>& results, F&& call) {
  std::vector<Values> first;
  for (const Order order : kOrders) {
    std::vector<Values> out = results;
    call(Emulator(order), out);
    if (first.empty()) {
      first = std::move(out);
    } else {
      for (size_t i = 0; i < out.size(); ++i)
        EXPECT_TRUE(out[i] == first[i]) << "result " << i << " depends on the order";
    }
  }
  return first;
}

inline constexpr DType kFloatingDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16,
                                            DType::kBFloat16};

}  // namespace tt::testing
