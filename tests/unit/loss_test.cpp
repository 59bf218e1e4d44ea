// Losses and softmax: errors, and that fused gradients equal those of the recorded backward.
#include "ops/loss/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "autograd/engine.h"
#include "ops/ops.h"

using namespace tt;
using ops::Reduction;

namespace {

template <typename T>
Tensor tensor(const Dims& sizes, std::vector<T> values) {
  const Tensor out = empty(sizes, DTypeOf<T>::value);
  std::memcpy(out.raw(), values.data(), out.nbytes());
  return out;
}

Tensor waves(const Dims& sizes, double step) {
  const Tensor out = empty(sizes, DType::kFloat64);
  for (int64_t i = 0; i < out.numel(); ++i)
    out.data<double>()[i] = std::sin(step * static_cast<double>(i + 1));
  return out;
}

template <typename F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

// The gradient by x of sum(out * weights), by the fused kernel, by the recorded rule, and by differences.
template <typename F>
void check_gradient(const Tensor& x, F&& loss) {
  set_requires_grad(x, true);
  const Tensor out = loss(x);
  const Tensor seed[] = {waves(out.sizes(), 0.7)};
  const Tensor inputs[] = {x};
  BackwardOptions create;
  create.create_graph = true;
  const Tensor roots[] = {out}, again[] = {loss(x)};
  const Tensor recorded = grad(roots, inputs, seed, create)[0];
  const Tensor fused = grad(again, inputs, seed, {})[0];
  const GradMode off(false);
  for (int64_t i = 0; i < x.numel(); ++i) {
    double& value = x.data<double>()[i];
    const double before = value, h = 1e-6;
    double side[2];
    for (int s = 0; s < 2; ++s) {
      value = before + (s == 0 ? h : -h);
      const Tensor total = ops::sum(ops::mul(loss(x), seed[0]));
      side[s] = *total.data<double>();
    }
    value = before;
    const double slope = (side[0] - side[1]) / (2 * h);
    const Tensor dense = ops::contiguous_copy(recorded);
    EXPECT_NEAR(fused.data<double>()[i], slope, 1e-7) << i;
    EXPECT_NEAR(dense.data<double>()[i], slope, 1e-7) << i;
  }
}

}  // namespace

TEST(Loss, CrossEntropyGradients) {
  const Tensor target = tensor<int64_t>({4}, {0, 2, 1, 2}), weight = tensor<double>({3}, {0.5, 2, 1});
  for (const Reduction reduction : {Reduction::kNone, Reduction::kMean, Reduction::kSum}) {
    for (const double smoothing : {0.0, 0.3}) {
      check_gradient(waves({4, 3}, 1.3), [&](const Tensor& x) {
        return ops::cross_entropy(x, target, weight, reduction, 1, smoothing);
      });
    }
    check_gradient(waves({4, 3}, 1.3),
                   [&](const Tensor& x) { return ops::nll_loss(x, target, weight, reduction); });
    const Tensor probabilities = ops::softmax(waves({4, 3, 5}, 2.1), 1);
    check_gradient(waves({4, 3, 5}, 1.3), [&](const Tensor& x) {
      return ops::cross_entropy(x, probabilities, weight, reduction, -100, 0.1);
    });
  }
}

TEST(Loss, ElementGradients) {
  const Tensor y = ops::sigmoid(waves({19}, 0.4));
  for (const Reduction reduction : {Reduction::kNone, Reduction::kMean, Reduction::kSum}) {
    check_gradient(waves({19}, 1.1), [&](const Tensor& x) { return ops::mse_loss(x, y, reduction); });
    check_gradient(waves({19}, 1.1), [&](const Tensor& x) { return ops::l1_loss(x, y, reduction); });
    check_gradient(waves({19}, 1.1),
                   [&](const Tensor& x) { return ops::smooth_l1_loss(x, y, reduction, 0.6); });
    check_gradient(waves({19}, 1.1), [&](const Tensor& x) { return ops::huber_loss(x, y, reduction, 0.6); });
    check_gradient(ops::sigmoid(waves({19}, 1.1)),
                   [&](const Tensor& x) { return ops::binary_cross_entropy(x, y, Tensor(), reduction); });
    check_gradient(waves({19}, 1.1), [&](const Tensor& x) {
      return ops::binary_cross_entropy_with_logits(x, y, Tensor(), ops::full({}, 3.0, DType::kFloat64),
                                                   reduction);
    });
  }
}

TEST(Loss, Messages) {
  const Tensor x = ops::zeros({2, 10}, DType::kFloat32);
  EXPECT_EQ(message_of([&] {
              ops::cross_entropy(x, tensor<int64_t>({2}, {3, 10}));
            }),
            "Target 10 is out of bounds.");
  EXPECT_EQ(message_of([&] {
              ops::nll_loss(x, tensor<int64_t>({2}, {-1, 3}));
            }),
            "Target -1 is out of bounds.");
  EXPECT_EQ(message_of([&] {
              ops::cross_entropy(x, tensor<int64_t>({3}, {1, 2, 3}));
            }),
            "input has 2 rows, but target has 3");
  EXPECT_EQ(message_of([&] {
              ops::binary_cross_entropy(tensor<float>({2}, {0.5f, 1.5f}), tensor<float>({2}, {0, 1}));
            }),
            "all elements of input should be between 0 and 1");
  EXPECT_EQ(message_of([&] {
              ops::binary_cross_entropy(tensor<float>({2}, {0.5f, NAN}), tensor<float>({2}, {0, 1}));
            }),
            "all elements of input should be between 0 and 1");
}

