// Optimizer steps: one call takes all parameters of a group, so that a device launches once.
#pragma once

#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "device/call.h"

namespace tt {

// The arithmetic is that of PyTorch's single-tensor optimizers, operation by operation; half types round
// after each one, as they do there. Every tensor is dense; param, grad and state lie in the same order and
// share a floating dtype.
//
// The numbers of a step are given by value. In a step that is captured into a graph they are `live`: kernels
// read them from the device's memory, where every replay puts its own.

struct SgdTensor {
  static constexpr bool kHasAddresses = true;
  DType dtype;
  bool first;  // the momentum buffer is new: it becomes the gradient
  int64_t n;
  call::InOut<void> param;
  call::In<void> grad;
  call::InOut<void> momentum;             // null where options.momentum is 0
  call::In<double> live_first = nullptr;  // 1 or 0
};

struct SgdOptions {
  static constexpr bool kHasAddresses = true;
  double lr;
  double momentum;
  double dampening;
  double weight_decay;
  bool nesterov;
  bool maximize;
  call::In<struct SgdNumbers> live = nullptr;
};

// What kernels compute with.
struct SgdNumbers {
  double decay, momentum, fresh, rate;

  static SgdNumbers of(const SgdOptions& o) { return {o.weight_decay, o.momentum, 1 - o.dampening, -o.lr}; }
};

// What depends on a parameter's number of steps.
struct AdamStep {
  double step_size;              // lr / (1 - beta1^step)
  double bias_correction2_sqrt;  // sqrt(1 - beta2^step)
};

struct AdamTensor {
  static constexpr bool kHasAddresses = true;
  DType dtype;
  int64_t n;
  call::InOut<void> param;
  call::In<void> grad;
  call::InOut<void> exp_avg;
  call::InOut<void> exp_avg_sq;
  call::InOut<void> max_exp_avg_sq;  // null without amsgrad
  AdamStep step;
  call::In<AdamStep> live_step = nullptr;
};

struct AdamOptions {
  static constexpr bool kHasAddresses = true;
  double lr;
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  bool decoupled;  // AdamW: decays the parameter instead of the gradient
  bool amsgrad;
  bool maximize;
  call::In<struct AdamNumbers> live = nullptr;
};

// What kernels compute with.
struct AdamNumbers {
  double grad_decay, param_decay, weight, beta2, fresh2, eps;

  static AdamNumbers of(const AdamOptions& o) {
    return {o.weight_decay, 1 - o.lr * o.weight_decay, 1 - o.beta1, o.beta2, 1 - o.beta2, o.eps};
  }
};

struct GradTensor {
  static constexpr bool kHasAddresses = true;
  DType dtype;
  int64_t n;
  call::InOut<void> grad;
};

namespace call {

struct Sgd {
  static constexpr char kName[] = "sgd";
  std::span<const SgdTensor> tensors;
  SgdOptions options;
};
struct Adam {
  static constexpr char kName[] = "adam";
  std::span<const AdamTensor> tensors;
  AdamOptions options;
};
// Divides what a gradient scaler multiplied: every value times *inverse_scale. *found_inf becomes 1 where a
// value is infinite or NaN, and stays what it was elsewhere. Both numbers lie in the device's memory.
struct Unscale {
  static constexpr char kName[] = "unscale";
  std::span<const GradTensor> grads;
  In<float> inverse_scale;
  InOut<float> found_inf;
};

using OptimizerCalls = CallList<Sgd, Adam, Unscale>;

}  // namespace call

}  // namespace tt
