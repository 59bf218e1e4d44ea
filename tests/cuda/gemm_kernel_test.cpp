#include "cuda/matmul/gemm_args.h"
#include "cuda/matmul/gemm_body.h"

#include "cuda/kernel_check.h"
#include "cuda/matmul/linear_body.h"

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
  call::Gemm args;
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
  call::Gemm into(Values& out) const {
    call::Gemm result = args;
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
    cpu_backend().kernels.run(p.into(expected));
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
          cpu_backend().kernels.run(p.into(expected));
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
      cpu_backend().kernels.run(p.into(expected));
      cuda::gemm_start(Emulator(), p.into(actual));
      // Between the rows nothing changes.
      EXPECT_TRUE(actual == expected) << "mode " << mode;
    }
  }
}

// ReLU's gradient with the sums of its columns: what the two are apart, and what is NaN stays.
TEST(CudaLinear, MasksAndSums) {
  const int64_t shapes[][2] = {{1, 1}, {64, 10}, {7, 33}, {100, 64}, {1024, 3}, {1025, 40}, {2600, 5}};
  for (const DType dtype : kFloatingDTypes) {
    for (const auto& shape : shapes) {
      const int64_t rows = shape[0], columns = shape[1], n = rows * columns;
      const std::string what = str(dtype, " ", rows, " x ", columns);
      const Values grad(dtype, n, -1, 1, 1);
      Values result(dtype, n, -1, 1, 2), masked(dtype, n), sums(dtype, columns);
      for (int64_t i = 0; i < n; ++i) {
        if (i % 7 == 3) result.set(i, i % 2 == 0 ? 0.0 : -0.0);
        if (i % 11 == 5) result.set(i, NAN);
      }
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (int64_t i = 0; i < rows; ++i) {
          const double value = result.get(i * columns + j) <= 0 ? 0 : grad.get(i * columns + j);
          masked.set(i * columns + j, value);
          sum += value;
        }
        sums.set(j, sum);
      }
      int launches = 0;
      const auto actual = in_every_order({Values(dtype, n), Values(dtype, columns)},
                                         [&](const Emulator& emulator, std::vector<Values>& out) {
                                           call::LinearBackward args;
                                           args.dtype = dtype;
                                           args.rows = rows;
                                           args.out = columns;
                                           args.grad = grad.data();
                                           args.result = result.data();
                                           args.grad_bias = out[1].data();
                                           cuda::masked_column_sums(emulator, args, out[0].data());
                                           launches = emulator.launches();
                                         });
      EXPECT_TRUE(actual[0] == masked) << what;
      expect_close(actual[1], sums, what + " sums", dtype == DType::kFloat32 ? 8 : 1);
      EXPECT_EQ(launches, rows <= 1024 ? 1 : 2) << what;
      // One without the other.
      Values alone(dtype, n), only(dtype, columns);
      call::LinearBackward args;
      args.dtype = dtype;
      args.rows = rows;
      args.out = columns;
      args.grad = masked.data();
      args.grad_bias = only.data();
      cuda::masked_column_sums(Emulator(), args, nullptr);
      EXPECT_TRUE(only == actual[1]) << what;
      args.grad = grad.data();
      args.result = result.data();
      args.grad_bias = nullptr;
      cuda::masked_column_sums(Emulator(), args, alone.data());
      EXPECT_TRUE(alone == masked) << what;
    }
  }
}

// The gradients of a linear layer in one launch, those that are wanted.
TEST(CudaLinear, BackwardIsTheProducts) {
  const int64_t shapes[][3] = {{1, 1, 1}, {64, 33, 10}, {5, 40, 70}, {33, 3, 32}, {70, 64, 100}};
  for (const DType dtype : kFloatingDTypes) {
    for (const auto& shape : shapes) {
      const int64_t rows = shape[0], in = shape[1], out = shape[2];
      const std::string what = str(dtype, " ", rows, " x ", in, " to ", out);
      const Values grad(dtype, rows * out, -1, 1, 1), input(dtype, rows * in, -1, 1, 2);
      const Values weight(dtype, out * in, -1, 1, 3);
      Values result(dtype, rows * out, -1, 1, 4);
      for (int64_t i = 0; i < rows * out; i += 7) result.set(i, i % 2 == 0 ? NAN : 0.0);
      for (int wanted = 1; wanted < 16; ++wanted) {
        const bool of_input = wanted & 1, of_weight = wanted & 2, of_bias = wanted & 4, relu = wanted & 8;
        if ((of_bias && !of_weight) || (!of_input && !of_weight)) continue;
        const auto g = [&](int64_t r, int64_t o) {
          return relu && result.get(r * out + o) <= 0 ? 0 : grad.get(r * out + o);
        };
        std::vector<Values> expected = {Values(dtype, rows * in), Values(dtype, out * in),
                                        Values(dtype, out)};
        const std::vector<Values> untouched = expected;
        for (int64_t r = 0; r < rows && of_input; ++r) {
          for (int64_t i = 0; i < in; ++i) {
            double sum = 0;
            for (int64_t o = 0; o < out; ++o) sum += g(r, o) * weight.get(o * in + i);
            expected[0].set(r * in + i, sum);
          }
        }
        for (int64_t o = 0; o < out && of_weight; ++o) {
          double all = 0;
          for (int64_t r = 0; r < rows; ++r) all += g(r, o);
          if (of_bias) expected[2].set(o, all);
          for (int64_t i = 0; i < in; ++i) {
            double sum = 0;
            for (int64_t r = 0; r < rows; ++r) sum += g(r, o) * input.get(r * in + i);
            expected[1].set(o * in + i, sum);
          }
        }
        const auto actual = in_every_order(untouched, [&](const Emulator& emulator, std::vector<Values>& to) {
          call::LinearBackward args;
          args.dtype = dtype;
          args.rows = rows;
          args.in = in;
          args.out = out;
          args.grad = grad.data();
          args.result = relu ? result.data() : nullptr;
          args.input = of_weight ? input.data() : nullptr;
          args.weight = of_input ? weight.data() : nullptr;
          args.grad_input = of_input ? to[0].data() : nullptr;
          args.grad_weight = of_weight ? to[1].data() : nullptr;
          args.grad_bias = of_bias ? to[2].data() : nullptr;
          cuda::linear_backward(emulator, args);
          EXPECT_EQ(emulator.launches(), 1);
        });
        for (size_t i = 0; i < 3; ++i)
          expect_close(actual[i], expected[i], str(what, " mode ", wanted, " ", i), 2);
      }
    }
  }
  // What is too much for it.
  const auto small = [](int64_t rows, int64_t in, int64_t out, bool input, bool weight, bool bias) {
    float number = 0;
    call::LinearBackward args;
    args.rows = rows;
    args.in = in;
    args.out = out;
    args.grad_input = input ? &number : nullptr;
    args.grad_weight = weight ? &number : nullptr;
    args.grad_bias = bias ? &number : nullptr;
    return cuda::small_linear_backward(args);
  };
  EXPECT_TRUE(small(256, 10, 256, true, true, true));
  EXPECT_FALSE(small(257, 10, 10, false, true, false));
  EXPECT_TRUE(small(257, 10, 10, true, false, false));
  EXPECT_FALSE(small(10, 10, 257, true, true, false));
  EXPECT_TRUE(small(10, 10, 257, false, true, true));
  EXPECT_FALSE(small(10, 10, 10, true, false, true));
  EXPECT_FALSE(small(32, 32 * 1024, 32, true, true, false));
}
