#include "cuda/runtime/kernels.h"
#include "cuda/matmul/gemm.h"

#include "cuda/runtime/common.h"
#include "cuda/matmul/cublas.h"
#include "cuda/matmul/gemm_args.h"
#include "cuda/matmul/linear_body.h"
#include "cuda/runtime/memory.h"
#include "cuda/pointwise/pointwise.h"
#include "cuda/runtime/precision.h"

namespace tt::cuda {

namespace {

cudaDataType type_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return CUDA_R_16F;
    case DType::kBFloat16:
      return CUDA_R_16BF;
    case DType::kFloat64:
      return CUDA_R_64F;
    default:
      return CUDA_R_32F;
  }
}

// Half types and float32 are computed in float.
cublasComputeType_t compute_type(DType dtype, bool tf32) {
  if (dtype == DType::kFloat64) return CUBLAS_COMPUTE_64F;
  return dtype == DType::kFloat32 && tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

// A factor in the type that the product is computed in.
union Factor {
  float single;
  double wide;
  Factor(DType dtype, double value) {
    if (dtype == DType::kFloat64) {
      wide = value;
    } else {
      single = static_cast<float>(value);
    }
  }
};

cublasOperation_t operation(bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; }

const void* offset(const void* data, int64_t elements, DType dtype) {
  return static_cast<const char*>(data) + elements * static_cast<int64_t>(size_of(dtype));
}

// c = alpha * op(a) op(b) + beta * c.
void multiply(Blas& blas, const call::Gemm& args, double beta) {
  const ColumnGemm g(args);
  const Factor alpha(args.dtype, args.alpha), scale(args.dtype, beta);
  const cudaDataType type = type_of(args.dtype);
  const cublasComputeType_t compute = compute_type(args.dtype, matmul_tf32());
  if (args.batch == 1) {
    TT_CUBLAS_CHECK(cublasGemmEx_64(blas.handle, operation(g.transpose_a), operation(g.transpose_b), g.m, g.n,
                                    g.k, &alpha, g.a, type, g.lda, g.b, type, g.ldb, &scale, g.c, type, g.ldc,
                                    compute, CUBLAS_GEMM_DEFAULT));
    return;
  }
  // Some of its kernels count batches by a dimension of the grid that ends here.
  constexpr int64_t kMostBatches = 65535;
  for (int64_t first = 0; first < args.batch; first += kMostBatches) {
    const int64_t count = std::min(kMostBatches, args.batch - first);
    void* c = const_cast<void*>(offset(g.c, first * g.stride_c, args.dtype));
    TT_CUBLAS_CHECK(cublasGemmStridedBatchedEx_64(
        blas.handle, operation(g.transpose_a), operation(g.transpose_b), g.m, g.n, g.k, &alpha,
        offset(g.a, first * g.stride_a, args.dtype), type, g.lda, g.stride_a,
        offset(g.b, first * g.stride_b, args.dtype), type, g.ldb, g.stride_b, &scale, c, type, g.ldc,
        g.stride_c, count, compute, CUBLAS_GEMM_DEFAULT));
  }
}

template <typename T>
void set(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  TT_CUBLAS_CHECK(cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value));
}
template <typename T>
void set(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  TT_CUBLAS_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value));
}

// What cublasLt does beside a product, and with which vector: BIAS adds it to the result's columns (m
// elements), BGRADB puts the sums of op(b)'s columns there (n elements).
struct Epilogue {
  cublasLtEpilogue_t kind;
  const void* vector;
};

// Alignments of a, b and of the result and the vector together.
struct Alignments {
  uint32_t a, b, c;
  Alignments(const ColumnGemm& g, const void* vector)
      : a(alignment_of(g.a)), b(alignment_of(g.b)), c(std::min(alignment_of(g.c), alignment_of(vector))) {}
};

