// Optimizer steps: one call takes all parameters of a group, so that a device launches once.
#pragma once

#include <cstdint>
#include <span>

#include "core/dtype.h"

namespace tt {

// The arithmetic is that of PyTorch's single-tensor optimizers, operation by operation; half types round
// after each one, as they do there. Every tensor is dense; param, grad and state lie in the same order and
// share a floating dtype.
//
// The numbers of a step are given by value. In a step that is captured into a graph they are `live`: kernels
// read them from the device's memory, where every replay puts its own.

struct SgdTensor {
  DType dtype;
  bool first;  // the momentum buffer is new: it becomes the gradient
  int64_t n;
  void* param;
  const void* grad;
  void* momentum;                      // null where options.momentum is 0
  const double* live_first = nullptr;  // 1 or 0
};

struct SgdOptions {
  double lr;
  double momentum;
  double dampening;
  double weight_decay;
  bool nesterov;
  bool maximize;
  const struct SgdNumbers* live = nullptr;
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
  DType dtype;
  int64_t n;
  void* param;
  const void* grad;
  void* exp_avg;
  void* exp_avg_sq;
  void* max_exp_avg_sq;  // null without amsgrad
  AdamStep step;
  const AdamStep* live_step = nullptr;
};

struct AdamOptions {
  double lr;
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  bool decoupled;  // AdamW: decays the parameter instead of the gradient
  bool amsgrad;
  bool maximize;
  const struct AdamNumbers* live = nullptr;
};

// What kernels compute with.
struct AdamNumbers {
  double grad_decay, param_decay, weight, beta2, fresh2, eps;

  static AdamNumbers of(const AdamOptions& o) {
    return {o.weight_decay, 1 - o.lr * o.weight_decay, 1 - o.beta1, o.beta2, 1 - o.beta2, o.eps};
  }
};

struct GradTensor {
  DType dtype;
  int64_t n;
  void* grad;
};

class OptimizerKernels {
 public:
  static constexpr char kFamily[] = "optimizer";
  virtual ~OptimizerKernels() = default;
  virtual void sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) = 0;
  virtual void adam(std::span<const AdamTensor> tensors, const AdamOptions& options) = 0;
  // Divides what a gradient scaler multiplied: every value times *inverse_scale. *found_inf becomes 1 where a
  // value is infinite or NaN, and stays what it was elsewhere. Both numbers lie in the device's memory.
  virtual void unscale(std::span<const GradTensor> grads, const float* inverse_scale, float* found_inf) = 0;
};

}  // namespace tt