TEST(Loss, WeightsHaveNoGradient) {
  const Tensor weight = ops::ones({2}, DType::kFloat32), half = ops::full({2}, 0.5, DType::kFloat32);
  const Tensor rows = ops::zeros({1, 2}, DType::kFloat32), target = tensor<int64_t>({1}, {1});
  const auto message = [](const char* op, const char* argument) {
    return str(argument, " requires a gradient, but ", op,
               " has none with respect to it: give it through tt_detach");
  };
  set_requires_grad(weight, true);
  EXPECT_EQ(message_of([&] { ops::binary_cross_entropy(half, half, weight); }),
            message("binary_cross_entropy", "weight"));
  EXPECT_EQ(message_of([&] { ops::binary_cross_entropy_with_logits(half, half, weight); }),
            message("binary_cross_entropy_with_logits", "weight"));
  EXPECT_EQ(message_of([&] { ops::binary_cross_entropy_with_logits(half, half, Tensor(), weight); }),
            message("binary_cross_entropy_with_logits", "pos_weight"));
  EXPECT_EQ(message_of([&] { ops::nll_loss(rows, target, weight); }), message("nll_loss", "weight"));
  EXPECT_EQ(message_of([&] { ops::cross_entropy(rows, target, weight); }),
            message("cross_entropy", "weight"));
  const Tensor roots[] = {ops::cross_entropy(rows, ops::softmax(rows, 1), weight)};
  backward(roots, {}, {});
  EXPECT_TRUE(weight.grad().defined());
  const GradMode off(false);
  ops::nll_loss(rows, target, weight);
  ops::binary_cross_entropy(half, half, weight);
}

// The result must not depend on how the elements were split.
TEST(Loss, LongSumIsExact) {
  const Tensor x = ops::ones({100003}, DType::kFloat32), y = ops::zeros({100003}, DType::kFloat32);
  EXPECT_EQ(*ops::mse_loss(x, y, Reduction::kSum).data<float>(), 100003.0f);
}

TEST(Softmax, Gradients) {
  for (const int64_t dim : {0, 1, 2}) {
    check_gradient(waves({3, 5, 4}, 1.7), [&](const Tensor& x) { return ops::softmax(x, dim); });
    check_gradient(waves({3, 5, 4}, 1.7), [&](const Tensor& x) { return ops::log_softmax(x, dim); });
    check_gradient(waves({3, 5, 4}, 1.7), [&](const Tensor& x) { return ops::softmin(x, dim); });
  }
}

TEST(Softmax, NanAndInfinity) {
  const float inf = INFINITY;
  const Tensor x = tensor<float>({3, 3}, {-inf, 0, 0, NAN, 0, 1, -inf, -inf, -inf});
  const Tensor y = ops::softmax(x, 1);
  EXPECT_EQ(y.data<float>()[0], 0.0f);
  EXPECT_EQ(y.data<float>()[1], 0.5f);
  for (int i = 3; i < 9; ++i) EXPECT_TRUE(std::isnan(y.data<float>()[i])) << i;
}

namespace {

// Everything that backward gives, of first and second order, when the loss's operands are written to after
// it.
struct Gradients {
  Tensor first, second;
};
template <typename F>
Gradients gradients(const Tensor& leaf, bool written, F&& loss) {
  const Tensor x = ops::mul(leaf, 2.0), inputs[] = {leaf};
  const Tensor roots[] = {loss(x)};
  if (written) {
    const GradMode off(false);
    ops::fill_(x, 7.0);
  }
  BackwardOptions keep, create;
  keep.retain_graph = true;
  create.create_graph = true;
  const Tensor first = grad(roots, inputs, {}, keep)[0];
  const Tensor again[] = {ops::sum(ops::square(grad(roots, inputs, {}, create)[0]))};
  return {first, grad(again, inputs, {}, {})[0]};
}

template <typename F>
void expect_same_after_write(F&& loss) {
  const Tensor leaf = waves({4, 3}, 0.9);
  set_requires_grad(leaf, true);
  const Gradients plain = gradients(leaf, false, loss), written = gradients(leaf, true, loss);
  EXPECT_TRUE(ops::equal(plain.first, written.first));
  EXPECT_TRUE(ops::equal(plain.second, written.second));
}

}  // namespace

TEST(Loss, OperandsMayBeWrittenToBeforeBackward) {
  const Tensor target = tensor<int64_t>({4}, {0, 2, 1, 2}), weight = tensor<double>({3}, {0.5, 2, 1});
  const Tensor shares = ops::softmax(waves({4, 3}, 0.4), 1), other = waves({4, 3}, 0.3);
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    expect_same_after_write(
        [&](const Tensor& x) { return ops::cross_entropy(x, target, weight, reduction, 1, 0.1); });
    expect_same_after_write(
        [&](const Tensor& x) { return ops::cross_entropy(x, shares, weight, reduction); });
    // Not dense, so copied anyway.
    expect_same_after_write([&](const Tensor& x) {
      return ops::cross_entropy(ops::t(x), tensor<int64_t>({3}, {0, 3, 1}), {}, reduction);
    });
    expect_same_after_write(
        [&](const Tensor& x) { return ops::l1_loss(ops::mul(other, 2.0), x, reduction); });
  }
}