void make_plan(Blas& blas, const ColumnGemm& g, DType dtype, bool tf32, const Epilogue& epilogue,
               LtPlan& plan) {
  const cudaDataType type = type_of(dtype);
  cublasLtMatmulDesc_t desc = &plan.operation;
  TT_CUBLAS_CHECK(cublasLtMatmulDescInit(desc, compute_type(dtype, tf32), CUDA_R_32F));
  set(desc, CUBLASLT_MATMUL_DESC_TRANSA, operation(g.transpose_a));
  set(desc, CUBLASLT_MATMUL_DESC_TRANSB, operation(g.transpose_b));
  set(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue.kind);
  set(desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, type);
  set(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, epilogue.vector);
  TT_CUBLAS_CHECK(cublasLtMatrixLayoutInit(&plan.a, type, static_cast<uint64_t>(g.a_rows()),
                                           static_cast<uint64_t>(g.a_cols()), g.lda));
  TT_CUBLAS_CHECK(cublasLtMatrixLayoutInit(&plan.b, type, static_cast<uint64_t>(g.b_rows()),
                                           static_cast<uint64_t>(g.b_cols()), g.ldb));
  TT_CUBLAS_CHECK(
      cublasLtMatrixLayoutInit(&plan.c, type, static_cast<uint64_t>(g.m), static_cast<uint64_t>(g.n), g.ldc));
  cublasLtMatmulPreferenceOpaque_t preference;
  TT_CUBLAS_CHECK(cublasLtMatmulPreferenceInit(&preference));
  set(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(blas.workspace_bytes));
  // Partial sums are added in float.
  set(&preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  const Alignments alignments(g, epilogue.vector);
  set(&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignments.a);
  set(&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignments.b);
  set(&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignments.c);
  set(&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignments.c);
  cublasLtMatmulHeuristicResult_t result;
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(blas.lt, desc, &plan.a, &plan.b, &plan.c,
                                                               &plan.c, &preference, 1, &result, &found);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || found == 0) return;
  TT_CUBLAS_CHECK(status);
  if (result.state != CUBLAS_STATUS_SUCCESS) return;
  plan.algorithm = result.algo;
  plan.workspace_bytes = result.workspaceSize;
  plan.usable = true;
}

// The product with its epilogue; false where cublasLt has no way of doing it.
bool multiply_with(Blas& blas, const call::Gemm& args, const Epilogue& epilogue) {
  constexpr size_t kMostPlans = 4096;
  const ColumnGemm g(args);
  const Alignments alignments(g, epilogue.vector);
  const bool tf32 = matmul_tf32();  // once: the plan and its key must agree
  const int64_t rest = static_cast<int64_t>(args.dtype) | int64_t{g.transpose_a} << 8 |
                       int64_t{g.transpose_b} << 9 | int64_t{tf32} << 10 |
                       int64_t{epilogue.kind == CUBLASLT_EPILOGUE_BIAS} << 11 | int64_t{alignments.a} << 16 |
                       int64_t{alignments.b} << 28 | int64_t{alignments.c} << 40;
  const LtKey key = {g.m, g.n, g.k, g.lda, g.ldb, g.ldc, rest, alignment_of(epilogue.vector)};
  if (blas.plans.size() >= kMostPlans) blas.plans.clear();
  const auto [at, added] = blas.plans.try_emplace(key);
  LtPlan& plan = at->second;
  if (added) make_plan(blas, g, args.dtype, tf32, epilogue, plan);
  if (!plan.usable) return false;
  set(&plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, epilogue.vector);
  const Factor alpha(args.dtype, args.alpha), zero(args.dtype, 0);
  const cublasStatus_t status =
      cublasLtMatmul(blas.lt, &plan.operation, &alpha, g.a, &plan.a, g.b, &plan.b, &zero, g.c, &plan.c, g.c,
                     &plan.c, &plan.algorithm, blas.workspace, plan.workspace_bytes, blas.stream);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE) {
    plan.usable = false;
    return false;
  }
  TT_CUBLAS_CHECK(status);
  return true;
}

