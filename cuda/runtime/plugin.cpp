// The plug-in's entry: which kernels the backend has, or why it cannot work here.
#include "device/plugin.h"

#include <cstdlib>
#include <cstring>

#include "cuda/runtime/arch_list.h"
#include "cuda/runtime/graph.h"
#include "cuda/runtime/kernels.h"
#include "cuda/runtime/memory.h"
#include "cuda/runtime/precision.h"
#include "cuda/runtime/stream.h"

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

void fill_in(Backend& backend) {
  backend.memory = new cuda::CudaMemory;
  backend.stream = new cuda::CudaStreams;
  backend.graph = new cuda::CudaGraphs;
  for (void (*add)(KernelTable&) :
       {cuda::add_class_loss, cuda::add_conv_backward, cuda::add_conv_forward, cuda::add_count,
        cuda::add_element_loss, cuda::add_gemm, cuda::add_index, cuda::add_norm, cuda::add_optimizer,
        cuda::add_order, cuda::add_pointwise, cuda::add_pointwise_copy, cuda::add_pool, cuda::add_random,
        cuda::add_reduce, cuda::add_sequence, cuda::add_softmax, cuda::add_sort}) {
    add(backend.kernels);
  }
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
    fill_in(backend);
    info.backend = &backend;
  } catch (...) {
    info.reason = "out of memory while starting";
  }
  return &info;
}
