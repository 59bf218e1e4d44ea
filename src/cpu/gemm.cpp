#include "cpu/gemm.h"

#include <cblas.h>

namespace tt::cpu {

namespace {

template <typename T>
void gemm_one(const GemmArgs& g, const T* a, const T* b, T* c) {
  const auto ta = g.transpose_a ? CblasTrans : CblasNoTrans;
  const auto tb = g.transpose_b ? CblasTrans : CblasNoTrans;
  const auto m = static_cast<blasint>(g.m), n = static_cast<blasint>(g.n), k = static_cast<blasint>(g.k);
  const auto lda = static_cast<blasint>(g.lda), ldb = static_cast<blasint>(g.ldb),
             ldc = static_cast<blasint>(g.ldc);
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, static_cast<float>(g.alpha), a, lda, b, ldb,
                static_cast<float>(g.beta), c, ldc);
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, g.alpha, a, lda, b, ldb, g.beta, c, ldc);
  }
}

}  // namespace

void CpuGemm::gemm(const GemmArgs& args) {
  visit_dtype(args.dtype, [&]<typename T>() {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
      for (int64_t i = 0; i < args.batch; ++i) {
        gemm_one(args, static_cast<const T*>(args.a) + i * args.stride_a,
                 static_cast<const T*>(args.b) + i * args.stride_b,
                 static_cast<T*>(args.c) + i * args.stride_c);
      }
    } else {
      fail(Status::kNotImplemented, "matrix products are not implemented for ", args.dtype, " on the CPU");
    }
  });
}

}  // namespace tt::cpu
