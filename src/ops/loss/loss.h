// Losses.
#pragma once

#include "tensor/tensor.h"

namespace tt::ops {

enum class Reduction : int32_t { kNone = 0, kMean = 1, kSum = 2 };

// Fails where the tensor, an argument of a loss that has no gradient for it, wants one.
void check_constant(const char* op, const char* argument, const Tensor& t);

// Element by element, input and target broadcast.
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::kMean);
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::kMean);
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::kMean,
                      double beta = 1);
Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::kMean,
                  double delta = 1);

// input and target of one shape; weight and pos_weight broadcast to it, or are undefined.
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                            Reduction reduction = Reduction::kMean);
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                                        const Tensor& pos_weight = {},
                                        Reduction reduction = Reduction::kMean);

// input (C), (N, C) or (N, C, d1, ..): log-probabilities or logits. target: class indices without the C, or
// for cross_entropy probabilities of input's shape. weight (C) may be undefined.
Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                Reduction reduction = Reduction::kMean, int64_t ignore_index = -100);
Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                     Reduction reduction = Reduction::kMean, int64_t ignore_index = -100,
                     double label_smoothing = 0);

}  // namespace tt::ops
