#include "ops/autocast.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "autograd/engine.h"
#include "ops/ops.h"

namespace tt {
namespace {

class AutocastTest : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override { on(); }
  void TearDown() override { off(); }
  void on(bool cache = true) { set_autocast_mode(DeviceType::kCpu, {true, cache, GetParam()}); }
  void off() { set_autocast_mode(DeviceType::kCpu, {}); }

  Tensor uniform(const Dims& sizes, DType dtype = DType::kFloat32, bool requires_grad = false) {
    const bool before = detail::t_autocast_on;
    detail::t_autocast_on = false;
    const Tensor t = empty(sizes, DType::kFloat32);
    float* values = t.data<float>();
    for (int64_t i = 0; i < t.numel(); ++i)
      values[i] = 0.1f + 0.8f * static_cast<float>((i * 37 + 11) % 101) / 101;
    const Tensor out = ops::to_dtype(t, dtype);
    if (requires_grad) set_requires_grad(out, true);
    detail::t_autocast_on = before;
    return out;
  }
  // What the op gives under autocast is what it gives without for arguments cast to `dtype`.
  template <typename F>
  void expect_computed_in(DType dtype, const char* what, F&& op, const Tensor& a, const Tensor& b) {
    const Tensor got = op(a, b);
    off();
    const Tensor cast_a = ops::to_dtype(a, dtype), cast_b = ops::to_dtype(b, dtype);
    const Tensor expected = op(cast_a, cast_b);
    on();
    EXPECT_EQ(got.dtype(), expected.dtype()) << what;
    EXPECT_TRUE(ops::equal(got, expected)) << what;
  }
};

TEST_P(AutocastTest, ProductsRunInTheLowerPrecision) {
  using namespace ops;
  const DType low = GetParam();
  const Tensor m = uniform({4, 4}), v = uniform({4}), b = uniform({2, 4, 4}), image = uniform({2, 3, 8, 8}),
               kernel = uniform({5, 3, 3, 3}), row = uniform({2, 3, 9}), taps = uniform({5, 3, 3});
  expect_computed_in(
      low, "mm", [](auto& x, auto& y) { return mm(x, y); }, m, m);
  expect_computed_in(
      low, "bmm", [](auto& x, auto& y) { return bmm(x, y); }, b, b);
  expect_computed_in(
      low, "mv", [](auto& x, auto& y) { return mv(x, y); }, m, v);
  expect_computed_in(
      low, "matmul", [](auto& x, auto& y) { return matmul(x, y); }, b, m);
  expect_computed_in(
      low, "matmul of vectors", [](auto& x, auto& y) { return matmul(x, y); }, v, v);
  expect_computed_in(
      low, "addmm", [](auto& x, auto& y) { return addmm(y, x, x, 0.5, 2); }, m, v);
  expect_computed_in(
      low, "addmv", [](auto& x, auto& y) { return addmv(y, x, y); }, m, v);
  expect_computed_in(
      low, "baddbmm", [](auto& x, auto& y) { return baddbmm(x, x, y); }, b, b);
  expect_computed_in(
      low, "linear", [](auto& x, auto& y) { return linear(x, x, y); }, m, v);
  expect_computed_in(
      low, "einsum",
      [](auto& x, auto& y) {
        return einsum("ij,jk->ik", std::vector<Tensor>{x, y});
      },
      m, m);
  expect_computed_in(
      low, "conv2d", [](auto& x, auto& y) { return conv2d(x, y, {}); }, image, kernel);
  expect_computed_in(
      low, "conv2d same",
      [](auto& x, auto& y) { return conv2d(x, y, {}, {.padding_kind = PaddingKind::kSame}); }, image, kernel);
  expect_computed_in(
      low, "conv1d", [](auto& x, auto& y) { return conv1d(x, y, {}); }, row, taps);
  expect_computed_in(
      low, "prelu", [](auto& x, auto& y) { return prelu(x, y); }, m, v);
  // Mixed arguments meet there too, and what is neither half nor float32 stays.
  EXPECT_EQ(mm(m, to_dtype(m, low)).dtype(), low);
  const Tensor wide = uniform({4, 4}, DType::kFloat64), whole = to_dtype(mul(m, 10.0), DType::kInt64);
  EXPECT_EQ(mm(wide, wide).dtype(), DType::kFloat64);
  EXPECT_EQ(mm(whole, whole).dtype(), DType::kInt64);
}

TEST_P(AutocastTest, WhatNeedsRangeRunsInFloat32) {
  using namespace ops;
  const DType low = GetParam(), full = DType::kFloat32;
  const Tensor x = uniform({3, 5}, low), y = uniform({3, 5}, low);
  const Tensor labels = to_dtype(uniform({3}), DType::kInt64);
  using Op = Tensor (*)(const Tensor&, const Tensor&);
  const std::pair<const char*, Op> all[] = {
      {"acos", [](auto& a, auto&) { return acos(a); }},
      {"asin", [](auto& a, auto&) { return asin(a); }},
      {"cosh", [](auto& a, auto&) { return cosh(a); }},
      {"erfinv", [](auto& a, auto&) { return erfinv(a); }},
      {"exp", [](auto& a, auto&) { return exp(a); }},
      {"expm1", [](auto& a, auto&) { return expm1(a); }},
      {"log", [](auto& a, auto&) { return log(a); }},
      {"log10", [](auto& a, auto&) { return log10(a); }},
      {"log1p", [](auto& a, auto&) { return log1p(a); }},
      {"log2", [](auto& a, auto&) { return log2(a); }},
      {"reciprocal", [](auto& a, auto&) { return reciprocal(a); }},
      {"rsqrt", [](auto& a, auto&) { return rsqrt(a); }},
      {"sinh", [](auto& a, auto&) { return sinh(a); }},
      {"tan", [](auto& a, auto&) { return tan(a); }},
      {"softplus", [](auto& a, auto&) { return softplus(a, 1.0, 20.0); }},
      {"pow", [](auto& a, auto& b) { return pow(a, b); }},
      {"pow of a number", [](auto& a, auto&) { return pow(2.0, a); }},
      {"softmax", [](auto& a, auto&) { return softmax(a, 1); }},
      {"log_softmax", [](auto& a, auto&) { return log_softmax(a, 1); }},
      {"sum", [](auto& a, auto&) { return sum(a); }},
      {"prod", [](auto& a, auto&) { return prod(a); }},
      {"cumsum", [](auto& a, auto&) { return cumsum(a, 0); }},
      {"cumprod", [](auto& a, auto&) { return cumprod(a, 0); }},
      {"vector_norm", [](auto& a, auto&) { return vector_norm(a); }},
      {"logsumexp",
       [](auto& a, auto&) {
         const int64_t dims[] = {1};
         return logsumexp(a, dims);
       }},
      {"mse_loss", [](auto& a, auto& b) { return mse_loss(a, b); }},
      {"l1_loss", [](auto& a, auto& b) { return l1_loss(a, b); }},
      {"smooth_l1_loss", [](auto& a, auto& b) { return smooth_l1_loss(a, b); }},
      {"huber_loss", [](auto& a, auto& b) { return huber_loss(a, b); }},
      {"binary_cross_entropy_with_logits",
       [](auto& a, auto& b) { return binary_cross_entropy_with_logits(a, b); }},
  };
  for (const auto& [name, op] : all) {
    expect_computed_in(full, name, op, x, y);
    EXPECT_EQ(op(x, y).dtype(), full) << name;
  }
  EXPECT_EQ(cross_entropy(x, labels).dtype(), full);
  EXPECT_EQ(nll_loss(x, labels).dtype(), full);
  EXPECT_THROW(binary_cross_entropy(x, y), Error);
}

TEST_P(AutocastTest, OtherOpsKeepTheirDtypesAndSomePromote) {
  using namespace ops;
  const DType low = GetParam();
  const Tensor x = uniform({3, 5}, low), wide = uniform({3, 5});
  EXPECT_EQ(relu(x).dtype(), low);
  EXPECT_EQ(mul(x, x).dtype(), low);
  EXPECT_EQ(add(x, wide).dtype(), DType::kFloat32);
  EXPECT_EQ(mean(x).dtype(), low);
  const Tensor v = uniform({4}, low), w = uniform({4});
  EXPECT_EQ(dot(v, w).dtype(), DType::kFloat32);
  EXPECT_EQ(dot(v, v).dtype(), low);
  const Tensor index = zeros({3, 5}, DType::kInt64);
  EXPECT_EQ(scatter_add(wide, 0, index, x).dtype(), DType::kFloat32);
  Tensor changed = uniform({3, 5}, low);
  exp_(changed);
  EXPECT_EQ(changed.dtype(), low);
}

TEST_P(AutocastTest, GradientsReachFloat32Parameters) {
  using namespace ops;
  const Tensor weight = uniform({3, 5}, DType::kFloat32, true), bias = uniform({3}, DType::kFloat32, true),
               x = uniform({4, 5});
  const Tensor loss = sum(square(linear(x, weight, bias)));
  EXPECT_EQ(loss.dtype(), DType::kFloat32);
  const Tensor roots[] = {loss};
  backward(roots, {}, {});  // under autocast still
  ASSERT_TRUE(weight.grad().defined());
  EXPECT_EQ(weight.grad().dtype(), DType::kFloat32);
  off();
  const Tensor low_weight = to_dtype(detach(weight), GetParam());
  set_requires_grad(low_weight, true);
  const Tensor again = linear(to_dtype(x, GetParam()), low_weight, to_dtype(detach(bias), GetParam()));
  const Tensor other[] = {sum(to_dtype(square(again), DType::kFloat32))};
  backward(other, {}, {});
  EXPECT_TRUE(equal(weight.grad(), to_dtype(low_weight.grad(), DType::kFloat32)));
}

// The number of casts shows in the graph: two uses of one cast are one node that both gradients meet in.
TEST_P(AutocastTest, ParametersAreCastOnceUntilTheyChange) {
  using namespace ops;
  const Tensor weight = uniform({3, 5}, DType::kFloat32, true), x = uniform({4, 5});
  const auto node_of = [&](const Tensor& out) { return gradient_edge(out).node->edge(1).node.get(); };
  const Tensor first = linear(x, weight, {}), second = linear(x, weight, {});
  EXPECT_EQ(node_of(first), node_of(second));
  {
    const GradMode no(false);
    mul_(weight, 2.0);
  }
  const Tensor third = linear(x, weight, {});
  EXPECT_NE(node_of(first), node_of(third));
  off();
  const Tensor expected = linear(to_dtype(x, GetParam()), to_dtype(detach(weight), GetParam()), {});
  EXPECT_TRUE(equal(third, expected));
  on(false);
  EXPECT_NE(node_of(linear(x, weight, {})), node_of(linear(x, weight, {})));
  // A cast made where nothing was recorded has no gradient to give.
  off();
  on();
  {
    const GradMode no(false);
    linear(x, weight, {});
  }
  EXPECT_TRUE(linear(x, weight, {}).requires_grad());
}

TEST_P(AutocastTest, BelongsToTheThreadAndTheDeviceType) {
  using namespace ops;
  const Tensor m = uniform({4, 4});
  DType elsewhere = DType::kBool;
  std::thread([&] { elsewhere = mm(m, m).dtype(); }).join();
  EXPECT_EQ(elsewhere, DType::kFloat32);
  off();
  EXPECT_EQ(mm(m, m).dtype(), DType::kFloat32);
  set_autocast_mode(DeviceType::kCuda, {true, true, GetParam()});
  EXPECT_EQ(mm(m, m).dtype(), DType::kFloat32);
  on();
  EXPECT_EQ(mm(m, m).dtype(), GetParam());
  set_autocast_mode(DeviceType::kCuda, {});
  EXPECT_EQ(mm(m, m).dtype(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Halves, AutocastTest, ::testing::Values(DType::kFloat16, DType::kBFloat16),
                         [](const auto& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace tt
