// Normalisation.
#pragma once

#include "tensor/tensor.h"

namespace tt::ops {

// input (N, C, ...). weight, bias and the running statistics hold one value per channel; each may be
// undefined, the statistics only while training. Training updates the statistics in place, and adds one to
// `batches`, a number, where there is one.
Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight = {}, const Tensor& bias = {}, bool training = false,
                  double momentum = 0.1, double eps = 1e-5, const Tensor& batches = {});
// relu(batch_norm(...)), recorded as one op.
Tensor batch_norm_relu(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                       const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps,
                       const Tensor& batches = {});

}  // namespace tt::ops
