// What happens to the gradients of parameters between backward and the optimizer's step.
#pragma once

#include <span>

#include "tensor/tensor.h"

namespace tt::nn {

// Drops the gradient, or fills it with zeros.
void zero_grad(const Tensor& parameter, bool set_to_none);

// Scales the gradients so that the norm of all their elements together is at most max_norm, and returns what
// the norm was (0-dim). norm_type may be infinite. With error_if_nonfinite, fails before anything is scaled
// where the norm is not finite.
Tensor clip_grad_norm_(std::span<const Tensor> parameters, double max_norm, double norm_type = 2,
                       bool error_if_nonfinite = false);
// Clamps every gradient to [-clip_value, clip_value].
void clip_grad_value_(std::span<const Tensor> parameters, double clip_value);

}  // namespace tt::nn
