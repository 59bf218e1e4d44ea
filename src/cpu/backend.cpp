// The CPU backend: one object per kernel family.
#include "core/backend.h"

#include <cstring>

#include "core/memory.h"
#include "cpu/conv.h"
#include "cpu/gemm.h"
#include "cpu/graph.h"
#include "cpu/index.h"
#include "cpu/loss.h"
#include "cpu/norm.h"
#include "cpu/optimizer.h"
#include "cpu/order.h"
#include "cpu/pointwise.h"
#include "cpu/pool.h"
#include "cpu/random.h"
#include "cpu/reduce.h"
#include "cpu/softmax.h"

namespace tt {

namespace {

class CpuMemory final : public DeviceMemory {
 public:
  int device_count() override { return 1; }
  void* allocate(size_t nbytes, Device) override { return allocate_block(nbytes); }
  void deallocate(void* data, size_t nbytes, Device) noexcept override { free_block(data, nbytes); }
  void copy_bytes(void* to, Device, const void* from, Device, size_t nbytes) override {
    std::memcpy(to, from, nbytes);
  }
};

}  // namespace

Backend& cpu_backend() {
  // Never destroyed: handles may be released after static destructors have run.
  static Backend& backend = *new Backend{
      .memory = new CpuMemory,
      .pointwise = new cpu::CpuPointwise,
      .reduce = new cpu::CpuReduce,
      .gemm = new cpu::CpuGemm,
      .order = new cpu::CpuOrder,
      .index = new cpu::CpuIndex,
      .conv = new cpu::CpuConv,
      .pool = new cpu::CpuPool,
      .norm = new cpu::CpuNorm,
      .softmax = new cpu::CpuSoftmax,
      .loss = new cpu::CpuLoss,
      .optimizer = new cpu::CpuOptimizer,
      .random = new cpu::CpuRandom,
      .stream = {},
      .graph = new cpu::CpuGraphs,
  };
  return backend;
}

}  // namespace tt
