// The matrix products' vector loops against the plain one.
#include "cpu/matmul/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "base/parallel.h"
#include "cpu/matmul/gemm_fast.h"
#include "cpu/matmul/gemm_thin.h"
#include "cpu/matmul/linear_thin.h"

namespace tt {
namespace {

template <typename T>
struct Case {
  call::Gemm args;
  std::vector<T> a, b, bias, c;
};

template <typename T>
class Cases {
 public:
  explicit Cases(uint32_t seed) : random_(seed) {}

  Case<T> make(int64_t m, int64_t n, int64_t k, int64_t batch = 1) {
    Case<T> made;
    call::Gemm& g = made.args;
    g.dtype = std::is_same_v<T, float> ? DType::kFloat32 : DType::kFloat64;
    g.m = m;
    g.n = n;
    g.k = k;
    g.batch = batch;
    g.transpose_a = flip();
    g.transpose_b = flip();
    const int64_t a_rows = g.transpose_a ? k : m, b_rows = g.transpose_b ? n : k;
    g.lda = (g.transpose_a ? m : k) + slack();
    g.ldb = (g.transpose_b ? k : n) + slack();
    g.ldc = n + slack();
    g.stride_a = flip() ? a_rows * g.lda + slack() : 0;
    g.stride_b = flip() ? b_rows * g.ldb + slack() : 0;
    g.stride_c = m * g.ldc + slack();
    g.alpha = flip() ? 1 : -0.5;
    g.beta = flip() ? 0 : flip() ? 1 : 0.25;
    made.a = values(a_rows * g.lda + (batch - 1) * g.stride_a);
    made.b = values(b_rows * g.ldb + (batch - 1) * g.stride_b);
    made.c = values(m * g.ldc + (batch - 1) * g.stride_c);
    if (g.beta == 0 && flip()) made.c.assign(made.c.size(), std::numeric_limits<T>::quiet_NaN());
    if (flip()) made.bias = values(n);
    if (flip()) g.epilogue = kRelu;
    return made;
  }
  int64_t up_to(int64_t n) { return std::uniform_int_distribution<int64_t>(1, n)(random_); }
  std::vector<T> values(int64_t n) {
    std::uniform_real_distribution<double> unit(-1, 1);
    std::vector<T> made(static_cast<size_t>(n));
    for (T& value : made) value = static_cast<T>(unit(random_));
    return made;
  }

 private:
  bool flip() { return random_() % 2 == 0; }
  int64_t slack() { return flip() ? 0 : up_to(5); }
  std::mt19937 random_;
};

// What lies between the rows of c must stay; only the elements of c may differ, by rounding.
template <typename T>
void expect_same(const Case<T>& one, bool (*product)(const call::Gemm&) = cpu::gemm_fast<T>) {
  call::Gemm g = one.args;
  g.a = one.a.data();
  g.b = one.b.data();
  g.bias = one.bias.empty() ? nullptr : one.bias.data();
  std::vector<T> expected = one.c, got = one.c;
  g.c = expected.data();
  cpu::gemm_reference(g);
  g.c = got.data();
  if (!product(g)) GTEST_SKIP() << "no vector loops for this instruction set";
  const double tolerance = static_cast<double>(g.k + 8) * std::numeric_limits<T>::epsilon();
  const std::string what = str("m ", g.m, " n ", g.n, " k ", g.k, " batch ", g.batch, " transposed ",
                               g.transpose_a, g.transpose_b, " beta ", g.beta, " bias ", g.bias != nullptr);
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(got[i])) continue;
    ASSERT_NEAR(got[i], expected[i], tolerance * std::max(1.0, std::abs(static_cast<double>(expected[i]))))
        << what << " element " << i;
  }
}

template <typename T>
class GemmFast : public ::testing::Test {};
using Floats = ::testing::Types<float, double>;
TYPED_TEST_SUITE(GemmFast, Floats);

TYPED_TEST(GemmFast, SmallShapesInEveryLayout) {
  Cases<TypeParam> cases(1);
  for (int i = 0; i < 1500; ++i) {
    expect_same(cases.make(cases.up_to(40), cases.up_to(70), cases.up_to(24), cases.up_to(3)));
    if (this->HasFatalFailure() || this->IsSkipped()) return;
  }
}

TYPED_TEST(GemmFast, VectorsAndThinMatrices) {
  Cases<TypeParam> cases(2);
  for (int i = 0; i < 100; ++i) {
    const int64_t large = cases.up_to(900), other = cases.up_to(300), thin = cases.up_to(3);
    expect_same(cases.make(large, thin, other));
    expect_same(cases.make(thin, large, other));
    expect_same(cases.make(thin, cases.up_to(3), large));
    if (this->HasFatalFailure() || this->IsSkipped()) return;
  }
}

