// The matrix products' vector loops against the plain one.
#include "cpu/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "cpu/gemm_fast.h"

namespace tt {
namespace {

template <typename T>
struct Case {
  GemmArgs args;
  std::vector<T> a, b, bias, c;
};

template <typename T>
class Cases {
 public:
  explicit Cases(uint32_t seed) : random_(seed) {}

  Case<T> make(int64_t m, int64_t n, int64_t k, int64_t batch = 1) {
    Case<T> made;
    GemmArgs& g = made.args;
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
    g.relu = flip();
    return made;
  }
  int64_t up_to(int64_t n) { return std::uniform_int_distribution<int64_t>(1, n)(random_); }

 private:
  bool flip() { return random_() % 2 == 0; }
  int64_t slack() { return flip() ? 0 : up_to(5); }
  std::vector<T> values(int64_t n) {
    std::uniform_real_distribution<double> unit(-1, 1);
    std::vector<T> made(static_cast<size_t>(n));
    for (T& value : made) value = static_cast<T>(unit(random_));
    return made;
  }
  std::mt19937 random_;
};

// What lies between the rows of c must stay; only the elements of c may differ, by rounding.
template <typename T>
void expect_same(const Case<T>& one) {
  GemmArgs g = one.args;
  g.a = one.a.data();
  g.b = one.b.data();
  g.bias = one.bias.empty() ? nullptr : one.bias.data();
  std::vector<T> expected = one.c, got = one.c;
  g.c = expected.data();
  cpu::gemm_reference(g);
  g.c = got.data();
  if (!cpu::gemm_fast<T>(g)) GTEST_SKIP() << "no vector loops for this instruction set";
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

}  // namespace
}  // namespace tt
