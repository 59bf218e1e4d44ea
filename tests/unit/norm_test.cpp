#include "ops/norm/norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/norm.h"
#include "unit/gradients.h"

using namespace tt;
using namespace tt::testing;

// The statistics and results of torch.nn.functional.batch_norm.
TEST(BatchNorm, TrainingMatrix) {
  const Tensor x = tensor_of<float>({4, 3}, {1, 2, 4, 3, -1, 0, 5, 0, 2, 7, 3, 1});
  const Tensor mean = ops::zeros({3}, DType::kFloat32), var = ops::ones({3}, DType::kFloat32);
  const Tensor w = tensor_of<float>({3}, {1, 2, 0.5f}), b = tensor_of<float>({3}, {0, 1, -1});
  const Tensor y = ops::batch_norm(x, mean, var, w, b, true, 0.1, 1e-5);
  const double columns[3][4] = {{1, 3, 5, 7}, {2, -1, 0, 3}, {4, 0, 2, 1}};
  for (int c = 0; c < 3; ++c) {
    double m = 0, v = 0;
    for (const double value : columns[c]) m += value / 4;
    for (const double value : columns[c]) v += (value - m) * (value - m) / 4;
    for (int n = 0; n < 4; ++n) {
      const double expected =
          (columns[c][n] - m) / std::sqrt(v + 1e-5) * w.data<float>()[c] + b.data<float>()[c];
      EXPECT_NEAR(y.data<float>()[n * 3 + c], expected, 1e-5);
    }
    EXPECT_NEAR(mean.data<float>()[c], 0.1 * m, 1e-6);
    EXPECT_NEAR(var.data<float>()[c], 0.9 + 0.1 * v * 4 / 3, 1e-6);
  }
  EXPECT_EQ(mean.version(), 1u);
}

// Rows long and short, one element and many, give what a matrix of the same values gives.
TEST(BatchNorm, ImagesAreMatricesOfTheirPixels) {
  for (const int64_t inner : {2, 15, 64, 130, 2500}) {
    const Tensor x = random_tensor<float>({3, 4, inner});
    const Tensor g = random_tensor<float>({3, 4, inner});
    set_requires_grad(x, true);
    const Tensor y = ops::batch_norm(x, {}, {}, {}, {}, true);
    // (N, C, inner) -> (N * inner, C)
    const Tensor columns = ops::reshape(ops::transpose(x, 1, 2), {3 * inner, 4});
    const Tensor flat = ops::batch_norm(columns, {}, {}, {}, {}, true);
    const Tensor back = ops::contiguous(ops::transpose(ops::view(flat, {3, inner, 4}), 1, 2));
    const Tensor roots[] = {ops::sum(ops::mul(y, g))}, others[] = {ops::sum(ops::mul(back, g))}, in[] = {x};
    const Tensor a = grad(roots, in, {}, {})[0], b = ops::contiguous(grad(others, in, {}, {})[0]);
    for (int64_t i = 0; i < x.numel(); ++i) {
      ASSERT_NEAR(y.data<float>()[i], back.data<float>()[i], 2e-6);
      ASSERT_NEAR(a.data<float>()[i], b.data<float>()[i], 5e-6);
    }
  }
}

TEST(BatchNorm, LargeMeanKeepsTheVariance) {
  const Tensor x = ops::add(random_tensor<float>({8, 2, 100}), 4096.0);
  const Tensor y = ops::batch_norm(x, {}, {}, {}, {}, true);
  for (int c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (int64_t n = 0; n < 8; ++n) {
      for (int64_t i = 0; i < 100; ++i) {
        const double v = y.data<float>()[(n * 2 + c) * 100 + i];
        sum += v;
        squares += v * v;
      }
    }
    EXPECT_NEAR(sum / 800, 0, 1e-3);
    EXPECT_NEAR(squares / 800, 1, 1e-3);
  }
}

