// The fast convolutions (conv_fast.cpp, conv_weight.cpp). T: float or double.
#pragma once

#include "device/conv.h"

namespace tt::cpu {

template <typename T>
void conv_forward(const ConvShape& shape, const T* input, const T* weight, const T* bias, T* output);
template <typename T>
void conv_backward_data(const ConvShape& shape, const T* grad_output, const T* weight, T* grad_input);
template <typename T>
void conv_backward_weight(const ConvShape& shape, const T* grad_output, const T* input, T* grad_weight,
                          T* grad_bias);

}  // namespace tt::cpu
