#include <gtest/gtest.h>

#include <cmath>

#include "autograd/engine.h"
#include "ops/ops.h"

using namespace tt;

TEST(Engine, ThinPath) {
  Tensor x = ops::full({2, 3}, 2.0, DType::kFloat32);
  Tensor w = ops::full({3, 2}, 0.5, DType::kFloat32);
  set_requires_grad(w, true);
  Tensor y = ops::sum(ops::mul(ops::mm(x, w), 3.0));
  EXPECT_FLOAT_EQ(*y.data<float>(), 36.0f);
  Tensor roots[] = {y};
  backward(roots, {}, {});
  for (int i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(w.grad().data<float>()[i], 12.0f);
}

TEST(Engine, GradOfGrad) {
  Tensor x = ops::full({3}, 0.5, DType::kFloat64);
  set_requires_grad(x, true);
  Tensor roots[] = {ops::sum(ops::sigmoid(x))};
  Tensor in[] = {x};
  BackwardOptions o;
  o.create_graph = true;
  Tensor g = grad(roots, in, {}, o)[0];
  Tensor roots2[] = {ops::sum(g)};
  Tensor g2 = grad(roots2, in, {}, {})[0];
  const double s = 1 / (1 + std::exp(-0.5));
  EXPECT_NEAR(*g.data<double>(), s * (1 - s), 1e-12);
  EXPECT_NEAR(*g2.data<double>(), s * (1 - s) * (1 - 2 * s), 1e-12);
}

TEST(Engine, InplaceThroughView) {
  Tensor w = ops::full({2}, 3.0, DType::kFloat32);
  set_requires_grad(w, true);
  Tensor base = ops::zeros({2, 2}, DType::kFloat32);
  Tensor row = ops::as_strided(base, {2}, {1}, 2);
  ops::copy_(row, ops::mul(w, 2.0));
  EXPECT_TRUE(base.requires_grad());
  Tensor roots[] = {ops::sum(ops::mul(base, base))};
  backward(roots, {}, {});
  EXPECT_FLOAT_EQ(w.grad().data<float>()[0], 24.0f);
}

TEST(Engine, MillionNodes) {
  Tensor x = ops::full({1}, 1.0, DType::kFloat32);
  set_requires_grad(x, true);
  Tensor y = x;
  for (int i = 0; i < 1000000; ++i) y = ops::add(y, 0.0);
  Tensor roots[] = {y};
  backward(roots, {}, {});
  EXPECT_FLOAT_EQ(*x.grad().data<float>(), 1.0f);
}
