#include "ops/conv/conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "cpu/conv/conv_fast.h"
#include "cpu/conv/conv_reference.h"
#include "unit/gradients.h"

using namespace tt;
using namespace tt::testing;

namespace {

template <typename T>
std::vector<T> values(int64_t n) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> out(static_cast<size_t>(n));
  for (T& v : out) v = static_cast<T>(uniform(random_engine()));
  return out;
}

template <typename T>
void expect_near(const std::vector<T>& fast, const std::vector<T>& plain, double scale,
                 const std::string& what) {
  const double tolerance = scale * (sizeof(T) == 4 ? 2e-6 : 1e-14);
  for (size_t i = 0; i < fast.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(fast[i]), static_cast<double>(plain[i]), tolerance)
        << what << " at " << i;
  }
}

template <typename T>
void compare(const ConvShape& s) {
  const int64_t pixels = s.out_height * s.out_width;
  const auto input = values<T>(s.batch * s.in_channels * s.height * s.width);
  const auto weight = values<T>(s.out_channels * s.taps());
  const auto bias = values<T>(s.out_channels);
  const auto grad = values<T>(s.batch * s.out_channels * pixels);
  const std::string what =
      str("batch ", s.batch, " in ", s.in_channels, " ", s.height, "x", s.width, " out ", s.out_channels, " ",
          s.out_height, "x", s.out_width, " kernel ", s.kernel[0], "x", s.kernel[1], " stride ", s.stride[0],
          ",", s.stride[1], " padding ", s.padding[0], ",", s.padding[1], " dilation ", s.dilation[0], ",",
          s.dilation[1], " groups ", s.groups);
  std::vector<T> fast(grad.size()), plain(grad.size());
  cpu::conv_forward(s, input.data(), weight.data(), bias.data(), fast.data());
  cpu::conv_forward_reference(s, input.data(), weight.data(), bias.data(), plain.data());
  expect_near(fast, plain, std::sqrt(static_cast<double>(s.taps())) + 1, "forward: " + what);

  fast.assign(input.size(), T(1));
  plain.assign(input.size(), T(2));
  cpu::conv_backward_data(s, grad.data(), weight.data(), fast.data());
  cpu::conv_backward_data_reference(s, grad.data(), weight.data(), plain.data());
  expect_near(fast, plain, std::sqrt(static_cast<double>(s.out_channels * s.kernel[0] * s.kernel[1])) + 1,
              "data gradient: " + what);

  std::vector<T> fast_bias(bias.size()), plain_bias(bias.size());
  fast.assign(weight.size(), T(1));
  plain.assign(weight.size(), T(2));
  cpu::conv_backward_weight(s, grad.data(), input.data(), fast.data(), fast_bias.data());
  cpu::conv_backward_weight_reference(s, grad.data(), input.data(), plain.data(), plain_bias.data());
  const double sums = 2 * std::sqrt(static_cast<double>(s.batch * pixels)) + 1;
  expect_near(fast, plain, sums, "weight gradient: " + what);
  expect_near(fast_bias, plain_bias, sums, "bias gradient: " + what);
}

int64_t pick(std::initializer_list<int64_t> from) {
  return from.begin()[std::uniform_int_distribution<size_t>(0, from.size() - 1)(random_engine())];
}

// A convolution of random sizes; the channels per group given.
ConvShape random_shape(int64_t inputs, int64_t outputs, int64_t groups) {
  ConvShape s;
  for (;;) {
    s.batch = pick({1, 1, 2, 3});
    s.groups = groups;
    s.in_channels = inputs * groups;
    s.out_channels = outputs * groups;
    const int64_t sizes[2] = {pick({1, 4, 7, 8, 14, 17, 33}), pick({1, 3, 5, 8, 10, 16, 28, 35})};
    s.height = sizes[0];
    s.width = sizes[1];
    int64_t outs[2];
    for (int i = 0; i < 2; ++i) {
      s.kernel[i] = pick({1, 2, 3, 3, 5});
      s.stride[i] = pick({1, 1, 2, 3, 6});
      s.padding[i] = pick({0, 0, 1, 2, 5});
      s.dilation[i] = pick({1, 1, 2, 3});
      // The end may have one more row of padding than the beginning, as with 'same', or less.
      outs[i] = (sizes[i] + 2 * s.padding[i] + pick({-1, 0, 0, 1}) - s.dilation[i] * (s.kernel[i] - 1) - 1);
      outs[i] = outs[i] < 0 ? 0 : outs[i] / s.stride[i] + 1;
    }
    s.out_height = outs[0];
    s.out_width = outs[1];
    if (outs[0] > 0 && outs[1] > 0) return s;
  }
}

}  // namespace

