// Optimizer steps: one call takes all parameters of a group, so that a device launches once.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "base/dtype.h"
#include "device/call.h"
#include "kernels/optimizer_rules.h"

namespace tt {

// Every tensor is dense; param, grad and states lie in the same order and share a floating dtype.
//
// The numbers of a step are given by value. In a step that is captured into a graph they are `live`: kernels
// read them from the device's memory, where every replay puts its own.

// A rule's Numbers<double> or Step<double>, of whichever rule.
template <size_t kMost>
struct RuleNumbers {
  double values[kMost];

  template <typename Struct>
  static RuleNumbers of(const Struct& numbers) {
    static_assert(sizeof numbers <= sizeof(RuleNumbers) && sizeof numbers % sizeof(double) == 0);
    RuleNumbers out{};
    std::memcpy(out.values, &numbers, sizeof numbers);
    return out;
  }
};
using GroupNumbers = RuleNumbers<8>;
using StepNumbers = RuleNumbers<2>;

// What lies there for a rule.
template <typename Struct>
TT_HOST_DEVICE inline const Struct& numbers_at(const double* values) {
  return *reinterpret_cast<const Struct*>(values);
}

inline constexpr int kMostRuleStates = 3;

// In the rule's order; null where a parameter has no such state.
struct StateAddresses {
  static constexpr bool kHasAddresses = true;
  call::InOut<void> first;
  call::InOut<void> second;
  call::InOut<void> third;

  // As many of them as the array holds.
  template <typename T, size_t kStates>
  void put(T* (&out)[kStates]) const {
    static_assert(kStates <= kMostRuleStates);
    void* const all[] = {first, second, third};
    for (size_t k = 0; k < kStates; ++k) out[k] = static_cast<T*>(all[k]);
  }
};

struct OptimizerTensor {
  static constexpr bool kHasAddresses = true;
  DType dtype;
  int64_t n;
  call::InOut<void> param;
  call::In<void> grad;
  StateAddresses states;
  StepNumbers step;
  call::In<double> live_step = nullptr;

  const double* step_numbers() const { return live_step != nullptr ? live_step.get() : step.values; }
};

struct GradTensor {
  static constexpr bool kHasAddresses = true;
  DType dtype;
  int64_t n;
  call::InOut<void> grad;
};

namespace call {

struct OptimizerStep {
  static constexpr char kName[] = "optimizer_step";
  OptimizerRule rule;
  std::span<const OptimizerTensor> tensors;
  GroupNumbers numbers;
  In<double> live = nullptr;
};
// Divides what a gradient scaler multiplied: every value times *inverse_scale. *found_inf becomes 1 where a
// value is infinite or NaN, and stays what it was elsewhere. Both numbers lie in the device's memory.
struct Unscale {
  static constexpr char kName[] = "unscale";
  std::span<const GradTensor> grads;
  In<float> inverse_scale;
  InOut<float> found_inf;
};

using OptimizerCalls = CallList<OptimizerStep, Unscale>;

}  // namespace call

}  // namespace tt
