#include <gtest/gtest.h>

#include <cmath>

#include "autograd/engine.h"
#include "ops/ops.h"
#include "ops/sort/order.h"

using namespace tt;

namespace {

template <typename T>
Tensor tensor(const Dims& sizes, std::initializer_list<T> values) {
  const Tensor t = empty(sizes, DTypeOf<T>::value);
  std::copy(values.begin(), values.end(), t.data<T>());
  return t;
}

Tensor ramp(const Dims& sizes, DType dtype = DType::kFloat32) {
  const Tensor t = empty(sizes, DType::kFloat64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<double>()[i] = static_cast<double>((i * 37) % 101) - 50.0;
  return ops::to_dtype(t, dtype);
}

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.message();
  }
  return "no error";
}

}  // namespace

TEST(Reduce, SumsMatchPlainLoopsForEveryShape) {
  for (const int64_t rows : {1, 3, 8, 65, 5000}) {
    for (const int64_t cols : {1, 3, 10, 31, 64, 700}) {
      const Tensor x = ramp({rows, cols});
      const int64_t first[] = {0}, second[] = {1};
      const Tensor down = ops::sum(x, first), across = ops::sum(x, second);
      double total = 0;
      for (int64_t r = 0; r < rows; ++r) {
        double row = 0;
        for (int64_t c = 0; c < cols; ++c) row += x.data<float>()[r * cols + c];
        ASSERT_EQ(across.data<float>()[r], static_cast<float>(row)) << rows << "x" << cols;
        total += row;
      }
      for (int64_t c = 0; c < cols; ++c) {
        double column = 0;
        for (int64_t r = 0; r < rows; ++r) column += x.data<float>()[r * cols + c];
        ASSERT_EQ(down.data<float>()[c], static_cast<float>(column)) << rows << "x" << cols;
      }
      ASSERT_EQ(*ops::sum(x).data<float>(), static_cast<float>(total));
      ASSERT_EQ(*ops::sum(ops::transpose(x, 0, 1)).data<float>(), static_cast<float>(total));
    }
  }
}

TEST(Reduce, MiddleAndOuterDimensionsTogether) {
  const Tensor x = ramp({4, 5, 6});
  const int64_t dims[] = {0, -1};
  const Tensor y = ops::sum(x, dims, true);
  EXPECT_EQ(y.sizes(), (Dims{1, 5, 1}));
  for (int64_t m = 0; m < 5; ++m) {
    float total = 0;
    for (int64_t o = 0; o < 4; ++o) {
      for (int64_t i = 0; i < 6; ++i) total += x.data<float>()[(o * 5 + m) * 6 + i];
    }
    EXPECT_EQ(y.data<float>()[m], total);
  }
}

TEST(Reduce, DtypesAndEmptyInputs) {
  EXPECT_EQ(ops::sum(ramp({3}, DType::kInt32)).dtype(), DType::kInt64);
  EXPECT_EQ(ops::all(ramp({3}, DType::kUInt8)).dtype(), DType::kUInt8);
  const Tensor none = empty({0, 2}, DType::kFloat32);
  EXPECT_EQ(*ops::prod(none).data<float>(), 1.0f);
  EXPECT_TRUE(std::isnan(*ops::mean(none).data<float>()));
  EXPECT_EQ(message_of([&] { ops::amax(none); }),
            "input is empty, so there must be a dim, of a size other than 0");
  const int64_t twice[] = {0, -2};
  EXPECT_EQ(message_of([&] { ops::sum(none, twice); }), "dim 0 appears multiple times in the list of dims");
}

TEST(Reduce, NanWinsAndTiesTakeTheFirst) {
  const Tensor x = tensor<float>({2, 4}, {1, 3, 3, 2, 1, NAN, 5, NAN});
  const ops::ValuesAndIndices m = ops::max_dim(x, 1);
  EXPECT_EQ(m.values.data<float>()[0], 3.0f);
  EXPECT_TRUE(std::isnan(m.values.data<float>()[1]));
  EXPECT_EQ(m.indices.data<int64_t>()[0], 1);
  EXPECT_EQ(m.indices.data<int64_t>()[1], 1);
  EXPECT_EQ(*ops::argmax(x).data<int64_t>(), 5);
}

TEST(Reduce, SpreadAndNorm) {
  const Tensor x = tensor<float>({5}, {1000.0f, 1000.5f, 1001.0f, 999.5f, 1002.0f});
  EXPECT_NEAR(*ops::var(x).data<float>(), 0.925f, 1e-6);
  EXPECT_NEAR(*ops::stddev(x, {}, 0).data<float>(), std::sqrt(0.74), 1e-6);
  EXPECT_TRUE(std::isnan(*ops::var(ops::full({1}, 2.0, DType::kFloat32)).data<float>()));
  EXPECT_FLOAT_EQ(*ops::vector_norm(tensor<float>({2}, {3, -4})).data<float>(), 5.0f);
  EXPECT_FLOAT_EQ(*ops::vector_norm(tensor<float>({2}, {3, -4}), INFINITY).data<float>(), 4.0f);
}

TEST(Reduce, ProductGradientWithZeros) {
  const Tensor x = tensor<double>({3}, {1.5, 0.0, -3.0});
  set_requires_grad(x, true);
  const Tensor roots[] = {ops::prod(x)};
  backward(roots, {}, {});
  EXPECT_EQ(x.grad().data<double>()[0], 0.0);
  EXPECT_EQ(x.grad().data<double>()[1], -4.5);
  EXPECT_EQ(x.grad().data<double>()[2], 0.0);
}

// Sums of a million float32 0.1, whose rounding errors all go one way: added up one by one they are 1000
// off. (The double sum of float32 0.1 is 100000.00149.)
TEST(Reduce, SumsArePairwise) {
  constexpr int64_t kCount = 1000000;
  const Tensor dense = ops::full({kCount}, 0.1, DType::kFloat32);
  const Tensor steps = ops::slice(ops::full({kCount, 2}, 0.1, DType::kFloat32), 1, 0, 1);
  const Tensor columns = ops::full({kCount, 3}, 0.1, DType::kFloat32);
  const int64_t rows[] = {0};
  const auto expect_sum = [](const char* what, const Tensor& sum) {
    const Tensor values = ops::contiguous(sum);
    for (int64_t i = 0; i < values.numel(); ++i)
      EXPECT_NEAR(values.data<float>()[i], 100000.0015, 0.1) << what;
  };
  for (const bool skips_nan : {false, true}) {
    const auto sum = [&](const Tensor& x, ops::DimList dims) {
      return skips_nan ? ops::nansum(x, dims) : ops::sum(x, dims);
    };
    expect_sum("dense", sum(dense, {}));
    expect_sum("steps", sum(steps, {}));
    expect_sum("columns", sum(columns, rows));
  }
  expect_sum("mean", ops::mul(ops::mean(dense), static_cast<double>(kCount)));
  expect_sum("norm", ops::vector_norm(dense, 1));
  expect_sum("norm", ops::vector_norm(steps, 1));
  expect_sum("loss", ops::l1_loss(dense, ops::zeros_like(dense), ops::Reduction::kSum));
  expect_sum("cumsum", ops::slice(ops::cumsum(dense, 0), 0, kCount - 1));
}