TEST(Conv, FastIsReference) {
  for (const int64_t groups : {1, 2, 5}) {
    for (const int64_t inputs : {1, 3, 6, 16}) {
      for (const int64_t outputs : {1, 2, 5, 6, 7, 16, 20, 33, 48}) {
        for (int i = 0; i < 3; ++i) {
          compare<float>(random_shape(inputs, outputs, groups));
          if (HasFatalFailure()) return;
        }
        compare<double>(random_shape(inputs, outputs, groups));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Conv, DepthwiseIsReference) {
  for (int i = 0; i < 40; ++i) {
    compare<float>(random_shape(1, pick({1, 1, 2}), pick({3, 8, 17})));
    if (HasFatalFailure()) return;
  }
}

TEST(Conv, ManyTapsAreReference) {
  // More taps than one chunk of weights holds.
  ConvShape s;
  s.batch = 1;
  s.in_channels = 300;
  s.out_channels = 40;
  s.height = s.width = 7;
  s.out_height = s.out_width = 5;
  s.kernel[0] = s.kernel[1] = 3;
  compare<float>(s);
}

TEST(Conv, BothSplitsOfTheWorkAreReference) {
  // Enough work for two threads: by images, and by rows of one image.
  for (const int64_t batch : {1, 5}) {
    ConvShape s;
    s.batch = batch;
    s.in_channels = 8;
    s.out_channels = 24;
    s.height = s.width = s.out_height = s.out_width = 30;
    s.kernel[0] = s.kernel[1] = 3;
    s.padding[0] = s.padding[1] = 1;
    compare<float>(s);
  }
}

TEST(Conv, EqualCallsGiveEqualBits) {
  const Tensor x = random_tensor<float>({6, 8, 20, 20}), w = random_tensor<float>({16, 8, 3, 3});
  set_requires_grad(w, true);
  const auto run = [&] {
    const Tensor root[] = {ops::sum(ops::conv2d(x, w, {}))};
    const Tensor in[] = {w};
    return grad(root, in, {}, {})[0];
  };
  const Tensor first = run(), second = run();
  EXPECT_EQ(0, std::memcmp(first.raw(), second.raw(), first.nbytes()));
}

TEST(Conv, Gradients) {
  const auto run = [](Dims x, Dims w, ops::ConvOptions options) {
    check_gradients([&](const Tensors& in) { return ops::conv2d(in[0], in[1], in[2], options); },
                    {random_tensor<double>(x), random_tensor<double>(w), random_tensor<double>({w[0]})});
  };
  run({1, 2, 4, 4}, {2, 2, 3, 3}, {});
  run({2, 2, 5, 4}, {2, 1, 3, 2}, {{2, 1}, {1, 0}, {1, 2}, 2});
  run({2, 4, 3}, {2, 2, 2, 2}, {{3, 2}, {1, 1}, {1, 1}, 1});
}

TEST(Conv, Conv1dIsConv2d) {
  const Tensor x = random_tensor<float>({2, 3, 9}), w = random_tensor<float>({4, 3, 3}),
               b = random_tensor<float>({4});
  const Tensor y = ops::conv1d(x, w, b, {2, 1, 1, 1});
  const Tensor y2 = ops::conv2d(ops::view(x, {2, 3, 1, 9}), ops::view(w, {4, 3, 1, 3}), b, {{1, 2}, {0, 1}});
  EXPECT_EQ(y.sizes(), Dims({2, 4, 5}));
  for (int64_t i = 0; i < y.numel(); ++i) EXPECT_EQ(y.data<float>()[i], y2.data<float>()[i]);
  EXPECT_EQ(ops::conv1d(ops::view(x, {6, 9}), random_tensor<float>({4, 6, 4}), {},
                        {.padding_kind = ops::PaddingKind::kSame})
                .sizes(),
            Dims({4, 9}));
}

TEST(Conv, SamePaddingEndsWithTheOddOne) {
  // torch.nn.functional.conv2d(ones(1, 1, 1, 4), [[[[1, 2, 3, 4]]]], padding='same')
  const Tensor x = tensor_of<float>({1, 1, 1, 4}, {1, 1, 1, 1}),
               w = tensor_of<float>({1, 1, 1, 4}, {1, 2, 3, 4});
  const Tensor y = ops::conv2d(x, w, {}, {.padding_kind = ops::PaddingKind::kSame});
  const float expected[] = {9, 10, 6, 3};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y.data<float>()[i], expected[i]);
}

TEST(Conv, HalfTypesComputeInFloat) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    const Tensor x = random_tensor<float>({1, 3, 6, 6}), w = random_tensor<float>({2, 3, 3, 3});
    const Tensor hx = ops::to_dtype(x, dtype), hw = ops::to_dtype(w, dtype);
    const Tensor y = ops::conv2d(hx, hw, {});
    const Tensor expected = ops::to_dtype(
        ops::conv2d(ops::to_dtype(hx, DType::kFloat32), ops::to_dtype(hw, DType::kFloat32), {}), dtype);
    EXPECT_EQ(0, std::memcmp(y.raw(), expected.raw(), y.nbytes()));
  }
}

