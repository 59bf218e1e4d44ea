#include "cpu/conv_fast.h"

#include "cpu/conv_reference.h"

namespace tt::cpu {

template <typename T>
void conv_forward(const ConvShape& s, const T* input, const T* weight, const T* bias, T* output) {
  conv_forward_reference(s, input, weight, bias, output);
}
template <typename T>
void conv_backward_data(const ConvShape& s, const T* grad_output, const T* weight, T* grad_input) {
  conv_backward_data_reference(s, grad_output, weight, grad_input);
}
template <typename T>
void conv_backward_weight(const ConvShape& s, const T* grad_output, const T* input, T* grad_weight,
                          T* grad_bias) {
  conv_backward_weight_reference(s, grad_output, input, grad_weight, grad_bias);
}

#define TT_INSTANTIATE(T)                                                            \
  template void conv_forward<T>(const ConvShape&, const T*, const T*, const T*, T*); \
  template void conv_backward_data<T>(const ConvShape&, const T*, const T*, T*);     \
  template void conv_backward_weight<T>(const ConvShape&, const T*, const T*, T*, T*);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

}  // namespace tt::cpu
