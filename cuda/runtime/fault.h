// What kernels find wrong with values: a record in host memory for each device, which kernels write to and
// the host looks at without waiting for the device. A call that finds a fault reports it: the one that caused
// it, a later one that can cause faults, or the next that waits for the device.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "device/index.h"
#include "device/pointwise.h"
#include "device/random.h"
#include "base/error.h"
#include "base/macros.h"

namespace tt::cuda {

enum class FaultKind : uint64_t {
  kTarget,       // a class index
  kProbability,  // the address of what the message calls the tensor, a string literal
  kIndex,        // an index, the size and the number of its dimension (IndexBounds)
  kBernoulli,    // the bits of a probability as a double
  kWeight,       // the bits of a weight of multinomial as a double, its row, its category
  kNoWeights,    // a row of them has no positive one
  kDivisor,      // an integer is divided by zero
};

struct Fault {
  FaultKind kind;
  int64_t value[3];
};

// Of several faults the first is kept, until the host has taken it. Faults are numbered; every word has one
// side that writes it, so that nothing depends on what host and device do at the same time.
struct FaultRecord {
  alignas(64) uint64_t awaited = 1;  // by the host: the number of the next fault

  alignas(64) uint64_t claimed = 0;  // by kernels, atomically: the number of the last that a thread writes
  uint64_t written = 0;              // by that thread, after the fault
  Fault fault = {};
};

// For kernels.
TT_HOST_DEVICE inline void raise(FaultRecord* record, FaultKind kind, int64_t first = 0, int64_t second = 0,
                                 int64_t third = 0) {
  auto* shared = const_cast<volatile FaultRecord*>(record);
  const uint64_t number = shared->awaited;
  if (shared->claimed >= number) return;  // saves the atomic where faults are many
#if defined(__CUDA_ARCH__)
  if (atomicMax(reinterpret_cast<unsigned long long*>(&record->claimed), number) >= number) return;
#else
  record->claimed = number;
#endif
  shared->fault.kind = kind;
  shared->fault.value[0] = first;
  shared->fault.value[1] = second;
  shared->fault.value[2] = third;
#if defined(__CUDA_ARCH__)
  __threadfence_system();
#endif
  shared->written = number;
}

// For the host: the fault, where there is one, once. Callers take turns.
inline std::optional<Fault> take_fault(FaultRecord& record) {
  const uint64_t written = std::atomic_ref(record.written).load(std::memory_order_acquire);
  std::atomic_ref awaited(record.awaited);
  if (__builtin_expect(written != awaited.load(std::memory_order_relaxed), 1)) return std::nullopt;
  const Fault fault = record.fault;
  awaited.store(written + 1, std::memory_order_release);
  return fault;
}

// Throws the error that a fault stands for.
[[noreturn]] inline void fail_fault(const Fault& fault) {
  const auto& value = fault.value;
  switch (fault.kind) {
    case FaultKind::kTarget:
      fail(Status::kInvalidArgument, "Target ", value[0], " is out of bounds.");
    case FaultKind::kProbability:
      fail(Status::kInvalidArgument, "all elements of ",
           reinterpret_cast<const char*>(static_cast<intptr_t>(value[0])), " should be between 0 and 1");
    case FaultKind::kIndex:
      fail_index(value[0], value[1], static_cast<int>(value[2]));
    case FaultKind::kBernoulli:
      fail_probability(std::bit_cast<double>(value[0]));
    case FaultKind::kWeight:
      fail_weight(std::bit_cast<double>(value[0]), value[1], value[2]);
    case FaultKind::kNoWeights:
      fail_no_weights();
    case FaultKind::kDivisor:
      fail_divisor();
  }
  fail(Status::kInternal, "unknown fault ", static_cast<uint64_t>(fault.kind));
}

// cuda/runtime/fault.cpp: of the thread's device.
void check_faults();          // throws if there is one
FaultRecord* fault_record();  // the address for kernels; also reports what earlier ones found

}  // namespace tt::cuda
