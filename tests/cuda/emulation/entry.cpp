// The plug-in's entry: the CUDA backend on the emulated device. Families that are not emulated are the CPU's,
// which finds the emulated memory where it is.
#include "core/plugin.h"

extern "C" const tt::PluginInfo* tinytorch_cuda_plugin(const tt::PluginHost* host);

namespace {

template <typename Family>
void fill(Family& family, const Family& cpu) {
  if (family.get() == nullptr) family = cpu;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tt::PluginInfo* tinytorch_plugin(
    const tt::PluginHost* host) {
  const tt::PluginInfo* info = tinytorch_cuda_plugin(host);
  if (info->backend == nullptr) return info;
  tt::Backend& backend = *info->backend;
  const tt::Backend& cpu = *host->cpu;
  fill(backend.gemm, cpu.gemm);
  fill(backend.conv, cpu.conv);
  fill(backend.pool, cpu.pool);
  fill(backend.norm, cpu.norm);
  fill(backend.softmax, cpu.softmax);
  fill(backend.loss, cpu.loss);
  fill(backend.optimizer, cpu.optimizer);
  return info;
}
