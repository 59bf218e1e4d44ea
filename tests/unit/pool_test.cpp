#include "ops/pool/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/gradients.h"

using namespace tt;
using namespace tt::testing;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// 0, 1, 2, ...
Tensor counting(const Dims& sizes) {
  const Tensor t = empty(sizes, DType::kFloat32);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<float>()[i] = static_cast<float>(i);
  return t;
}

template <typename T>
void expect_values(const Tensor& t, std::initializer_list<T> expected) {
  ASSERT_EQ(t.numel(), static_cast<int64_t>(expected.size()));
  for (int64_t i = 0; i < t.numel(); ++i) {
    if constexpr (std::is_floating_point_v<T>) {
      EXPECT_FLOAT_EQ(t.data<T>()[i], expected.begin()[i]) << "at " << i;
    } else {
      EXPECT_EQ(t.data<T>()[i], expected.begin()[i]) << "at " << i;
    }
  }
}

ops::PoolOptions max_options(int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil) {
  return {{kernel, kernel}, {stride, stride}, {padding, padding}, {dilation, dilation}, ceil};
}

}  // namespace

TEST(Pool, MaxWithIndices) {
  const auto [y, at] = ops::max_pool2d_with_indices(counting({1, 5, 5}), max_options(3, 2, 1, 1, true));
  expect_values<float>(y, {6, 8, 9, 16, 18, 19, 21, 23, 24});
  expect_values<int64_t>(at, {6, 8, 9, 16, 18, 19, 21, 23, 24});
}

// The vectorised rows give what the plain loop gives: a padded kernel of the same windows takes the plain
// one.
TEST(Pool, TwoByTwoIsThePlainLoop) {
  for (const int64_t width : {2, 3, 17, 31, 32, 33, 64, 70, 101}) {
    const Tensor x = random_tensor<float>({3, 7, width});
    x.data<float>()[0] = kNaN;
    x.data<float>()[1] = kNaN;
    if (width > 5) x.data<float>()[width + 3] = kInf;
    for (int64_t i = 0; i < 2; ++i) x.data<float>()[2 * width + i] = x.data<float>()[3 * width + i] = -kInf;
    const auto [y, at] = ops::max_pool2d_with_indices(x, max_options(2, 2, 0, 1, false));
    const auto [y64, at64] =
        ops::max_pool2d_with_indices(ops::to_dtype(x, DType::kFloat64), max_options(2, 2, 0, 1, false));
    for (int64_t i = 0; i < y.numel(); ++i) {
      EXPECT_EQ(at.data<int64_t>()[i], at64.data<int64_t>()[i]) << "width " << width << " at " << i;
      const double a = y.data<float>()[i], b = y64.data<double>()[i];
      EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << "width " << width << " at " << i;
    }
  }
}

TEST(Pool, MaxOfIntegersAndHalves) {
  for (const DType dtype : {DType::kUInt8, DType::kInt8, DType::kInt64, DType::kFloat16, DType::kBFloat16}) {
    const Tensor y = ops::max_pool2d(ops::to_dtype(counting({1, 4, 4}), dtype), {{2, 2}});
    expect_values<float>(ops::to_dtype(y, DType::kFloat32), {5, 7, 13, 15});
  }
}

TEST(Pool, WindowThatMissesTheInput) {
  // The second column's window reads columns -1 and 2 of a plane one column wide.
  ops::PoolOptions o{{1, 2}, {1, 1}, {0, 2}, {1, 3}, false};
  const auto [y, at] = ops::max_pool2d_with_indices(counting({1, 1, 1}), o);
  for (int64_t i = 0; i < at.numel(); ++i) EXPECT_EQ(at.data<int64_t>()[i], 0);
}

TEST(Pool, Average) {
  const Tensor x = counting({1, 5, 5});
  ops::PoolOptions o{{2, 2}, {2, 2}, {1, 1}, {1, 1}, true};
  expect_values<float>(ops::avg_pool2d(x, o), {0, 0.75f, 1.75f, 3.75f, 9, 11, 8.75f, 19, 21});
  o.count_include_pad = false;
  expect_values<float>(ops::avg_pool2d(x, o), {0, 1.5f, 3.5f, 7.5f, 9, 11, 17.5f, 19, 21});
  o.divisor_override = 3;
  expect_values<float>(ops::avg_pool2d(x, o), {0, 1, 7.0f / 3, 5, 12, 44.0f / 3, 35.0f / 3, 76.0f / 3, 28});
}

