// Which kernels do a convolution. tf32: float32 may be rounded to it, for tensor cores.
#pragma once

#include "cuda/conv_direct_body.h"
#include "cuda/conv_gemm_body.h"

namespace tt::cuda {

// A matrix product of fewer rows would mostly multiply by nothing.
inline constexpr int64_t kFewRows = 8;

inline bool direct_forward(const ConvShape& s) { return !conv_fits(s) || s.group_outputs() < kFewRows; }
inline bool direct_data(const ConvShape& s) {
  return !conv_fits(s) || s.group_inputs() < kFewRows ||
         int64_t{PhaseAxis(s, 0).phases()} * PhaseAxis(s, 1).phases() > kMostPhases;
}
inline bool direct_weight(const ConvShape& s) { return !conv_fits(s) || s.group_outputs() < kFewRows; }

template <typename Launcher>
void conv_forward(const Launcher& launcher, const ConvShape& s, DType dtype, const void* input,
                  const void* weight, const void* bias, void* output, bool tf32) {
  const int64_t n = s.batch * s.out_channels * s.out_height * s.out_width;
  if (n == 0) return;
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (std::is_same_v<T, bool>) {
      fail(Status::kDtype, "convolution is not implemented for ", dtype);
    } else {
      const T* x = static_cast<const T*>(input);
      const T* w = static_cast<const T*>(weight);
      const T* b = static_cast<const T*>(bias);
      T* y = static_cast<T*>(output);
      if constexpr (!std::is_integral_v<T>) {
        if (!direct_forward(s)) {
          return conv_gemm(launcher, "conv2d", ForwardProblem<T>{InputPlaces<T>(s, x), w, b, y}, tf32);
        }
      }
      launcher.launch("conv2d", DirectForward<T>{s, x, w, b, y}, stride_blocks(n, 256));
    }
  });
}

template <typename Launcher>
void conv_backward_data(const Launcher& launcher, const ConvShape& s, DType dtype, const void* grad_output,
                        const void* weight, void* grad_input, bool tf32) {
  const int64_t n = s.batch * s.in_channels * s.height * s.width;
  if (n == 0) return;
  visit_floating(dtype, "the convolution's gradient", [&]<typename T>() {
    const T* g = static_cast<const T*>(grad_output);
    const T* w = static_cast<const T*>(weight);
    T* out = static_cast<T*>(grad_input);
    if (!direct_data(s)) return conv_gemm(launcher, "conv2d_backward", DataProblem<T>(s, g, w, out), tf32);
    launcher.launch("conv2d_backward", DirectData<T>{s, g, w, out}, stride_blocks(n, 256));
  });
}

template <typename Launcher>
void conv_backward_weight(const Launcher& launcher, const ConvShape& s, DType dtype, const void* grad_output,
                          const void* input, void* grad_weight, void* grad_bias, bool tf32) {
  if (s.out_channels == 0) return;
  visit_floating(dtype, "the convolution's gradient", [&]<typename T>() {
    const T* g = static_cast<const T*>(grad_output);
    const T* x = static_cast<const T*>(input);
    T* out = static_cast<T*>(grad_weight);
    if (grad_bias != nullptr) conv_bias_gradient(launcher, s, g, static_cast<T*>(grad_bias));
    if (s.taps() == 0) return;
    if (!direct_weight(s)) {
      return conv_gemm(launcher, "conv2d_backward", WeightProblem<T>{InputPlaces<T>(s, x), g, out}, tf32);
    }
    launcher.launch("conv2d_backward", DirectWeight<T>{s, g, x, out},
                    stride_blocks(s.out_channels * s.taps(), 1));
  });
}

}  // namespace tt::cuda
