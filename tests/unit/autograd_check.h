// Gradients against finite differences, first and second order, in float64.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "autograd/engine.h"
#include "ops/ops.h"

namespace tt::test {

// 0.1, 0.2, ... in a scrambled order: distinct values, none of them zero.
inline Tensor distinct(const Dims& sizes) {
  const Tensor t = empty(sizes, DType::kFloat64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<double>()[i] = 0.1 * static_cast<double>((i * 7) % 31 + 1);
  return t;
}

inline Tensor weights_like(const Tensor& t) {
  const Tensor w = empty(t.sizes(), DType::kFloat64);
  for (int64_t i = 0; i < w.numel(); ++i) w.data<double>()[i] = std::sin(static_cast<double>(i) + 1.0);
  return w;
}

using Function = std::function<Tensor(const Tensor&)>;

// The gradient of sum(w * f(x)) with fixed weights.
inline Tensor gradient(const Function& f, const Tensor& x, bool create_graph) {
  const Tensor y = f(x);
  const Tensor roots[] = {ops::sum(ops::mul(y, weights_like(y)))};
  const Tensor inputs[] = {x};
  BackwardOptions options;
  options.create_graph = create_graph;
  return grad(roots, inputs, {}, options)[0];
}

inline double value(const Function& f, const Tensor& x) {
  const GradMode off(false);
  const Tensor y = f(x);
  return *ops::sum(ops::mul(y, weights_like(y))).data<double>();
}

inline void expect_first_order(const Function& f, const Tensor& x) {
  set_requires_grad(x, true);
  const Tensor analytic = ops::contiguous(gradient(f, x, false));
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double at = x.data<double>()[i];
    x.data<double>()[i] = at + 1e-5;
    const double up = value(f, x);
    x.data<double>()[i] = at - 1e-5;
    const double down = value(f, x);
    x.data<double>()[i] = at;
    EXPECT_NEAR(analytic.data<double>()[i], (up - down) / 2e-5, 1e-6) << "element " << i;
  }
}

// f must be twice differentiable; it is squared, so that the second order is not zero.
inline void expect_gradients(const Function& f, const Tensor& x) try {
  const Function squared = [&f](const Tensor& t) {
    const Tensor y = f(t);
    return ops::mul(y, y);
  };
  expect_first_order(squared, x);
  // The gradient as a function of x, differentiated once more.
  set_requires_grad(x, true);
  const Tensor first = gradient(squared, x, true);
  const Tensor roots[] = {ops::sum(ops::mul(first, weights_like(first)))};
  const Tensor inputs[] = {x};
  const Tensor second = ops::contiguous(grad(roots, inputs, {}, {})[0]);
  const auto directional = [&] {
    const Tensor g = gradient(squared, x, false);
    return *ops::sum(ops::mul(g, weights_like(g))).data<double>();
  };
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double at = x.data<double>()[i];
    x.data<double>()[i] = at + 1e-5;
    const double up = directional();
    x.data<double>()[i] = at - 1e-5;
    const double down = directional();
    x.data<double>()[i] = at;
    EXPECT_NEAR(second.data<double>()[i], (up - down) / 2e-5, 1e-5) << "second order, element " << i;
  }
} catch (const Error& error) {
  ADD_FAILURE() << error.message();
}

// The message of the failure that `body` must be.
inline std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.message();
  }
  ADD_FAILURE() << "expected an error";
  return "";
}

}  // namespace tt::test
