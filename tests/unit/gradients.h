// Gradients against finite differences, for the tests of one family's ops.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "autograd/engine.h"
#include "ops/ops.h"

namespace tt::testing {

inline std::mt19937& random_engine() {
  static std::mt19937 engine(7);
  return engine;
}

template <typename T>
Tensor random_tensor(const Dims& sizes) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  const Tensor out = empty(sizes, DTypeOf<T>::value);
  for (int64_t i = 0; i < out.numel(); ++i) out.data<T>()[i] = static_cast<T>(uniform(random_engine()));
  return out;
}

template <typename T>
Tensor tensor_of(const Dims& sizes, std::initializer_list<T> values) {
  const Tensor out = empty(sizes, DTypeOf<T>::value);
  std::copy(values.begin(), values.end(), out.data<T>());
  return out;
}

// What the call failed with.
inline std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

// The gradients of a weighted sum of f(inputs), float64, against central differences; with `second` also the
// gradients of half the squares of those gradients.
inline void check_gradients(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
                            bool second = true) {
  for (const Tensor& t : inputs) set_requires_grad(t, true);
  Tensor weights;
  {
    const GradMode off(false);
    weights = random_tensor<double>(f(inputs).sizes());
  }
  const auto loss = [&](const Tensors& at) { return ops::sum(ops::mul(f(at), weights)); };
  BackwardOptions options;
  options.create_graph = second;
  options.allow_unused = true;  // a gradient that is linear in an input does not depend on it
  const Tensor root[] = {loss(inputs)};
  const Tensors grads = grad(root, inputs, {}, options);
  const double step = 1e-6;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Tensor computed = grads[k].defined() ? ops::contiguous_copy(grads[k]) : ops::zeros_like(inputs[k]);
    for (int64_t i = 0; i < inputs[k].numel(); ++i) {
      const GradMode mode(second ? false : true);
      double& value = inputs[k].data<double>()[i];
      const double before = value;
      value = before + step;
      const double high = *loss(inputs).data<double>();
      value = before - step;
      const double low = *loss(inputs).data<double>();
      value = before;
      ASSERT_NEAR(computed.data<double>()[i], (high - low) / (2 * step), 2e-6)
          << "input " << k << " at " << i;
    }
  }
  if (!second) return;
  check_gradients(
      [&](const Tensors& at) {
        const GradMode on(true);
        const Tensor again[] = {loss(at)};
        Tensor total;
        for (const Tensor& g : grad(again, at, {}, options)) {
          if (!g.defined()) continue;
          const Tensor part = ops::sum(ops::mul(g, ops::mul(g, 0.5)));
          total = total.defined() ? ops::add(total, part) : part;
        }
        return total;
      },
      inputs, false);
}

}  // namespace tt::testing
