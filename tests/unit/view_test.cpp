// Views: their gradients of both orders, also where a view overlaps itself.
#include "autograd_check.h"

using namespace tt;
using namespace tt::test;

TEST(View, GradientsOfShapes) {
  const Tensor x = distinct({2, 3, 2});
  const int64_t order[] = {2, 0, 1};
  const int64_t from[] = {0};
  const int64_t to[] = {-1};
  expect_gradients([](const Tensor& t) { return ops::view(t, {3, 4}); }, x);
  expect_gradients([](const Tensor& t) { return ops::flatten(ops::transpose(t, 0, 2), 0, 1); }, x);
  expect_gradients([](const Tensor& t) { return ops::unflatten(t, 1, {3, -1}); }, x);
  expect_gradients([](const Tensor& t) { return ops::squeeze(ops::unsqueeze(t, 1)); }, x);
  expect_gradients([](const Tensor& t) { return ops::expand(ops::unsqueeze(t, 0), {2, 2, 3, 2}); }, x);
  expect_gradients([&](const Tensor& t) { return ops::permute(t, order); }, x);
  expect_gradients([&](const Tensor& t) { return ops::movedim(t, from, to); }, x);
}

TEST(View, GradientsOfParts) {
  const Tensor x = distinct({5, 4});
  expect_gradients([](const Tensor& t) { return ops::select(t, 1, -2); }, x);
  expect_gradients([](const Tensor& t) { return ops::slice(t, 0, 1, std::nullopt, 2); }, x);
  expect_gradients([](const Tensor& t) { return ops::narrow(t, 1, 1, 2); }, x);
  expect_gradients([](const Tensor& t) { return ops::diagonal(t, -1); }, x);
  expect_gradients([](const Tensor& t) { return ops::unfold(t, 0, 3, 1); }, x);
  expect_gradients([](const Tensor& t) { return ops::chunk(t, 2, 0)[1]; }, x);
  expect_gradients([](const Tensor& t) { return ops::mul(ops::unbind(t, 1)[0], ops::unbind(t, 1)[3]); }, x);
}

TEST(View, GradientOfOverlappingAsStrided) {
  const Tensor x = distinct({12});
  expect_gradients([](const Tensor& t) { return ops::as_strided(t, {4, 3}, {2, 1}, 1); }, x);
  expect_gradients([](const Tensor& t) { return ops::as_strided(t, {2, 3}, {0, 1}, 2); }, x);
  // Over a tensor that is not dense itself.
  expect_gradients(
      [](const Tensor& t) {
        return ops::as_strided(ops::slice(t, 0, 1, 12, 2), {2, 2}, {4, 2}, 1);
      },
      x);
}

TEST(View, AsStridedOfAnOverlappingInputSharesTheGradient) {
  const Tensor x = distinct({3});
  set_requires_grad(x, true);
  const Tensor wide = ops::expand(x, {2, 3});
  const Tensor roots[] = {ops::sum(ops::as_strided(wide, {3}, {1}, 0))};
  backward(roots, {}, {});
  // Each place has two names in `wide`, so each takes half, and expand adds them up again.
  for (int i = 0; i < 3; ++i) EXPECT_DOUBLE_EQ(x.grad().data<double>()[i], 1.0);
}

TEST(View, Geometry) {
  const Tensor x = ops::arange(0, 24, 1, DType::kFloat32);
  const Tensor v = ops::slice(ops::view(x, {4, 6}), 1, -4, std::nullopt, 3);
  EXPECT_EQ(v.sizes(), (Dims{4, 2}));
  EXPECT_EQ(v.strides(), (Dims{6, 3}));
  EXPECT_EQ(v.offset(), 2);
  EXPECT_EQ(ops::unfold(x, 0, 5, 4).sizes(), (Dims{5, 5}));
  EXPECT_EQ(ops::chunk(x, 5, 0).size(), 5u);
  EXPECT_EQ(ops::chunk(ops::zeros({0, 2}, DType::kFloat32), 3, 0).size(), 3u);
  EXPECT_EQ(ops::unsqueeze(ops::view(x, {4, 6}), 1).strides(), (Dims{6, 6, 1}));
}

TEST(View, Messages) {
  const Tensor x = ops::zeros({4, 3}, DType::kFloat32);
  EXPECT_EQ(message_of([&] { ops::select(x, 0, 4); }),
            "index 4 is out of range for dimension 0 of input, of shape [4, 3]");
  EXPECT_EQ(message_of([&] { ops::narrow(x, 0, 3, 2); }),
            "start (3) + length (2) exceeds dimension size (4).");
  EXPECT_EQ(message_of([&] { ops::unfold(x, 0, 5, 1); }), "size is 5, but dimension 0 of input has size 4");
  EXPECT_EQ(message_of([&] { ops::view(ops::t(x), {12}); }),
            "input's strides allow no view of these sizes; use tt_reshape");
  EXPECT_EQ(message_of([&] { ops::split(x, 0); }), "split_size is 0, but dim has size 4");
  const Tensor one = ops::zeros({}, DType::kFloat32);
  EXPECT_EQ(message_of([&] {
              ops::expand(one, {2, 7, int64_t{1} << 62});
            }),
            "the number of elements of shape [2, 7, 4611686018427387904] overflows int64");
  EXPECT_EQ(ops::expand(one, {0, 7, int64_t{1} << 62}).numel(), 0);
  const Tensor lines[] = {ops::expand(one, {int64_t{1} << 31}), ops::expand(one, {int64_t{1} << 33})};
  EXPECT_EQ(message_of([&] { ops::meshgrid(lines); }),
            "the number of elements of shape [2147483648, 8589934592] overflows int64");
  EXPECT_EQ(message_of([&] { ops::unfold(ops::expand(one, {int64_t{1} << 33}), 0, int64_t{1} << 32, 1); }),
            "the number of elements of shape [4294967297, 4294967296] overflows int64");
}

TEST(View, Resize) {
  const Tensor x = ops::arange(0, 6, 1, DType::kFloat32);
  ops::resize_(x, {40, 40});
  EXPECT_EQ(x.sizes(), (Dims{40, 40}));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(x.data<float>()[i], static_cast<float>(i));
  set_requires_grad(x, true);
  EXPECT_EQ(message_of([&] { ops::resize_(x, {2}); }), "input requires a gradient, so it cannot be resized");
}
