// Optimizer steps: one call takes all parameters of a group, so that a device launches once.
#pragma once

#include <cstdint>
#include <span>

#include "core/dtype.h"

namespace tt {

// The arithmetic is that of PyTorch's single-tensor optimizers, operation by operation; half types round
// after each one, as they do there. Every tensor is dense; param, grad and state lie in the same order and
// share a floating dtype.

struct SgdTensor {
  DType dtype;
  bool first;  // the momentum buffer is new: it becomes the gradient
  int64_t n;
  void* param;
  const void* grad;
  void* momentum;  // null where options.momentum is 0
};

struct SgdOptions {
  double lr;
  double momentum;
  double dampening;
  double weight_decay;
  bool nesterov;
  bool maximize;
};

struct AdamTensor {
  DType dtype;
  int64_t n;
  void* param;
  const void* grad;
  void* exp_avg;
  void* exp_avg_sq;
  void* max_exp_avg_sq;          // null without amsgrad
  double step_size;              // lr / (1 - beta1^step)
  double bias_correction2_sqrt;  // sqrt(1 - beta2^step)
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