TYPED_TEST(GemmFast, ManyBlocksAndThreads) {
  Cases<TypeParam> cases(3);
  for (int i = 0; i < 5; ++i) {
    expect_same(cases.make(150 + cases.up_to(300), 500 + cases.up_to(700), 350 + cases.up_to(400)));
    expect_same(cases.make(cases.up_to(64), 200 + cases.up_to(400), 900 + cases.up_to(1500)));
    if (this->HasFatalFailure() || this->IsSkipped()) return;
  }
}

TYPED_TEST(GemmFast, Batches) {
  Cases<TypeParam> cases(4);
  for (int i = 0; i < 40; ++i) {
    expect_same(cases.make(cases.up_to(60), cases.up_to(60), cases.up_to(60), cases.up_to(40)));
    if (this->HasFatalFailure() || this->IsSkipped()) return;
  }
}

// The number of threads decides how the result is split, not what it is beyond rounding.
TYPED_TEST(GemmFast, MoreThreadsThanCores) {
  Cases<TypeParam> cases(5);
  for (const int threads : {1, 3, 7}) {
    set_num_threads(threads);
    for (int i = 0; i < 2; ++i) {
      expect_same(cases.make(100 + cases.up_to(300), 100 + cases.up_to(300), 100 + cases.up_to(300)));
    }
  }
  set_num_threads(0);
}

// ---- few terms and few columns ----

TEST(GemmThin, EveryShape) {
  Cases<float> cases(6);
  for (const int64_t rows : {16, 17, 23, 64, 759}) {
    for (int64_t cols = 1; cols <= 8; ++cols) {
      for (int64_t terms = 1; terms <= 8; ++terms) {
        for (const int64_t batch : {1, 3}) {
          Case<float> one = cases.make(rows, cols, terms, batch);
          one.args.transpose_a = false;
          one.args.lda = terms + rows % 3;
          one.args.stride_a = rows * one.args.lda;
          one.a = cases.values(batch * one.args.stride_a);
          one.args.alpha = 1;
          one.args.beta = 0;
          expect_same(one, cpu::gemm_thin);
          if (::testing::Test::HasFatalFailure() || ::testing::Test::IsSkipped()) return;
        }
      }
    }
  }
}

TEST(GemmThin, LeavesTheRestAlone) {
  Cases<float> cases(7);
  const auto taken = [&](int64_t m, int64_t n, int64_t k, bool transpose_a, double alpha, double beta) {
    Case<float> one = cases.make(m, n, k);
    call::Gemm& g = one.args;
    g.transpose_a = transpose_a;
    g.alpha = alpha;
    g.beta = beta;
    g.lda = transpose_a ? m : k;
    one.a = cases.values(m * k);
    g.a = one.a.data();
    g.b = one.b.data();
    std::vector<float> c = one.c;
    g.c = c.data();
    const bool done = cpu::gemm_thin(g);
    if (!done) {
      EXPECT_EQ(std::memcmp(c.data(), one.c.data(), c.size() * sizeof(float)), 0);
    }
    return done;
  };
  if (!taken(16, 8, 8, false, 1, 0)) GTEST_SKIP() << "no vector loops for this instruction set";
  EXPECT_FALSE(taken(15, 8, 8, false, 1, 0));
  EXPECT_FALSE(taken(16, 9, 8, false, 1, 0));
  EXPECT_FALSE(taken(16, 8, 9, false, 1, 0));
  EXPECT_FALSE(taken(16, 8, 8, true, 1, 0));
  EXPECT_FALSE(taken(16, 8, 8, false, 2, 0));
  EXPECT_FALSE(taken(16, 8, 8, false, 1, 1));
}

TEST(GemmThin, KeepsNanAndTheSignsOfZeroThroughRelu) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(),
                  kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {kNan, -0.0F, 0, kInf, -kInf, -1, 1, 2, -3, kNan, 5, -6, 7, -8, 9, -1e-40F};
  for (const int64_t cols : {1, 2, 7, 8}) {
    const std::vector<float> b(static_cast<size_t>(cols), 1);
    std::vector<float> c(a.size() * static_cast<size_t>(cols));
    call::Gemm g = {.dtype = DType::kFloat32, .m = static_cast<int64_t>(a.size()), .n = cols, .k = 1};
    g.a = a.data();
    g.lda = 1;
    g.b = b.data();
    g.ldb = cols;
    g.c = c.data();
    g.ldc = cols;
    g.epilogue = kRelu;
    if (!cpu::gemm_thin(g)) GTEST_SKIP() << "no vector loops for this instruction set";
    for (size_t i = 0; i < c.size(); ++i) {
      const float x = a[i / static_cast<size_t>(cols)];
      if (std::isnan(x)) {
        EXPECT_TRUE(std::isnan(c[i])) << i;
      } else {
        EXPECT_EQ(c[i], std::max(x, 0.0F)) << i;
      }
    }
  }
}