// ReLU of c, where it lies. Not by cublasLt's epilogue, which makes zeros of NaN.
void relu(const call::Gemm& args) {
  Loop loop;
  const auto size = static_cast<int64_t>(size_of(args.dtype));
  const auto add = [&](int64_t count, int64_t step) {
    const int last = loop.ndim - 1;
    if (count == 1 && loop.ndim > 0) return;
    if (loop.ndim > 0 && loop.strides[0][last] * loop.sizes[last] == step * size) {
      loop.sizes[last] *= count;
      return;
    }
    loop.sizes[loop.ndim] = count;
    loop.strides[0][loop.ndim] = loop.strides[1][loop.ndim] = step * size;
    ++loop.ndim;
  };
  add(args.n, 1);
  add(args.m, args.ldc);
  add(args.batch, args.stride_c);
  loop.operands = 2;
  loop.numel = args.n * args.m * args.batch;
  loop.dtype[0] = loop.dtype[1] = args.dtype;
  loop.data[0] = loop.data[1] = static_cast<char*>(args.c);
  unary({UnaryOp::relu, loop, {}});
}

// Without the ReLU.
void product(const call::Gemm& args) {
  if (is_integral(args.dtype)) return gemm_integer(args);
  if (args.k == 0) return gemm_start(args);
  Blas& blas = current_blas();
  const std::lock_guard lock(blas.mutex);
  if (args.bias == nullptr) return multiply(blas, args, args.beta);
  if (args.beta == 0 && args.batch == 1 && args.dtype != DType::kFloat64 &&
      multiply_with(blas, args, {CUBLASLT_EPILOGUE_BIAS, args.bias})) {
    return;
  }
  gemm_start(args);
  multiply(blas, args, 1);
}

// Also the sums of op(a)'s rows; false, with nothing done, where there is no way of doing both at once.
// Small products alone: there a launch less is what counts, while for large ones cublasLt has fewer ways of
// summing beside than of multiplying well.
bool product_with_sums(const call::Gemm& args, void* sums) {
  constexpr double kMost = 1 << 26;  // multiplications
  const double size = static_cast<double>(args.m) * static_cast<double>(args.n) * static_cast<double>(args.k);
  if (args.dtype == DType::kFloat64 || size > kMost) return false;
  Blas& blas = current_blas();
  const std::lock_guard lock(blas.mutex);
  return multiply_with(blas, args, {CUBLASLT_EPILOGUE_BGRADB, sums});
}

// a (rows, k) as it lies or, transposed, (k, rows), times b (k, n).
call::Gemm dense_product(DType dtype, bool transpose_a, int64_t m, int64_t n, int64_t k, const void* a,
                         const void* b, void* c) {
  call::Gemm args;
  args.dtype = dtype;
  args.transpose_a = transpose_a;
  args.m = m;
  args.n = args.ldb = args.ldc = n;
  args.k = k;
  args.a = a;
  args.lda = transpose_a ? m : k;
  args.b = b;
  args.c = c;
  return args;
}

void linear_backward(const call::LinearBackward& args) {
  if (small_linear_backward(args)) return linear_backward_kernel(args);
  const Workspace masked(
      args.result != nullptr ? static_cast<size_t>(args.rows * args.out) * size_of(args.dtype) : 1);
  const void* grad = args.result != nullptr ? masked.data<void>() : args.grad;
  const call::Gemm of_weight =
      dense_product(args.dtype, true, args.out, args.in, args.rows, grad, args.input, args.grad_weight);
  bool summed = args.grad_bias == nullptr;
  if (args.result != nullptr) {
    masked_column_sums(args, masked.data<void>());
    summed = true;
  }
  if (args.grad_input != nullptr) {
    product(
        dense_product(args.dtype, false, args.rows, args.in, args.out, grad, args.weight, args.grad_input));
  }
  if (args.grad_weight != nullptr) {
    if (!summed && product_with_sums(of_weight, args.grad_bias)) return;
    product(of_weight);
  }
  if (!summed) masked_column_sums(args, nullptr);
}

void gemm(const call::Gemm& args) {
  product(args);
  if (args.epilogue.some()) relu(args);
}

}  // namespace

void add_gemm(KernelTable& table) {
  table.add<call::LinearBackward>(
      linear_backward, [](const call::LinearBackward& call) { return call.epilogue.at_most_relu(); });
  table.add<call::Gemm>(gemm, [](const call::Gemm& call) { return call.epilogue.at_most_relu(); });
}

}  // namespace tt::cuda
