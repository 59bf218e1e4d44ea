// In-place writes through views and bases.
#include "autograd_check.h"

using namespace tt;
using namespace tt::test;

namespace {

Tensor leaf(const Dims& sizes, double v = 2.0) {
  const Tensor t = ops::full(sizes, v, DType::kFloat64);
  set_requires_grad(t, true);
  return t;
}

void backward_sum(const Tensor& t) {
  const Tensor roots[] = {ops::sum(t)};
  backward(roots, {}, {});
}

}  // namespace

TEST(InplaceView, GradientsOfWrites) {
  const Tensor x = distinct({3, 4});
  // To a view, then the base is used.
  expect_gradients(
      [](const Tensor& t) {
        const Tensor base = ops::mul(t, 1.5);
        ops::mul_(ops::select(base, 0, 1), 3.0);
        return base;
      },
      x);
  // To the base, then an older view is used.
  expect_gradients(
      [](const Tensor& t) {
        const Tensor base = ops::mul(t, 1.5);
        const Tensor view = ops::slice(base, 1, 1, 4, 2);
        ops::sigmoid_(base);
        return view;
      },
      x);
  // A view of a view, a base that is not dense, two writes in a row, another view read.
  expect_gradients(
      [](const Tensor& t) {
        const Tensor base = ops::clone(ops::t(t));
        const Tensor rows = ops::transpose(base, 0, 1);
        ops::mul_(ops::diagonal(base), 2.0);
        ops::exp_(ops::select(ops::narrow(rows, 0, 1, 2), 0, 1));
        return ops::select(base, 1, 2);
      },
      x);
  // A source with a gradient into a plain base.
  expect_gradients(
      [](const Tensor& t) {
        const Tensor base = ops::zeros({2, 3, 4}, DType::kFloat64);
        ops::copy_(ops::select(base, 0, 1), t);
        ops::fill_(ops::select(ops::select(base, 0, 1), 1, 2), 7.0);
        return base;
      },
      x);
}

TEST(InplaceView, LeavesAreRefused) {
  const Tensor x = leaf({3});
  EXPECT_EQ(message_of([&] { ops::add_(x, 1.0); }),
            "a leaf that requires a gradient cannot be written to in place; turn gradients off "
            "(tt_set_grad_enabled) or write to another tensor");
  EXPECT_EQ(message_of([&] { ops::add_(ops::select(x, 0, 0), 1.0); }),
            "a view of a leaf that requires a gradient cannot be written to in place; turn gradients off "
            "(tt_set_grad_enabled) or write to another tensor");
  {
    const GradMode off(false);
    ops::add_(ops::select(x, 0, 0), 1.0);
  }
  EXPECT_EQ(x.data<double>()[0], 3.0);
  EXPECT_TRUE(x.is_leaf());
}

TEST(InplaceView, NoGradViewsAreRefused) {
  const Tensor base = ops::zeros({2, 3}, DType::kFloat64);
  Tensor view;
  {
    const GradMode off(false);
    view = ops::select(base, 0, 0);
  }
  ops::add_(view, 1.0);  // nothing takes a gradient
  const Tensor w = leaf({3});
  EXPECT_EQ(message_of([&] { ops::copy_(view, w); }).substr(0, 69),
            "the tensor is a view that was made while gradients were off, and is b");
  EXPECT_EQ(base.data<double>()[0], 1.0);
}

TEST(InplaceView, SeveralOutputsAreRefused) {
  const Tensor y = ops::mul(leaf({4}), 2.0);
  const Tensors parts = ops::chunk(y, 2);
  EXPECT_EQ(message_of([&] { ops::add_(parts[1], 1.0); }).substr(0, 71),
            "output 1 of SplitBackward0 is a view, and is being written to in place.");
  ops::add_(y, 1.0);
  EXPECT_EQ(message_of([&] { ops::sum(parts[0]); }).substr(0, 84),
            "output 0 of SplitBackward0 is a view, and its base or another view of its base has b");
  const Tensor plain = ops::zeros({4}, DType::kFloat64);
  ops::add_(ops::chunk(plain, 2)[1], 1.0);
  EXPECT_EQ(plain.data<double>()[3], 1.0);
}

TEST(InplaceView, SavedTensorsAreGuarded) {
  const Tensor x = leaf({3});
  const Tensor y = ops::mul(x, 2.0);
  const Tensor z = ops::mul(y, y);
  ops::add_(ops::select(y, 0, 0), 1.0);
  EXPECT_NE(message_of([&] { backward_sum(z); }).find("written to in place"), std::string::npos);
}

TEST(InplaceView, ShapeInPlace) {
  const Tensor x = leaf({2, 3});
  const Tensor y = ops::mul(x, 3.0);
  ops::t_(y);
  ops::unsqueeze_(y, 0);
  EXPECT_EQ(y.sizes(), (Dims{1, 3, 2}));
  backward_sum(ops::mul(y, y));
  for (int i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(x.grad().data<double>()[i], 36.0);
}

TEST(InplaceView, OverlappingCopyReadsFirst) {
  const Tensor x = ops::arange(0, 6, 1, DType::kFloat32);
  ops::copy_(ops::slice(x, 0, 1), ops::slice(x, 0, 0, 5));
  const float expected[] = {0, 0, 1, 2, 3, 4};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(x.data<float>()[i], expected[i]);
}