// The gradients of a thin linear layer, and of its activations, against sums in double.
class LinearThin : public ::testing::TestWithParam<UnaryOp> {};

TEST_P(LinearThin, EveryShape) {
  const UnaryOp activation = GetParam();
  Cases<float> cases(8);
  for (const int64_t rows : {16, 17, 130, 759}) {
    for (int64_t in = 1; in <= 8; ++in) {
      for (int64_t out = 1; out <= 8; ++out) {
        // UnaryOp::neg stands for none. Each of the gradients may be unwanted, and what only it needs is then
        // not there.
        const bool activated = activation != UnaryOp::neg;
        const int wanted = static_cast<int>(cases.up_to(7));
        const bool wants_input = (wanted & 1) != 0, wants_weight = (wanted & 2) != 0,
                   wants_bias = (wanted & 4) != 0;
        const auto grad = cases.values(rows * out), x = cases.values(rows * in), w = cases.values(out * in);
        auto y = cases.values(rows * out);
        if (activation == UnaryOp::relu)
          y[static_cast<size_t>(rows / 2)] = std::numeric_limits<float>::quiet_NaN();
        constexpr float kUntouched = -77;
        std::vector<float> grad_x(x.size() + 16, kUntouched), grad_w(w.size() + 16, kUntouched),
            grad_b(static_cast<size_t>(out) + 16, kUntouched);
        call::LinearBackward args = {
            .dtype = DType::kFloat32, .rows = rows, .in = in, .out = out, .grad = grad.data()};
        if (activated) args.epilogue.op = activation;
        if (activated) args.result = y.data();
        if (!cpu::linear_is_thin(args)) GTEST_SKIP() << "no vector loops for this instruction set";
        if (wants_weight) args.input = x.data();
        if (wants_input) args.weight = w.data();
        if (wants_input) args.grad_input = grad_x.data();
        if (wants_weight) args.grad_weight = grad_w.data();
        if (wants_bias) args.grad_bias = grad_b.data();
        cpu::linear_thin_backward(args);

        const auto g = [&](int64_t row, int64_t col) {
          const auto i = static_cast<size_t>(row * out + col);
          const double v = y[i];
          if (activation == UnaryOp::relu) return v <= 0 ? 0.0 : grad[i];
          if (activation == UnaryOp::sigmoid) return grad[i] * (1 - v) * v;
          return activated ? grad[i] * (1 - v * v) : grad[i];
        };
        const std::string what = str(rows, " rows, ", in, " to ", out, ", wanted ", wanted);
        const auto expect = [&](const std::vector<float>& got, size_t n, bool is_wanted, auto value,
                                double size) {
          for (size_t i = 0; i < got.size(); ++i) {
            if (i >= n || !is_wanted) {
              ASSERT_EQ(got[i], kUntouched) << what << " element " << i;
            } else {
              ASSERT_NEAR(got[i], value(static_cast<int64_t>(i)), 3e-7 * size) << what << " element " << i;
            }
          }
        };
        expect(
            grad_x, x.size(), wants_input,
            [&](int64_t i) {
              double sum = 0;
              for (int64_t o = 0; o < out; ++o)
                sum += g(i / in, o) * static_cast<double>(w[static_cast<size_t>(o * in + i % in)]);
              return sum;
            },
            8);
        expect(
            grad_w, w.size(), wants_weight,
            [&](int64_t i) {
              double sum = 0;
              for (int64_t row = 0; row < rows; ++row)
                sum += g(row, i / in) * static_cast<double>(x[static_cast<size_t>(row * in + i % in)]);
              return sum;
            },
            static_cast<double>(rows));
        expect(
            grad_b, static_cast<size_t>(out), wants_bias,
            [&](int64_t i) {
              double sum = 0;
              for (int64_t row = 0; row < rows; ++row) sum += g(row, i);
              return sum;
            },
            static_cast<double>(rows));
        if (HasFatalFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, LinearThin,
                         ::testing::Values(UnaryOp::neg, UnaryOp::relu, UnaryOp::sigmoid, UnaryOp::tanh),
                         [](const auto& info) {
                           return info.param == UnaryOp::neg ? std::string("none")
                                                             : std::string(name(info.param));
                         });

}  // namespace
}  // namespace tt
