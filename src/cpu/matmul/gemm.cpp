#include "cpu/runtime/kernels.h"
#include "cpu/matmul/gemm.h"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <limits>

#include "base/parallel.h"
#include "cpu/runtime/float_scratch.h"
#include "cpu/matmul/gemm_fast.h"
#include "cpu/matmul/gemm_thin.h"
#include "cpu/matmul/linear_thin.h"

namespace tt::cpu {

namespace {

// Keeps OpenBLAS, which asks OpenMP, to the calling thread for this scope: the threads are ours.
class OneBlasThread {
 public:
  OneBlasThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneBlasThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  int before_;
};

template <typename T>
void blas(const call::Gemm& g, const T* a, const T* b, T* c, double beta) {
  const auto ta = g.transpose_a ? CblasTrans : CblasNoTrans;
  const auto tb = g.transpose_b ? CblasTrans : CblasNoTrans;
  const auto m = static_cast<blasint>(g.m), n = static_cast<blasint>(g.n), k = static_cast<blasint>(g.k);
  const auto lda = static_cast<blasint>(g.lda), ldb = static_cast<blasint>(g.ldb),
             ldc = static_cast<blasint>(g.ldc);
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, static_cast<float>(g.alpha), a, lda, b, ldb,
                static_cast<float>(beta), c, ldc);
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, g.alpha, a, lda, b, ldb, beta, c, ldc);
  }
}

bool fits_blas(const call::Gemm& g) {
  constexpr int64_t kMax = std::numeric_limits<blasint>::max();
  return g.m <= kMax && g.n <= kMax && g.k <= kMax && g.lda <= kMax && g.ldb <= kMax && g.ldc <= kMax;
}

// One matrix product, with its bias and what follows.
template <typename T>
void whole_blas(const call::Gemm& g) {
  const OneBlasThread one;
  const T* bias = static_cast<const T*>(g.bias);
  T* c = static_cast<T*>(g.c);
  double beta = g.beta;
  if (bias != nullptr) {
    for (int64_t row = 0; row < g.m; ++row) {
      T* out = c + row * g.ldc;
      if (g.beta == 0) {
        std::copy_n(bias, g.n, out);
      } else {
        for (int64_t j = 0; j < g.n; ++j) out[j] = static_cast<T>(g.beta) * out[j] + bias[j];
      }
    }
    beta = 1;
  }
  blas(g, static_cast<const T*>(g.a), static_cast<const T*>(g.b), c, beta);
  if (g.epilogue.is_relu()) relu_rows(c, g.ldc, g.m, g.n);
}

// The threads share the rows or the columns of each product.
template <typename T>
void gemm_blas(const call::Gemm& g) {
  const bool by_rows = g.m >= g.n;
  const int64_t line = (by_rows ? g.n : g.m) * g.k;
  const int64_t grain = 1 + 256 * 1024 / line;
  for (int64_t i = 0; i < g.batch; ++i) {
    parallel_for(by_rows ? g.m : g.n, grain, [&](int64_t begin, int64_t end) {
      call::Gemm part = g;
      const T* a = static_cast<const T*>(g.a) + i * g.stride_a;
      const T* b = static_cast<const T*>(g.b) + i * g.stride_b;
      T* c = static_cast<T*>(g.c) + i * g.stride_c;
      if (by_rows) {
        part.m = end - begin;
        a += begin * (g.transpose_a ? 1 : g.lda);
        c += begin * g.ldc;
      } else {
        part.n = end - begin;
        b += begin * (g.transpose_b ? g.ldb : 1);
        c += begin;
        if (g.bias != nullptr) part.bias = static_cast<const T*>(g.bias) + begin;
      }
      part.a = a;
      part.b = b;
      part.c = c;
      whole_blas<T>(part);
    });
  }
}

// A few multiplications, for which choosing a better way would take longer.
template <typename T>
void gemm_tiny(const call::Gemm& g) {
  const int64_t a_row = g.transpose_a ? 1 : g.lda, a_col = g.transpose_a ? g.lda : 1;
  const int64_t b_row = g.transpose_b ? 1 : g.ldb, b_col = g.transpose_b ? g.ldb : 1;
  const T* a = static_cast<const T*>(g.a);
  const T* b = static_cast<const T*>(g.b);
  const T* bias = static_cast<const T*>(g.bias);
  T* c = static_cast<T*>(g.c);
  for (int64_t i = 0; i < g.m; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      T sum = 0;
      for (int64_t p = 0; p < g.k; ++p) sum += a[i * a_row + p * a_col] * b[p * b_row + j * b_col];
      T& out = c[i * g.ldc + j];
      T value = static_cast<T>(g.alpha) * sum;
      if (g.beta != 0) value += static_cast<T>(g.beta) * out;
      if (bias != nullptr) value += bias[j];
      out = g.epilogue.is_relu() && value < T(0) ? T(0) : value;
    }
  }
}

