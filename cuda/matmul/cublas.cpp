#include "cuda/matmul/cublas.h"

#include <memory>
#include <string_view>
#include <vector>

#include "cuda/runtime/memory.h"

namespace tt::cuda {

namespace {

struct BlasOfDevice {
  std::mutex mutex;
  std::vector<std::unique_ptr<Blas>> all;
};

// What NVIDIA recommends.
size_t workspace_bytes() {
  constexpr size_t kMiB = size_t{1} << 20;
  return device_properties().major >= 9 ? 32 * kMiB : 8 * kMiB;
}

BlasOfDevice& of_device() {
  static BlasOfDevice* const devices = new BlasOfDevice[kMaxDevices];  // outlives every handle
  return devices[current_device()];
}

std::unique_ptr<Blas> make_blas() {
  auto blas = std::make_unique<Blas>();
  blas->workspace_bytes = workspace_bytes();
  const auto workspace = [&] { return cudaMalloc(&blas->workspace, blas->workspace_bytes); };
  if (const cudaError_t error = allocating(cudaErrorMemoryAllocation, workspace))
    fail_cuda(error, "cudaMalloc");
  TT_CUBLAS_CHECK(cublasLtCreate(&blas->lt));
  const auto handle = [&] { return cublasCreate(&blas->handle); };
  if (const auto status = allocating(CUBLAS_STATUS_ALLOC_FAILED, handle)) fail_cublas(status, "cublasCreate");
  TT_CUBLAS_CHECK(cublasSetPointerMode(blas->handle, CUBLAS_POINTER_MODE_HOST));
  // Half types: partial sums are added in float.
  TT_CUBLAS_CHECK(cublasSetMathMode(blas->handle, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
  return blas;
}

void give_stream(Blas& blas, cudaStream_t stream) {
  TT_CUBLAS_CHECK(cublasSetStream(blas.handle, stream));
  // After the stream, which takes cuBLAS back to a workspace of its own.
  TT_CUBLAS_CHECK(cublasSetWorkspace(blas.handle, blas.workspace, blas.workspace_bytes));
  blas.stream = stream;
  blas.spare = false;
}

}  // namespace

Blas::~Blas() {
  if (handle != nullptr) cublasDestroy(handle);
  if (lt != nullptr) cublasLtDestroy(lt);
  if (workspace != nullptr) cudaFree(workspace);
}

void fail_cublas(cublasStatus_t status, const char* call) {
  // An earlier failure of the device explains it better. The stream tells, because cuBLAS has a runtime of
  // its own; not during a capture, which the question would spoil.
  const cudaError_t error = capturing() ? cudaSuccess : cudaStreamQuery(current_stream());
  if (error != cudaSuccess && error != cudaErrorNotReady) fail_cuda(error, call);
  cudaGetLastError();
  const std::string_view text(call);
  const std::string_view name = text.substr(0, text.find('('));
  if (status == CUBLAS_STATUS_ALLOC_FAILED) {
    fail(Status::kOutOfMemory, "CUDA out of memory (", name, " on cuda:", current_device(), ")");
  }
  fail(Status::kCuda, name, " failed on cuda:", current_device(), ": ", cublasGetStatusString(status), " (",
       cublasGetStatusName(status), ", cuBLAS ", static_cast<uint64_t>(cublasLtGetVersion()), ")");
}

Blas& current_blas() {
  BlasOfDevice& device = of_device();
  cudaStream_t stream = current_stream();
  const std::lock_guard lock(device.mutex);
  Blas* spare = nullptr;
  for (const auto& blas : device.all) {
    if (!blas->spare && blas->stream == stream) return *blas;
    if (blas->spare) spare = blas.get();
  }
  if (spare == nullptr) {
    device.all.reserve(device.all.size() + 1);
    device.all.push_back(make_blas());
    spare = device.all.back().get();
  }
  give_stream(*spare, stream);
  return *spare;
}

void forget_blas(cudaStream_t stream) noexcept {
  BlasOfDevice& device = of_device();
  const std::lock_guard lock(device.mutex);
  for (const auto& blas : device.all) {
    if (!blas->spare && blas->stream == stream) blas->spare = true;
  }
}

}  // namespace tt::cuda
