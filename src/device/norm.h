// Normalisation layers and their gradients.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "device/call.h"
#include "device/pointwise.h"

namespace tt {

// Batch normalisation of a contiguous (batch, channels, inner) input, one mean and variance a channel.
// `dtype` is that of input, output and their gradients; `param_dtype` that of every vector, except that mean
// and invstd are of the accumulation dtype: double for double, else float.
struct BatchNormShape {
  int64_t batch = 0, channels = 0, inner = 0;
  DType dtype = DType::kFloat32;
  DType param_dtype = DType::kFloat32;
  double eps = 1e-5;
  Epilogue epilogue;  // nothing, or relu
};

namespace call {

// Vectors hold one value per channel; those marked * may be null.

// output = (input - mean) * invstd * weight + bias with the batch's own mean and biased variance, which it
// also returns as mean and invstd = 1 / sqrt(variance + eps). running = (1 - momentum) * running + momentum *
// value, with the unbiased variance.
struct BatchNormTrain {
  static constexpr char kName[] = "batch_norm_train";
  BatchNormShape shape;
  In<void> input;
  In<void> weight;           // *
  In<void> bias;             // *
  InOut<void> running_mean;  // *
  InOut<void> running_var;   // *
  InOut<int64_t> batches;    // * a count, increased by one
  double momentum;
  Out<void> mean, invstd;
  Out<void> output;
};
// The same with the running statistics.
struct BatchNormEval {
  static constexpr char kName[] = "batch_norm_eval";
  BatchNormShape shape;
  In<void> input;
  In<void> weight;  // *
  In<void> bias;    // *
  In<void> running_mean, running_var;
  Out<void> output;
};
// Gradients of both; for eval, mean and invstd come from the running statistics and are constants. Any of the
// three results may be null.
struct BatchNormBackward {
  static constexpr char kName[] = "batch_norm_backward";
  BatchNormShape shape;
  bool training;
  In<void> grad_output;
  In<void> input;
  In<void> output;  // with relu, what the forward pass returned; else null
  In<void> weight;  // *
  In<void> mean, invstd;
  Out<void> grad_input;   // *
  Out<void> grad_weight;  // *
  Out<void> grad_bias;    // *
};

using NormCalls = CallList<BatchNormTrain, BatchNormEval, BatchNormBackward>;

}  // namespace call

}  // namespace tt
