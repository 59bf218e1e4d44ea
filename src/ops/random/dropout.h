// Dropout.
#pragma once

#include "random/generator.h"
#include "tensor/tensor.h"

namespace tt::ops {

// In training, zeroes each element with probability p and scales the others by 1 / (1 - p); else the input
// itself. The mask is drawn from `generator` (null: the default one) as PyTorch draws it on the CPU; p of 0
// and 1 draw nothing.
Tensor dropout(const Tensor& input, double p = 0.5, bool training = true, Generator* generator = nullptr);

}  // namespace tt::ops
