// cuBLAS on the emulated device: column-major products by plain loops, and the checks of arguments that the
// library makes.
#include <cstring>

#include "base/dtype.h"
#include "cublasLt.h"
#include "cuda/runtime/block.h"
#include "cuda/matmul/gemm_args.h"
#include "streams.h"

namespace {

size_t size_of(cudaDataType type) { return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2; }

double get(const void* data, cudaDataType type, int64_t i) {
  switch (type) {
    case CUDA_R_64F:
      return static_cast<const double*>(data)[i];
    case CUDA_R_16F:
      return static_cast<const tt::Half*>(data)[i];
    case CUDA_R_16BF:
      return static_cast<const tt::BFloat16*>(data)[i];
    default:
      return static_cast<const float*>(data)[i];
  }
}
void set(void* data, cudaDataType type, int64_t i, double value) {
  switch (type) {
    case CUDA_R_64F:
      static_cast<double*>(data)[i] = value;
      break;
    case CUDA_R_16F:
      static_cast<tt::Half*>(data)[i] = tt::Half(static_cast<float>(value));
      break;
    case CUDA_R_16BF:
      static_cast<tt::BFloat16*>(data)[i] = tt::BFloat16(static_cast<float>(value));
      break;
    default:
      static_cast<float*>(data)[i] = static_cast<float>(value);
  }
}

struct Product {
  bool ta, tb;
  int64_t m, n, k;
  const void* a;
  int64_t lda;
  const void* b;
  int64_t ldb;
  void* c;
  int64_t ldc;
  cudaDataType type;
  double alpha, beta;
  bool tf32;                   // operands are rounded
  const void* bias = nullptr;  // of the rows
  void* sums = nullptr;        // gets the sums of op(b)'s columns

  bool valid() const {
    const auto at_least = [](int64_t leading, int64_t rows) { return leading >= (rows > 1 ? rows : 1); };
    return m >= 0 && n >= 0 && k >= 0 && at_least(lda, ta ? k : m) && at_least(ldb, tb ? n : k) &&
           at_least(ldc, m);
  }
  double operand(const void* data, int64_t i) const {
    const double value = get(data, type, i);
    return tf32 ? tt::cuda::round_tf32(static_cast<float>(value)) : value;
  }
  void run() const {
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p) {
          sum += operand(a, ta ? p + i * lda : i + p * lda) * operand(b, tb ? j + p * ldb : p + j * ldb);
        }
        double value = alpha * sum;
        if (beta != 0) value += beta * get(c, type, i + j * ldc);
        if (bias != nullptr) value += get(bias, type, i);
        set(c, type, i + j * ldc, value);
      }
      if (sums == nullptr) continue;
      double sum = 0;
      for (int64_t p = 0; p < k; ++p) sum += get(b, type, tb ? j + p * ldb : p + j * ldb);
      set(sums, type, j, sum);
    }
  }
  // Whether what it reads and writes is the device's.
  bool on_device() const {
    const auto matrix = [&](const void* data, int64_t rows, int64_t cols, int64_t leading) {
      return span(data, (cols - 1) * leading + rows);
    };
    return matrix(a, ta ? k : m, ta ? m : k, lda) && matrix(b, tb ? n : k, tb ? k : n, ldb) &&
           matrix(c, m, n, ldc) && (bias == nullptr || span(bias, m)) && (sums == nullptr || span(sums, n));
  }
  bool span(const void* data, int64_t elements) const {
    return emulation::on_device(data, static_cast<size_t>(elements) * size_of(type));
  }
};

double factor(const void* value, cublasComputeType_t compute) {
  return compute == CUBLAS_COMPUTE_64F ? *static_cast<const double*>(value)
                                       : *static_cast<const float*>(value);
}

bool rounds(cudaDataType type, cublasComputeType_t compute, bool tf32_mode) {
  return type == CUDA_R_32F && (compute == CUBLAS_COMPUTE_32F_FAST_TF32 || tf32_mode);
}

bool aligned(const void* address, uint32_t alignment) {
  return reinterpret_cast<uintptr_t>(address) % alignment == 0;
}

