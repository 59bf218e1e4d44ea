// The CPU backend.
#include "device/backend.h"

#include <cstring>

#include "base/memory.h"
#include "cpu/runtime/graph.h"
#include "cpu/runtime/kernels.h"
#include "cpu/runtime/simd.h"

namespace tt {

namespace {

class CpuMemory final : public DeviceMemory {
 public:
  int device_count() override { return 1; }
  DeviceInfo info(Device) override {
    DeviceInfo info;
    std::strncpy(info.name, cpu::isa_name(), sizeof info.name - 1);
    return info;
  }
  void* allocate(size_t nbytes, Device) override { return allocate_block(nbytes); }
  void deallocate(void* data, size_t nbytes, Device) noexcept override { free_block(data, nbytes); }
  void copy_bytes(void* to, Device, const void* from, Device, size_t nbytes) override {
    std::memcpy(to, from, nbytes);
  }
};

Backend* make_backend() {
  auto* backend = new Backend{.memory = new CpuMemory, .kernels = {}, .graph = new cpu::CpuGraphs};
  for (void (*add)(KernelTable&) :
       {cpu::add_class_loss, cpu::add_conv, cpu::add_gemm, cpu::add_grad_scaler, cpu::add_index,
        cpu::add_loss, cpu::add_norm, cpu::add_optimizer, cpu::add_order, cpu::add_pointwise, cpu::add_pool,
        cpu::add_random, cpu::add_reduce, cpu::add_sequence, cpu::add_softmax, cpu::add_sort}) {
    add(backend->kernels);
  }
  return backend;
}

const bool kRegistered = (register_cpu_backend(make_backend), true);

}  // namespace

}  // namespace tt