TEST(Pool, AdaptiveAverage) {
  const int64_t to[2] = {2, 3};
  expect_values<float>(ops::adaptive_avg_pool2d(counting({1, 5, 5}), to), {5.5f, 7, 8.5f, 15.5f, 17, 18.5f});
  const int64_t none[2] = {0, -1};
  EXPECT_EQ(ops::adaptive_avg_pool2d(counting({2, 1, 4, 3}), none).sizes(), Dims({2, 1, 0, 3}));
}

TEST(Pool, Gradients) {
  const Tensor x = random_tensor<double>({2, 1, 5, 6});
  for (int64_t i = 0; i < x.numel(); ++i) x.data<double>()[i] = static_cast<double>(i * 37 % 61) / 10;
  const auto run = [&](const std::function<Tensor(const Tensor&)>& f) {
    check_gradients([&](const Tensors& in) { return f(ops::mul(in[0], in[0])); }, {ops::add(x, 0.05)});
  };
  run([](const Tensor& t) { return ops::max_pool2d(t, max_options(2, 2, 0, 1, false)); });
  run([](const Tensor& t) { return ops::max_pool2d(t, max_options(3, 1, 1, 1, true)); });
  run([](const Tensor& t) { return ops::avg_pool2d(t, {{3, 2}, {2, 1}, {1, 1}, {1, 1}, true, false}); });
  run([](const Tensor& t) { return ops::avg_pool2d(t, {{2, 2}, {0, 0}, {0, 0}, {1, 1}, false, true, 3}); });
  run([](const Tensor& t) {
    const int64_t to[2] = {2, 4};
    return ops::adaptive_avg_pool2d(t, to);
  });
}

TEST(Pool, StridesOfZeroAreTheKernels) {
  const Tensor x = counting({1, 5, 6});
  EXPECT_TRUE(ops::equal(ops::max_pool2d(x, {{2, 3}}), ops::max_pool2d(x, {{2, 3}, {2, 3}})));
  EXPECT_TRUE(ops::equal(ops::max_pool2d(x, {{2, 3}, {1, 0}}), ops::max_pool2d(x, {{2, 3}, {1, 3}})));
  EXPECT_TRUE(ops::equal(ops::avg_pool2d(x, {{2, 3}, {0, 1}}), ops::avg_pool2d(x, {{2, 3}, {2, 1}})));
}

TEST(Pool, EmptyBatch) {
  const Tensor x = ops::zeros({0, 2, 4, 4}, DType::kFloat32);
  set_requires_grad(x, true);
  const Tensor y = ops::max_pool2d(x, {{2, 2}});
  EXPECT_EQ(y.sizes(), Dims({0, 2, 2, 2}));
  const Tensor root[] = {ops::sum(y)};
  backward(root, {}, {});
  EXPECT_EQ(x.grad().sizes(), x.sizes());
  EXPECT_EQ(ops::avg_pool2d(x, {{2, 2}}).sizes(), Dims({0, 2, 2, 2}));
}

TEST(Pool, Messages) {
  const Tensor x = counting({2, 3, 5, 5});
  const auto max = [&](const Tensor& t, const ops::PoolOptions& o) {
    return message_of([&] { ops::max_pool2d(t, o); });
  };
  EXPECT_EQ(max(x, max_options(2, 2, 2, 1, false)),
            "padding[0] is 2, more than half of the kernel's span, of kernel_size 2 and dilation 1");
  EXPECT_EQ(max(x, max_options(7, 7, 0, 1, false)),
            "input of height 5 and width 5 gives an output of height 0 and width 0, which is too small");
  EXPECT_EQ(max(x, {{0, 2}}), "kernel_size is 0, 2, expected 1 or more");
  EXPECT_EQ(max(x, {{2, 2}, {-1, 1}}), "stride is -1, 1, expected 1 or more");
  EXPECT_EQ(max(x, max_options(2, 2, 0, 0, false)), "dilation is 0, 0, expected 1 or more");
  EXPECT_EQ(max(x, max_options(2, 2, -1, 1, false)), "padding[0] is -1, expected 0 or more");
  EXPECT_EQ(max(counting({5, 5}), {{2, 2}}),
            "input must have 3 or 4 dimensions, none but the batch's of size 0, got shape [5, 5]");
  EXPECT_EQ(message_of([&] {
              ops::avg_pool2d(ops::to_dtype(x, DType::kInt32), {{2, 2}});
            }),
            "avg_pool2d is not implemented for int32");
  const int64_t negative[2] = {2, -2};
  EXPECT_EQ(message_of([&] { ops::adaptive_avg_pool2d(x, negative); }),
            "output_size is 2, -2, expected 0 or more, or -1");
}