TEST(BatchNorm, Gradients) {
  for (const bool training : {true, false}) {
    for (const Dims& sizes : {Dims{4, 2}, Dims{2, 2, 3}, Dims{2, 1, 2, 2}}) {
      const Tensor mean = ops::full({sizes[1]}, 0.3, DType::kFloat64);
      const Tensor var = ops::full({sizes[1]}, 0.7, DType::kFloat64);
      check_gradients(
          [&](const Tensors& in) {
            const Tensor m = ops::contiguous_copy(mean), v = ops::contiguous_copy(var);
            return ops::batch_norm(in[0], m, v, in[1], in[2], training, 0.1, 1e-3);
          },
          {random_tensor<double>(sizes), random_tensor<double>({sizes[1]}),
           random_tensor<double>({sizes[1]})});
    }
  }
  check_gradients([](const Tensors& in) { return ops::batch_norm(in[0], {}, {}, {}, {}, true); },
                  {random_tensor<double>({3, 2, 2})});
}

TEST(BatchNorm, HalfTypesWithFloatParameters) {
  const Tensor x = random_tensor<float>({4, 2, 5});
  const Tensor w = ops::full({2}, 1.5, DType::kFloat32), b = ops::full({2}, 0.25, DType::kFloat32);
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    const Tensor h = ops::to_dtype(x, dtype);
    const Tensor y = ops::batch_norm(h, {}, {}, w, b, true);
    EXPECT_EQ(y.dtype(), dtype);
    const Tensor expected = ops::batch_norm(ops::to_dtype(h, DType::kFloat32), {}, {}, w, b, true);
    const Tensor wide = ops::to_dtype(y, DType::kFloat32);
    for (int64_t i = 0; i < x.numel(); ++i) {
      EXPECT_NEAR(wide.data<float>()[i], expected.data<float>()[i], 0.02);
    }
  }
}

TEST(BatchNorm, Messages) {
  const Tensor x = ops::zeros({2, 3, 5}, DType::kFloat32);
  const auto vector = [](int64_t n) { return ops::zeros({n}, DType::kFloat32); };
  const auto of = [&](const Tensor& in, const Tensor& m, const Tensor& v, const Tensor& w, const Tensor& b,
                      bool training) {
    return message_of([&] { ops::batch_norm(in, m, v, w, b, training); });
  };
  EXPECT_EQ(of(x, {}, {}, {}, {}, false), "running_mean is NULL, which only training allows");
  EXPECT_EQ(of(x, vector(3), {}, {}, {}, false), "running_var is NULL, which only training allows");
  EXPECT_EQ(of(x, vector(3), {}, {}, {}, true),
            "only one of running_mean and running_var is NULL, expected both or none");
  EXPECT_EQ(of(x, vector(4), vector(3), {}, {}, true),
            "running_mean has 4 elements, expected one for each of the 3 channels of input");
  EXPECT_EQ(of(x, vector(3), vector(2), {}, {}, true),
            "running_var has 2 elements, expected one for each of the 3 channels of input");
  EXPECT_EQ(of(x, {}, {}, vector(4), {}, true),
            "weight has 4 elements, expected one for each of the 3 channels of input");
  EXPECT_EQ(of(x, {}, {}, {}, vector(1), true),
            "bias has 1 elements, expected one for each of the 3 channels of input");
  EXPECT_EQ(of(ops::zeros({1, 3, 1}, DType::kFloat32), {}, {}, {}, {}, true),
            "input of shape [1, 3, 1] has one value for each channel, and training needs more");
  EXPECT_EQ(message_of([&] { ops::batch_norm(x, {}, {}, {}, {}, true, 0.1, 0); }),
            "eps is 0, expected a positive number in training");
  for (const double eps : {-1.0, std::nan("")}) {
    EXPECT_EQ(message_of([&] { ops::batch_norm(x, vector(3), vector(3), {}, {}, false, 0.1, eps); }),
              str("eps is ", eps, ", expected 0 or more"));
    EXPECT_EQ(message_of([&] {
                make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k1d, 3, nn::NormOptions{.eps = eps});
              }),
              str("eps is ", eps, ", expected 0 or more"));
  }
  EXPECT_EQ(of(ops::zeros({2, 3}, DType::kInt64), {}, {}, {}, {}, true),
            "batch_norm is not implemented for int64");
  // A refused call leaves the statistics alone.
  const Tensor mean = vector(3), var = vector(2);
  of(x, mean, var, {}, {}, true);
  EXPECT_EQ(mean.version(), 0u);
}
