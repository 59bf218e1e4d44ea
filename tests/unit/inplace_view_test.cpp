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

namespace {

// Every op that writes to its first argument and reads another.
struct Writer {
  const char* name;
  std::function<void(const Tensor& self, const Tensor& other)> write;
  bool may_be_same;  // self and other may be the same elements
};

const Writer kWriters[] = {
    {"add_", [](const Tensor& s, const Tensor& o) { ops::add_(s, o); }, true},
    {"pow_", [](const Tensor& s, const Tensor& o) { ops::pow_(s, o); }, true},
    {"eq_", [](const Tensor& s, const Tensor& o) { ops::eq_(s, o); }, true},
    {"hypot_", [](const Tensor& s, const Tensor& o) { ops::hypot_(s, o); }, true},
    {"div_", [](const Tensor& s, const Tensor& o) { ops::div_(s, o, ops::Rounding::kFloor); }, true},
    {"clamp_", [](const Tensor& s, const Tensor& o) { ops::clamp_between_(s, o, {}); }, true},
    {"lerp_", [](const Tensor& s, const Tensor& o) { ops::lerp_(s, o, 0.5); }, true},
    {"lerp_ weight", [](const Tensor& s, const Tensor& o) { ops::lerp_(s, s, o); }, true},
    {"addcmul_",
     [](const Tensor& s, const Tensor& o) {
       ops::addcmul_(s, o, s, {1, 0, 0});
     },
     true},
    {"copy_", [](const Tensor& s, const Tensor& o) { ops::copy_(s, o); }, true},
    {"scatter_",
     [](const Tensor& s, const Tensor& o) {
       ops::scatter_(s, 0, ops::arange(0, s.numel(), 1, DType::kInt64), o);
     },
     false},
    {"scatter_add_",
     [](const Tensor& s, const Tensor& o) {
       ops::scatter_add_(s, 0, ops::arange(0, s.numel(), 1, DType::kInt64), o);
     },
     false},
    {"scatter_reduce_",
     [](const Tensor& s, const Tensor& o) {
       ops::scatter_reduce_(s, 0, ops::arange(0, s.numel(), 1, DType::kInt64), o, ops::ScatterReduce::kSum,
                            true);
     },
     false},
    {"index_add_",
     [](const Tensor& s, const Tensor& o) {
       ops::index_add_(s, 0, ops::arange(0, s.numel(), 1, DType::kInt64), o);
     },
     false},
    {"index_put_",
     [](const Tensor& s, const Tensor& o) {
       const Tensor at[] = {ops::arange(0, s.numel(), 1, DType::kInt64)};
       ops::index_put_(s, at, o, false);
     },
     false},
};

constexpr const char* kOverlaps =
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
    "memory "
    "location. Please clone() the tensor before performing the operation.";

void expect_unchanged(const Tensor& x) {
  for (int i = 0; i < x.numel(); ++i) EXPECT_EQ(x.data<double>()[i], i);
}

}  // namespace

TEST(InplaceView, OperandsThatOverlapInPartAreRefused) {
  for (const Writer& writer : kWriters) {
    SCOPED_TRACE(writer.name);
    const Tensor x = ops::arange(0, 8, 1, DType::kFloat64);
    EXPECT_EQ(message_of([&] { writer.write(ops::slice(x, 0, 1), ops::slice(x, 0, 0, 7)); }), kOverlaps);
    expect_unchanged(x);
    const Tensor same = ops::slice(x, 0, 1);
    if (!writer.may_be_same) {
      EXPECT_EQ(message_of([&] { writer.write(same, ops::slice(x, 0, 1)); }), kOverlaps);
      EXPECT_EQ(message_of([&] { writer.write(same, same); }), kOverlaps);
      expect_unchanged(x);
    } else {
      writer.write(same, ops::slice(x, 0, 1));
      writer.write(same, same);
    }
    // Beside each other, and interleaved, they do not overlap.
    const Tensor y = ops::arange(0, 8, 1, DType::kFloat64);
    writer.write(ops::slice(y, 0, 0, 4), ops::slice(y, 0, 4));
    writer.write(ops::slice(y, 0, 0, 8, 2), ops::slice(y, 0, 1, 8, 2));
  }
  // One element of the target is a part of it.
  const Tensor x = ops::arange(0, 8, 1, DType::kFloat64);
  EXPECT_EQ(message_of([&] { ops::div_(x, ops::select(x, 0, 2)); }), kOverlaps);
  // Transposed, all of it is read in another order.
  const Tensor square = ops::view(ops::arange(0, 4, 1, DType::kFloat64), Dims{2, 2});
  EXPECT_EQ(message_of([&] { ops::add_(square, ops::t(square)); }), kOverlaps);
  const Tensor bools = ops::ones({4}, DType::kBool);
  EXPECT_EQ(message_of([&] { ops::masked_fill_(ops::slice(bools, 0, 1), ops::slice(bools, 0, 0, 3), 0); }),
            kOverlaps);
  // An index that is written to.
  const Tensor numbers = ops::arange(0, 4, 1, DType::kInt64);
  EXPECT_EQ(message_of([&] { ops::scatter_(numbers, 0, numbers, Scalar(1)); }), kOverlaps);
  EXPECT_EQ(message_of([&] {
              const Tensor at[] = {numbers};
              ops::index_put_(numbers, at, ops::zeros({4}, DType::kInt64), false);
            }),
            kOverlaps);
}

TEST(InplaceView, WhatHasGapsIsReadFirst) {
  // Too hard to tell, says the reference, and lets it be; its result depends on the order.
  const Tensor x = ops::view(ops::arange(0, 8, 1, DType::kFloat64), Dims{2, 4});
  const Tensor part = ops::narrow(x, 1, 0, 2);
  ops::add_(part, ops::t(part));
  const double expected[] = {0, 5, 2, 3, 5, 10, 6, 7};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(x.data<double>()[i], expected[i]);
}
