// The plainest convolution: what the fast kernels are tested against, and what computes integers.
#pragma once

#include "device/conv.h"

namespace tt::cpu {

// Float and double accumulate in double, integers in their own type.
template <typename T>
void conv_forward_reference(const ConvShape& shape, const T* input, const T* weight, const T* bias,
                            T* output);
template <typename T>
void conv_backward_data_reference(const ConvShape& shape, const T* grad_output, const T* weight,
                                  T* grad_input);
template <typename T>
void conv_backward_weight_reference(const ConvShape& shape, const T* grad_output, const T* input,
                                    T* grad_weight, T* grad_bias);

}  // namespace tt::cpu
