#include "cuda/gemm_args.h"
#include "cuda/gemm_body.h"

#include "cuda/kernel_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

// What cuBLAS does, for the part of it that is asked of it: column-major.
void column_gemm(const cuda::ColumnGemm& g, int64_t batch, double alpha, double beta) {
  for (int64_t i = 0; i < batch; ++i) {
    const double* a = static_cast<const double*>(g.a) + i * g.stride_a;
    const double* b = static_cast<const double*>(g.b) + i * g.stride_b;
    double* c = static_cast<double*>(g.c) + i * g.stride_c;
    ASSERT_GE(g.lda, std::max<int64_t>(g.a_rows(), 1));
    ASSERT_GE(g.ldb, std::max<int64_t>(g.b_rows(), 1));
    ASSERT_GE(g.ldc, std::max<int64_t>(g.m, 1));
    for (int64_t m = 0; m < g.m; ++m) {
      for (int64_t n = 0; n < g.n; ++n) {
        double sum = 0;
        for (int64_t k = 0; k < g.k; ++k) {
          sum += (g.transpose_a ? a[k + m * g.lda] : a[m + k * g.lda]) *
                 (g.transpose_b ? b[n + k * g.ldb] : b[k + n * g.ldb]);
        }
        double& out = c[m + n * g.ldc];
        out = alpha * sum + (beta == 0 ? 0 : beta * out);
      }
    }
  }
}

struct Problem {
  GemmArgs args;
  Values a, b, c, bias;
  Problem(DType dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, int64_t batch, int64_t pad,
          bool shared_b)
      : a(dtype, batch * (ta ? k : m) * ((ta ? m : k) + pad), -9, 9, 1),
        b(dtype, batch * (tb ? n : k) * ((tb ? k : n) + pad), -9, 9, 2),
        c(dtype, batch * m * (n + pad), -9, 9, 3),
        bias(dtype, n, -9, 9, 4) {
    args.dtype = dtype;
    args.transpose_a = ta;
    args.transpose_b = tb;
    args.m = m;
    args.n = n;
    args.k = k;
    args.lda = (ta ? m : k) + pad;
    args.ldb = (tb ? k : n) + pad;
    args.ldc = n + pad;
    args.stride_a = (ta ? k : m) * args.lda;
    args.stride_b = shared_b ? 0 : (tb ? n : k) * args.ldb;
    args.stride_c = m * args.ldc;
    args.batch = batch;
    args.a = a.data();
    args.b = b.data();
  }
  GemmArgs into(Values& out) const {
    GemmArgs result = args;
    result.c = out.data();
    return result;
  }
};

constexpr DType kIntegers[] = {DType::kUInt8, DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64};

}  // namespace

TEST(CudaGemm, ColumnMajorIsTheSameProduct) {
  for (int mode = 0; mode < 32; ++mode) {
    Problem p(DType::kFloat64, mode & 1, mode & 2, 5, 4, 3, 2, mode & 4 ? 2 : 0, mode & 8);
    p.args.alpha = 1.5;
    p.args.beta = mode & 16 ? 0.5 : 0;
    Values expected = p.c, actual = p.c;
    cpu_backend().gemm->gemm(p.into(expected));
    column_gemm(cuda::ColumnGemm(p.into(actual)), 2, p.args.alpha, p.args.beta);
    expect_close(actual, expected, str("mode ", mode));
  }
}

TEST(CudaGemm, IntegersAreTheCpus) {
  const int64_t shapes[][4] = {{1, 1, 1, 1}, {33, 31, 40, 2}, {5, 70, 64, 1}, {64, 3, 33, 3}, {2, 2, 0, 1}};
  for (const DType dtype : kIntegers) {
    int mode = 0;
    for (const auto& shape : shapes) {
      for (const bool ta : {false, true}) {
        for (const bool tb : {false, true}) {
          Problem p(dtype, ta, tb, shape[0], shape[1], shape[2], shape[3], mode % 3, mode % 2);
          p.args.alpha = mode % 2 ? 1 : -3;
          p.args.beta = mode % 4 < 2 ? 0 : 2;
          if (mode % 3 == 0) p.args.bias = p.bias.data();
          Values expected = p.c;
          cpu_backend().gemm->gemm(p.into(expected));
          const auto actual = in_every_order({p.c}, [&](const Emulator& emulator, std::vector<Values>& out) {
            cuda::gemm_integer(emulator, p.into(out[0]));
          });
          EXPECT_TRUE(actual[0] == expected) << name(dtype) << " mode " << mode;
          ++mode;
        }
      }
    }
  }
  Problem p(DType::kBool, false, false, 2, 2, 2, 1, 0, false);
  EXPECT_THROW(cuda::gemm_integer(Emulator(), p.into(p.c)), Error);
}

// A product of nothing, and what a product with a bias starts from.
TEST(CudaGemm, StartIsAProductOfNothing) {
  for (const DType dtype : kFloatingDTypes) {
    for (int mode = 0; mode < 4; ++mode) {
      Problem p(dtype, false, false, 7, 9, 0, 3, 2, false);
      p.args.beta = mode & 1 ? 0.5 : 0;
      if (mode & 2) p.args.bias = p.bias.data();
      Values expected = p.c, actual = p.c;
      cpu_backend().gemm->gemm(p.into(expected));
      cuda::gemm_start(Emulator(), p.into(actual));
      // Between the rows nothing changes.
      EXPECT_TRUE(actual == expected) << "mode " << mode;
    }
  }
}
