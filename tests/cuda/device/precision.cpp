// Products of float32 numbers with and without leave to round them to TF32.
#include <string_view>

#include "autograd/engine.h"
#include "base/float32_precision.h"
#include "device.h"
#include "ops/conv/conv.h"

namespace tt::device_test {
namespace {

class DevicePrecision : public testing::Test {
 protected:
  void SetUp() override {
    if (memory_of(kCuda).info(kCuda).major < 8) GTEST_SKIP() << "a device without TF32";
  }
  ~DevicePrecision() override { allow(Float32Precision::kHighest, Float32Precision::kHighest); }
  static void allow(Float32Precision matmul, Float32Precision conv) {
    float32_settings().matmul = matmul;
    float32_settings().conv = conv;
  }
};

// Not a TF32 number, which is 1 or 1 + 2^-10.
constexpr double kBetween = 1 + 0x1p-12;

Tensor between(const Dims& sizes, DType dtype = DType::kFloat32) {
  return ops::full(sizes, kBetween, dtype, kCuda);
}
Tensor ones(const Dims& sizes, DType dtype = DType::kFloat32) { return ops::ones(sizes, dtype, kCuda); }

// Whether every element is the value, to the bit.
bool is(const Tensor& t, double value) {
  return ops::equal(t, ops::full(t.sizes(), value, t.dtype(), kCuda));
}

TEST_F(DevicePrecision, MatrixProducts) {
  const int64_t n = 128;
  // cuBLAS may round, and need not; the emulated one does.
  const bool rounds = std::string_view(memory_of(kCuda).info(kCuda).name) == "emulated";
  const auto expect = [&](double sum) {
    const Tensor bias = ops::full({n}, 1, DType::kFloat32, kCuda);
    const auto fits = [&](const Tensor& t, double more) {
      return is(t, sum + more) || (!rounds && is(t, n * kBetween + more));
    };
    EXPECT_TRUE(fits(ops::mm(between({n, n}), ones({n, n})), 0));
    EXPECT_TRUE(fits(ops::mm(ones({n, n}), between({n, n})), 0));
    EXPECT_TRUE(fits(ops::bmm(between({3, n, n}), ones({3, n, n})), 0));
    EXPECT_TRUE(fits(ops::linear(between({n, n}), ones({n, n}), bias), 1));
  };
  for (const Float32Precision conv : {Float32Precision::kHighest, Float32Precision::kHigh}) {
    allow(Float32Precision::kHighest, conv);
    expect(n * kBetween);
    allow(Float32Precision::kHigh, conv);
    expect(n);
    allow(Float32Precision::kMedium, conv);
    expect(n);
  }
  // Of float32 alone.
  const DType wide = DType::kFloat64;
  EXPECT_TRUE(is(ops::mm(between({n, n}, wide), ones({n, n}, wide)), n * kBetween));
}

TEST_F(DevicePrecision, Convolutions) {
  const int64_t channels = 16, taps = channels * 9;
  const auto expect = [&](double factor) {
    const Tensor x = between({2, channels, 6, 6}), w = ones({channels, channels, 3, 3});
    set_requires_grad(x, true);
    set_requires_grad(w, true);
    const Tensor y = ops::conv2d(x, w, Tensor(), {});
    EXPECT_TRUE(is(y, taps * factor));
    const auto gradient = [&](const Tensor& of, const Tensor& grad_output) {
      return grad(std::vector{y}, std::vector{of}, std::vector{grad_output}, {.retain_graph = true})[0];
    };
    // The pixels in the middle are seen by every tap.
    const Tensor data = gradient(x, between(y.sizes()));
    EXPECT_TRUE(is(ops::slice(ops::slice(data, 2, 2, 4), 3, 2, 4), taps * factor));
    EXPECT_TRUE(is(gradient(w, ones(y.sizes())), 32 * factor));
  };
  for (const Float32Precision matmul : {Float32Precision::kHighest, Float32Precision::kHigh}) {
    allow(matmul, Float32Precision::kHighest);
    expect(kBetween);
    allow(matmul, Float32Precision::kHigh);
    expect(1);
  }
}

}  // namespace
}  // namespace tt::device_test
