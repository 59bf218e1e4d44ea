#include "cuda/runtime/fault.h"

#include <mutex>
#include <new>

#include "cuda/runtime/common.h"

namespace tt::cuda {

namespace {

struct Record {
  std::atomic<FaultRecord*> host{nullptr};
  FaultRecord* device = nullptr;
};

Record& record_of_current_device() {
  static Record* records = new Record[kMaxDevices];  // outlives every handle
  return records[current_device()];
}

std::mutex& fault_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

}  // namespace

FaultRecord* fault_record() {
  Record& record = record_of_current_device();
  if (record.host.load(std::memory_order_acquire) != nullptr) {
    check_faults();
    return record.device;
  }
  const std::lock_guard lock(fault_mutex());
  if (record.host.load(std::memory_order_relaxed) != nullptr) return record.device;
  void* host = nullptr;
  void* device = nullptr;
  TT_CUDA_CHECK(cudaHostAlloc(&host, sizeof(FaultRecord), cudaHostAllocMapped | cudaHostAllocPortable));
  const cudaError_t error = cudaHostGetDevicePointer(&device, host, 0);
  if (error != cudaSuccess) {
    cudaFreeHost(host);
    TT_CUDA_CHECK(error);
  }
  record.device = static_cast<FaultRecord*>(device);
  record.host.store(::new (host) FaultRecord, std::memory_order_release);
  return record.device;
}

void check_faults() {
  FaultRecord* record = record_of_current_device().host.load(std::memory_order_acquire);
  if (record == nullptr) return;
  std::atomic_ref<uint64_t> written(record->written), awaited(record->awaited);
  if (__builtin_expect(written.load(std::memory_order_relaxed) != awaited.load(std::memory_order_relaxed), 1))
    return;
  std::optional<Fault> fault;
  {
    const std::lock_guard lock(fault_mutex());
    fault = take_fault(*record);
  }
  if (fault) fail_fault(*fault);
}

}  // namespace tt::cuda
