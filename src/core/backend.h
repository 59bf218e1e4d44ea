// What a device must be able to do, by kernel family. A backend implements the families it has; a family or a
// call it leaves out fails with a message that names it. Kernels get addresses and geometry, never tensors:
// shapes and dtypes are checked and results allocated before they are called.
#pragma once

#include <cstddef>
#include <string>

#include "core/backend/conv.h"
#include "core/backend/gemm.h"
#include "core/backend/index.h"
#include "core/backend/loss.h"
#include "core/backend/memory.h"
#include "core/backend/norm.h"
#include "core/backend/optimizer.h"
#include "core/backend/order.h"
#include "core/backend/pointwise.h"
#include "core/backend/pool.h"
#include "core/backend/random.h"
#include "core/backend/reduce.h"
#include "core/backend/softmax.h"
#include "core/backend/stream.h"
#include "core/device.h"
#include "core/error.h"
#include "core/host_capture.h"

namespace tt {

// The kernels of a family, or none.
template <typename Kernels>
class Family {
 public:
  Family() = default;
  Family(Kernels* kernels) : kernels_(kernels) {}
  Kernels* get() const { return kernels_; }
  Kernels& operator*() const {
    TT_CHECK(kernels_ != nullptr, Status::kNotImplemented, "this device has no ", Kernels::kFamily,
             " kernels yet");
    return *kernels_;
  }
  Kernels* operator->() const { return &**this; }

 private:
  Kernels* kernels_ = nullptr;
};

struct Backend {
  DeviceMemory* memory = nullptr;
  Family<PointwiseKernels> pointwise;
  Family<ReduceKernels> reduce;
  Family<GemmKernels> gemm;
  Family<OrderKernels> order;
  Family<IndexKernels> index;
  Family<ConvKernels> conv;
  Family<PoolKernels> pool;
  Family<NormKernels> norm;
  Family<SoftmaxKernels> softmax;
  Family<LossKernels> loss;
  Family<OptimizerKernels> optimizer;
  Family<RandomKernels> random;
  Family<StreamKernels> stream;
  Family<GraphKernels> graph;

  // Short forms of the memory family.
  void* allocate(size_t nbytes, Device device) { return memory->allocate(nbytes, device); }
  void deallocate(void* data, size_t nbytes, Device device) noexcept {
    memory->deallocate(data, nbytes, device);
  }
  void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) {
    memory->copy_bytes(to, to_device, from, from_device, nbytes);
  }
};

Backend& cpu_backend();                         // src/cpu
Backend& load_plugin_backend(DeviceType type);  // core/plugin.cpp: loads on first use; fails with the reason

// Fails unless there is such a device.
void check_device(Device device);

// The device's kernels: those that the thread calls from now on are for this device.
inline Backend& backend_of(Device device) {
  if (device.is_cpu()) {
    HostCapture* const capture = HostCapture::current();
    return capture == nullptr ? cpu_backend() : capture->backend();
  }
  Backend& backend = load_plugin_backend(device.type);
  backend.memory->select(device);
  return backend;
}

// Its memory alone, whose calls name their devices: the thread's kernels stay with the device they are for.
inline DeviceMemory& memory_of(Device device) {
  return *(device.is_cpu() ? cpu_backend() : load_plugin_backend(device.type)).memory;
}

}  // namespace tt
