// What kernels find wrong with values: a word of host memory for each device, which kernels write to and the
// host looks at without waiting for the device. A call that finds one reports it and clears it: the one that
// caused it, a later one that can cause faults, or the next that waits for the device.
#pragma once

#include <cstdint>

#include "core/error.h"
#include "core/macros.h"

namespace tt::cuda {

enum class FaultKind : uint8_t {
  kNone = 0,
  kTarget,       // the value: a class index
  kProbability,  // the value: the address of what the message calls the tensor, a string literal
};

// Kind and value in one word, so that a single store reports both. Values keep 60 bits: what does not fit
// becomes the nearest that does.
struct Fault {
  static constexpr int kValueBits = 60;

  TT_HOST_DEVICE static uint64_t pack(FaultKind kind, int64_t value) {
    constexpr int64_t kMost = (int64_t{1} << (kValueBits - 1)) - 1;
    const int64_t kept = value > kMost ? kMost : value < -kMost - 1 ? -kMost - 1 : value;
    return static_cast<uint64_t>(kind) << kValueBits |
           (static_cast<uint64_t>(kept) & ((uint64_t{1} << kValueBits) - 1));
  }
  static FaultKind kind(uint64_t word) { return static_cast<FaultKind>(word >> kValueBits); }
  static int64_t value(uint64_t word) {
    return static_cast<int64_t>(word << (64 - kValueBits)) >> (64 - kValueBits);
  }
};

// For kernels: of several faults one is kept.
TT_HOST_DEVICE inline void raise(uint64_t* word, FaultKind kind, int64_t value) {
  *static_cast<volatile uint64_t*>(word) = Fault::pack(kind, value);
}

// Throws the error that a word stands for.
[[noreturn]] inline void fail_fault(uint64_t word) {
  if (Fault::kind(word) == FaultKind::kTarget) {
    fail(Status::kInvalidArgument, "Target ", Fault::value(word), " is out of bounds.");
  }
  fail(Status::kInvalidArgument, "all elements of ",
       reinterpret_cast<const char*>(static_cast<intptr_t>(Fault::value(word))),
       " should be between 0 and 1");
}

// cuda/fault.cpp: of the thread's device.
uint64_t* fault_word();  // the address for kernels
void check_faults();     // throws if there is one, and clears it

}  // namespace tt::cuda