// Own loops where the machine has the instructions for them, else OpenBLAS.
template <typename T>
void gemm_float(const call::Gemm& g) {
  constexpr int64_t kTiny = 64;
  if (g.batch == 1 && g.m <= kTiny && g.n <= kTiny && g.k <= kTiny && g.m * g.n * g.k <= kTiny) {
    gemm_tiny<T>(g);
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (gemm_thin(g)) return;
  }
  if (!gemm_fast<T>(g)) {
    fits_blas(g) ? gemm_blas<T>(g) : gemm_reference(g);
  }
}

// `rows` rows of `cols` elements between a strided matrix and a dense one.
void widen(float* to, const void* from, int64_t leading, DType dtype, int64_t rows, int64_t cols) {
  const auto size = static_cast<int64_t>(size_of(dtype));
  for (int64_t i = 0; i < rows; ++i) {
    convert_row(reinterpret_cast<char*>(to + i * cols), sizeof(float), DType::kFloat32,
                static_cast<const char*>(from) + i * leading * size, size, dtype, cols);
  }
}

// relu_rows by the bits of a half type: below zero is what lies above those of -0, up to those of -infinity.
void relu_half_rows(uint16_t* c, const call::Gemm& g) {
  const uint16_t zero = 0x8000, infinity = g.dtype == DType::kFloat16 ? 0xfc00 : 0xff80;
  for (int64_t i = 0; i < g.m; ++i, c += g.ldc) {
    for (int64_t j = 0; j < g.n; ++j) c[j] = c[j] > zero && c[j] <= infinity ? uint16_t{0} : c[j];
  }
}

void gemm(const call::Gemm& args);

// Half types: operands widened to float, the result rounded once.
void gemm_half(const call::Gemm& args) {
  const int64_t a_rows = args.transpose_a ? args.k : args.m, a_cols = args.transpose_a ? args.m : args.k;
  const int64_t b_rows = args.transpose_b ? args.n : args.k, b_cols = args.transpose_b ? args.k : args.n;
  const FloatScratch a(a_rows * a_cols), b(b_rows * b_cols), c(args.m * args.n), bias(args.n);
  const auto size = static_cast<int64_t>(size_of(args.dtype));
  call::Gemm wide = args;
  wide.dtype = DType::kFloat32;
  wide.epilogue = {};  // after the rounding, which gives negative zeros
  wide.batch = 1;
  wide.a = a.data();
  wide.lda = std::max<int64_t>(a_cols, 1);
  wide.b = b.data();
  wide.ldb = std::max<int64_t>(b_cols, 1);
  wide.c = c.data();
  wide.ldc = args.n;
  if (args.bias != nullptr) {
    widen(bias.data(), args.bias, 0, args.dtype, 1, args.n);
    wide.bias = bias.data();
  }
  for (int64_t i = 0; i < args.batch; ++i) {
    if (i == 0 || args.stride_a != 0) {
      widen(a.data(), static_cast<const char*>(args.a) + i * args.stride_a * size, args.lda, args.dtype,
            a_rows, a_cols);
    }
    if (i == 0 || args.stride_b != 0) {
      widen(b.data(), static_cast<const char*>(args.b) + i * args.stride_b * size, args.ldb, args.dtype,
            b_rows, b_cols);
    }
    char* out = static_cast<char*>(args.c) + i * args.stride_c * size;
    if (args.beta != 0) widen(c.data(), out, args.ldc, args.dtype, args.m, args.n);
    gemm(wide);
    for (int64_t row = 0; row < args.m; ++row) {
      convert_row(out + row * args.ldc * size, size, args.dtype,
                  reinterpret_cast<const char*>(c.data() + row * args.n), sizeof(float), DType::kFloat32,
                  args.n);
    }
    if (args.epilogue.is_relu()) relu_half_rows(reinterpret_cast<uint16_t*>(out), args);
  }
}

void gemm(const call::Gemm& args) {
  if (is_reduced_floating(args.dtype)) return gemm_half(args);
  if (is_integral(args.dtype) || args.k == 0) return gemm_reference(args);
  if (args.dtype == DType::kFloat32) {
    gemm_float<float>(args);
  } else {
    gemm_float<double>(args);
  }
}

bool can_gemm(const call::Gemm& args) { return args.epilogue.at_most_relu(); }

}  // namespace

void add_gemm(KernelTable& table) {
  table.add<call::Gemm>(gemm, can_gemm);
  table.add<call::LinearBackward>(linear_thin_backward, linear_is_thin);
}

}  // namespace tt::cpu