// The heuristic trusts what it is told of the vector's alignment.
bool aligned_by_preference(const cublasLtMatmulDescOpaque_t& desc,
                           const cublasLtMatmulPreferenceOpaque_t& preference) {
  return desc.bias != nullptr && aligned(desc.bias, preference.alignment[3]);
}

}  // namespace

constexpr int32_t kNoAlgorithm = -1;

struct cublasContext {
  cudaStream_t stream = nullptr;
  bool workspace = false;  // one that was given
  bool tf32_mode = false;
};

const char* cublasGetStatusName(cublasStatus_t) { return "CUBLAS_STATUS_EMULATED"; }
const char* cublasGetStatusString(cublasStatus_t) { return "the emulated device refuses the call"; }
cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  if (!emulation::take_memory()) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  emulation::synchronize_device();
  emulation::give_back_memory();
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  handle->workspace = false;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, size_t) {
  handle->workspace = aligned(workspace, 256);
  return handle->workspace ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasSetPointerMode(cublasHandle_t, cublasPointerMode_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  handle->tf32_mode = (mode & 15) == CUBLAS_TF32_TENSOR_OP_MATH;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmEx_64(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                               int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
                               cudaDataType a_type, int64_t lda, const void* b, cudaDataType b_type,
                               int64_t ldb, const void* beta, void* c, cudaDataType c_type, int64_t ldc,
                               cublasComputeType_t compute, cublasGemmAlgo_t algo) {
  return cublasGemmStridedBatchedEx_64(handle, transa, transb, m, n, k, alpha, a, a_type, lda, 0, b, b_type,
                                       ldb, 0, beta, c, c_type, ldc, 0, 1, compute, algo);
}

cublasStatus_t cublasGemmStridedBatchedEx_64(cublasHandle_t handle, cublasOperation_t transa,
                                             cublasOperation_t transb, int64_t m, int64_t n, int64_t k,
                                             const void* alpha, const void* a, cudaDataType a_type,
                                             int64_t lda, long long stride_a, const void* b,
                                             cudaDataType b_type, int64_t ldb, long long stride_b,
                                             const void* beta, void* c, cudaDataType c_type, int64_t ldc,
                                             long long stride_c, int64_t batch, cublasComputeType_t compute,
                                             cublasGemmAlgo_t) {
  if (a_type != b_type || a_type != c_type || (compute == CUBLAS_COMPUTE_64F) != (a_type == CUDA_R_64F)) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (!handle->workspace) return CUBLAS_STATUS_INVALID_VALUE;  // it would allocate one
  const auto size = static_cast<int64_t>(size_of(a_type));
  for (int64_t i = 0; i < batch; ++i) {
    const Product product{transa == CUBLAS_OP_T,
                          transb == CUBLAS_OP_T,
                          m,
                          n,
                          k,
                          static_cast<const char*>(a) + i * stride_a * size,
                          lda,
                          static_cast<const char*>(b) + i * stride_b * size,
                          ldb,
                          static_cast<char*>(c) + i * stride_c * size,
                          ldc,
                          a_type,
                          factor(alpha, compute),
                          factor(beta, compute),
                          rounds(a_type, compute, handle->tf32_mode)};
    if (!product.valid()) return CUBLAS_STATUS_INVALID_VALUE;
    emulation::submit(handle->stream, [product] { product.run(); });
  }
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion() { return 0; }
cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new char);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<char*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescInit(cublasLtMatmulDesc_t desc, cublasComputeType_t compute,
                                      cudaDataType scale) {
  *desc = {compute, scale, 0, 0, 1, scale, nullptr};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              size_t nbytes) {
  const bool pointer = attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER;
  if (nbytes != (pointer ? sizeof(void*) : sizeof(int32_t))) return CUBLAS_STATUS_INVALID_VALUE;
  void* to = pointer                                      ? static_cast<void*>(&desc->bias)
             : attribute == CUBLASLT_MATMUL_DESC_TRANSA   ? &desc->transa
             : attribute == CUBLASLT_MATMUL_DESC_TRANSB   ? &desc->transb
             : attribute == CUBLASLT_MATMUL_DESC_EPILOGUE ? &desc->epilogue
                                                          : &desc->bias_type;
  std::memcpy(to, value, nbytes);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutInit(cublasLtMatrixLayout_t layout, cudaDataType type, uint64_t rows,
                                        uint64_t cols, int64_t leading) {
  *layout = {type, rows, cols, leading};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceInit(cublasLtMatmulPreference_t preference) {
  *preference = {0, 7, {256, 256, 256, 256}};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t nbytes) {
  const bool workspace = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
  if (nbytes != (workspace ? sizeof(uint64_t) : sizeof(uint32_t))) return CUBLAS_STATUS_INVALID_VALUE;
  void* to = workspace ? static_cast<void*>(&preference->workspace)
             : attribute == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK
                 ? &preference->reductions
                 : &preference->alignment[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES];
  std::memcpy(to, value, nbytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  *found = 0;
  const bool ta = desc->transa == CUBLAS_OP_T, tb = desc->transb == CUBLAS_OP_T;
  const bool fits = (ta ? a->cols : a->rows) == d->rows && (tb ? b->rows : b->cols) == d->cols &&
                    (ta ? a->rows : a->cols) == (tb ? b->cols : b->rows) && c->rows == d->rows &&
                    c->cols == d->cols && a->leading >= static_cast<int64_t>(a->rows) &&
                    b->leading >= static_cast<int64_t>(b->rows) &&
                    d->leading >= static_cast<int64_t>(d->rows);
  if (!fits || wanted != 1 || a->type != d->type || b->type != d->type || desc->bias_type != d->type ||
      desc->compute == CUBLAS_COMPUTE_64F || desc->scale != CUDA_R_32F ||
      !aligned_by_preference(*desc, *preference) ||
      (desc->epilogue != CUBLASLT_EPILOGUE_BIAS && desc->epilogue != CUBLASLT_EPILOGUE_BGRADB)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  // As if there were nothing for thin matrices, which it says in two ways.
  if (d->rows < 2) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (d->rows == 3) {
    results->algo.epilogue = kNoAlgorithm;
    results->state = CUBLAS_STATUS_NOT_SUPPORTED;
    *found = 1;
    return CUBLAS_STATUS_SUCCESS;
  }
  results->state = CUBLAS_STATUS_SUCCESS;
  results->algo.vector_alignment = tt::cuda::alignment_of(desc->bias);
  std::memcpy(results->algo.alignment, preference->alignment, sizeof results->algo.alignment);
  results->algo.epilogue = desc->epilogue;
  results->workspaceSize = 1024;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algo,
                              void* workspace, size_t nbytes, cudaStream_t stream) {
  if (algo->epilogue == kNoAlgorithm) emulation::die("cublasLt was given no algorithm");
  if (!aligned(a, algo->alignment[0]) || !aligned(b, algo->alignment[1]) || !aligned(c, algo->alignment[2]) ||
      !aligned(d, algo->alignment[3]) || !aligned(desc->bias, algo->vector_alignment) || c != d ||
      workspace == nullptr || nbytes < 1024 || algo->epilogue != desc->epilogue || desc->bias == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const bool ta = desc->transa == CUBLAS_OP_T, sums = desc->epilogue == CUBLASLT_EPILOGUE_BGRADB;
  const Product product{ta,
                        desc->transb == CUBLAS_OP_T,
                        static_cast<int64_t>(d_layout->rows),
                        static_cast<int64_t>(d_layout->cols),
                        static_cast<int64_t>(ta ? a_layout->rows : a_layout->cols),
                        a,
                        a_layout->leading,
                        b,
                        b_layout->leading,
                        d,
                        d_layout->leading,
                        d_layout->type,
                        factor(alpha, desc->compute),
                        factor(beta, desc->compute),
                        rounds(d_layout->type, desc->compute, false),
                        sums ? nullptr : desc->bias,
                        sums ? const_cast<void*>(desc->bias) : nullptr};
  if (!product.valid() || !product.on_device()) return CUBLAS_STATUS_INVALID_VALUE;
  emulation::submit(stream, [product] { product.run(); });
  return CUBLAS_STATUS_SUCCESS;
}
