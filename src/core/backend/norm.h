// Normalisation layers and their gradients.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace tt {

// Batch normalisation of a contiguous (batch, channels, inner) input, one mean and variance a channel.
// Vectors hold one value per channel; those marked * may be null. `dtype` is that of input, output and their
// gradients; `param_dtype` that of every vector, except that mean and invstd are of the accumulation dtype:
// double for double, else float.
struct BatchNormShape {
  int64_t batch = 0, channels = 0, inner = 0;
  DType dtype = DType::kFloat32;
  DType param_dtype = DType::kFloat32;
  double eps = 1e-5;
  bool relu = false;  // of the output: what is below zero becomes zero, and NaN stays
};

class NormKernels {
 public:
  static constexpr char kFamily[] = "norm";
  virtual ~NormKernels() = default;

  // output = (input - mean) * invstd * weight + bias with the batch's own mean and biased variance, which it
  // also returns as mean and invstd = 1 / sqrt(variance + eps). running = (1 - momentum) * running +
  // momentum * value, with the unbiased variance. batches: a count, increased by one.
  virtual void batch_norm_train(const BatchNormShape& shape, const void* input, const void* weight /* * */,
                                const void* bias /* * */, void* running_mean /* * */,
                                void* running_var /* * */, int64_t* batches /* * */, double momentum,
                                void* mean, void* invstd, void* output) = 0;
  // The same with the running statistics.
  virtual void batch_norm_eval(const BatchNormShape& shape, const void* input, const void* weight /* * */,
                               const void* bias /* * */, const void* running_mean, const void* running_var,
                               void* output) = 0;
  // Gradients of both; for eval, mean and invstd come from the running statistics and are constants. output:
  // with relu, what the forward pass returned; else null. Any of the three results may be null.
  virtual void batch_norm_backward(const BatchNormShape& shape, bool training, const void* grad_output,
                                   const void* input, const void* output, const void* weight /* * */,
                                   const void* mean, const void* invstd, void* grad_input /* * */,
                                   void* grad_weight /* * */, void* grad_bias /* * */) = 0;
};

}  // namespace tt
