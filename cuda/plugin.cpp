// The plug-in's entry: which kernels the backend has, or why it cannot work here.
#include "core/plugin.h"

#include <cstdlib>
#include <cstring>

#include "cuda/arch_list.h"
#include "cuda/conv.h"
#include "cuda/gemm.h"
#include "cuda/graph.h"
#include "cuda/index.h"
#include "cuda/loss.h"
#include "cuda/memory.h"
#include "cuda/norm.h"
#include "cuda/optimizer.h"
#include "cuda/order.h"
#include "cuda/pointwise.h"
#include "cuda/pool.h"
#include "cuda/precision.h"
#include "cuda/random.h"
#include "cuda/reduce.h"
#include "cuda/softmax.h"
#include "cuda/stream.h"

namespace {

using namespace tt;

// Kept for the life of the process: messages point to it.
char g_reason[512];

void say(const std::string& reason) {
  const size_t n = reason.size() < sizeof g_reason - 1 ? reason.size() : sizeof g_reason - 1;
  std::memcpy(g_reason, reason.data(), n);
  g_reason[n] = '\0';
}

std::string version_text(int version) { return str(version / 1000, ".", version % 1000 / 10); }

// Why there is no device to work on; empty where there is one. Creates no context.
std::string why_not() {
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) return "there is no NVIDIA driver (libcuda.so.1 was not found)";
  // A driver runs everything built for its major version.
  if (driver / 1000 < runtime / 1000) {
    return str("the NVIDIA driver is too old: it supports CUDA ", version_text(driver),
               ", and this library was built with CUDA ", version_text(runtime));
  }
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    cudaGetLastError();
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    std::string hint;
    if (visible != nullptr) hint = str(" (CUDA_VISIBLE_DEVICES is \"", visible, "\")");
    if (error == cudaSuccess || error == cudaErrorNoDevice) return str("there is no CUDA device", hint);
    return str("CUDA does not work here: ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ")",
               hint);
  }
  std::string found;
  for (int device = 0; device < count; ++device) {
    int major = 0;
    int minor = 0;
    if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
        cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) != cudaSuccess) {
      cudaGetLastError();
      continue;
    }
    if (cuda::arch_list_supports(TT_CUDA_ARCHS, major, minor)) return {};
    found += str(found.empty() ? "" : ", ", "cuda:", device, " is ", major, ".", minor);
  }
  return str("this library has no code for the devices' compute capabilities (", found,
             "); it was built for " TT_CUDA_ARCHS);
}

void add_kernels(Backend& backend) {
  backend.memory = new cuda::CudaMemory;
  backend.pointwise = new cuda::CudaPointwise;
  backend.reduce = new cuda::CudaReduce;
  backend.order = new cuda::CudaOrder;
  backend.index = new cuda::CudaIndex;
  backend.random = new cuda::CudaRandom;
  backend.gemm = new cuda::CudaGemm;
  backend.conv = new cuda::CudaConv;
  backend.pool = new cuda::CudaPool;
  backend.norm = new cuda::CudaNorm;
  backend.softmax = new cuda::CudaSoftmax;
  backend.loss = new cuda::CudaLoss;
  backend.optimizer = new cuda::CudaOptimizer;
  backend.stream = new cuda::CudaStreams;
  backend.graph = new cuda::CudaGraphs;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tt::PluginInfo* tinytorch_plugin(
    const tt::PluginHost* host) {
  static PluginInfo info{TT_INTERFACE_ID, "cuda", nullptr, nullptr};
  // A host of another build: it will refuse this one, and its structs may look different.
  if (std::strcmp(host->interface_id, TT_INTERFACE_ID) != 0) return &info;
  try {
    if (const std::string reason = why_not(); !reason.empty()) {
      say(reason);
      info.reason = g_reason;
      return &info;
    }
    cuda::g_float32 = host->float32;
    static Backend& backend = *new Backend;
    add_kernels(backend);
    info.backend = &backend;
  } catch (...) {
    info.reason = "out of memory while starting";
  }
  return &info;
}
