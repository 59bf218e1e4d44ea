// The convolutions' dispatch on the device, whose kernels are compiled in several files at once.
#pragma once

#include "device/conv.h"
#include "cuda/conv/conv_body.h"
#include "cuda/runtime/launcher.cuh"

namespace tt::cuda {

// TF32 where the host allows it. The environment's TINYTORCH_CUDA_CONV, "gather" or "channels_last", chooses
// among the products on tensor cores, to tell them apart; read once.
ConvOptions conv_options();

#define TT_CONV_LAST(prefix, T)                                                                             \
  prefix template void last_forward<T>(const CudaLauncher&, const ConvShape&, const T*, const T*, const T*, \
                                       bool, T*);                                                           \
  prefix template void last_backward<T>(const CudaLauncher&, const call::ConvBackward&);
#define TT_CONV_DATA(prefix, T) \
  prefix template void conv_data<T>(const CudaLauncher&, const ConvShape&, const T*, const T*, T*, bool);
#define TT_CONV_WEIGHT(prefix, T)                                                                           \
  prefix template void conv_weight<T>(const CudaLauncher&, const ConvShape&, const T*, const T*, T*, bool); \
  prefix template void conv_grad_sums<T>(const CudaLauncher&, const ConvShape&, const T*, const T*, T*, T*);

TT_CONV_LAST(extern, Half)
TT_CONV_LAST(extern, BFloat16)
TT_CONV_LAST(extern, float)
#define TT_CONV_EXTERN(T) \
  TT_CONV_DATA(extern, T) \
  TT_CONV_WEIGHT(extern, T)
TT_CONV_EXTERN(Half)
TT_CONV_EXTERN(BFloat16)
TT_CONV_EXTERN(float)
TT_CONV_EXTERN(double)
#undef TT_CONV_EXTERN

}  // namespace tt::cuda
