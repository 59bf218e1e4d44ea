// cuBLAS's handles and their workspace: one set for each device and stream, made when first used. A stream
// that goes leaves it to the next one: destroying a handle waits for the whole device, which spoils every
// capture in progress. The workspace is given to them, so that calls allocate nothing and can be captured.
#pragma once

#include <cublasLt.h>
#include <cublas_v2.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/error.h"

namespace tt::cuda {

// Throws tt::Error: kOutOfMemory where cuBLAS could not allocate, else kCuda.
[[noreturn, gnu::cold, gnu::noinline]] void fail_cublas(cublasStatus_t status, const char* call);

#define TT_CUBLAS_CHECK(call)                                             \
  do {                                                                    \
    const cublasStatus_t tt_cublas_status = (call);                       \
    if (__builtin_expect(tt_cublas_status != CUBLAS_STATUS_SUCCESS, 0)) { \
      ::tt::cuda::fail_cublas(tt_cublas_status, #call);                   \
    }                                                                     \
  } while (0)

// How cublasLt does one kind of product: found once, which takes many times what a small product does.
struct LtPlan {
  bool usable = false;
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t a, b, c;
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace_bytes = 0;
};

// Sizes, leading dimensions, the rest packed, and the epilogue's vector's alignment.
using LtKey = std::array<int64_t, 8>;

struct Blas {
  Blas() = default;
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  std::mutex mutex;  // held during calls: the plans and the workspace's order
  cublasHandle_t handle = nullptr;
  cublasLtHandle_t lt = nullptr;
  cudaStream_t stream = nullptr;
  bool spare = true;  // without a stream
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
  std::map<LtKey, LtPlan> plans;
};

// Of the thread's device and stream.
Blas& current_blas();
// The stream of the thread's device has done its work and is about to go.
void forget_blas(cudaStream_t stream) noexcept;

}  // namespace tt::cuda