TEST(Conv, EmptyOperands) {
  const Tensor w = random_tensor<float>({4, 3, 3, 3}), b = random_tensor<float>({4});
  set_requires_grad(w, true);
  const Tensor y = ops::conv2d(ops::zeros({0, 3, 5, 5}, DType::kFloat32), w, b);
  EXPECT_EQ(y.sizes(), Dims({0, 4, 3, 3}));
  const Tensor root[] = {ops::sum(y)}, in[] = {w};
  const Tensor g = grad(root, in, {}, {})[0];
  for (int64_t i = 0; i < g.numel(); ++i) EXPECT_EQ(g.data<float>()[i], 0.0f);
  // No channels: only the bias is left.
  const Tensor z =
      ops::conv2d(ops::zeros({2, 0, 5, 5}, DType::kFloat32), ops::zeros({4, 0, 3, 3}, DType::kFloat32), b);
  for (int64_t i = 0; i < z.numel(); ++i) EXPECT_EQ(z.data<float>()[i], b.data<float>()[i / 9 % 4]);
}

TEST(Conv, Messages) {
  const auto zeros = [](const Dims& sizes, DType dtype = DType::kFloat32) {
    return ops::zeros(sizes, dtype);
  };
  const Tensor x = zeros({2, 3, 5, 5}), w = zeros({4, 3, 3, 3});
  const auto of = [&](const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                      ops::ConvOptions o = {}) {
    return message_of([&] { ops::conv2d(input, weight, bias, o); });
  };
  EXPECT_EQ(
      of(zeros({2, 4, 5, 5}), w),
      "input of shape [2, 4, 5, 5] has 4 channels, expected 3 for weight of shape [4, 3, 3, 3] and groups 1");
  EXPECT_EQ(of(zeros({2, 5}), w), "input must have 3 or 4 dimensions, got shape [2, 5]");
  EXPECT_EQ(of(x, zeros({4, 3, 7, 7})), "the kernel, 7 x 7, is larger than the padded input, 5 x 5");
  EXPECT_EQ(of(x, w, zeros({3})), "bias has shape [3], expected [4] for weight of shape [4, 3, 3, 3]");
  EXPECT_EQ(of(x, w, {}, {{0, 1}}), "non-positive stride is not supported, got stride 0");
  EXPECT_EQ(of(x, w, {}, {{1, 1}, {0, -1}}), "negative padding is not supported, got padding -1");
  EXPECT_EQ(of(x, w, {}, {{1, 1}, {0, 0}, {0, 1}}), "non-positive dilation is not supported, got dilation 0");
  EXPECT_EQ(of(x, w, {}, {{1, 1}, {0, 0}, {1, 1}, 0}), "groups is 0, expected 1 or more");
  EXPECT_EQ(of(zeros({2, 6, 5, 5}), zeros({3, 3, 3, 3}), {}, {{1, 1}, {0, 0}, {1, 1}, 2}),
            "weight has shape [3, 3, 3, 3], whose first size groups, 2, must divide");
  EXPECT_EQ(of(x, zeros({4, 3, 3, 3}, DType::kFloat64)), "input is float32, but weight is float64");
  EXPECT_EQ(of(x, w, {}, {{1, 1}, {INT64_MAX, 0}}), str("padding ", INT64_MAX, " overflows int64"));
  EXPECT_EQ(of(x, w, {}, {{1, 1}, {0, 0}, {INT64_MAX, 1}}),
            str("kernel size 3 with dilation ", INT64_MAX, " overflows int64"));
  EXPECT_EQ(message_of([&] {
              ops::conv2d(x, w, {}, {.stride = {2, 2}, .padding_kind = ops::PaddingKind::kSame});
            }),
            "TT_PADDING_SAME needs a stride of 1");
}
