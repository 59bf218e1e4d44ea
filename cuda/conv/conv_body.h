// Which kernels do a convolution.
#pragma once

#include "cuda/conv/conv_direct_body.h"
#include "cuda/conv/conv_gemm_body.h"
#include "cuda/conv/conv_last.h"

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
                  const void* weight, const void* bias, bool relu, void* output, const ConvOptions& options) {
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
      if constexpr (kLastType<T>) {
        if (forward_by_last<T>(launcher, s, options)) return last_forward(launcher, s, x, w, b, relu, y);
      }
      if constexpr (!std::is_integral_v<T>) {
        if (!direct_forward(s)) {
          return conv_gemm(launcher, "conv2d", ForwardProblem<T>{InputPlaces<T>(s, x), w, b, relu, y},
                           options.tf32);
        }
      }
      launcher.launch("conv2d", DirectForward<T>{s, x, w, b, relu, y}, stride_blocks(n, 256));
    }
  });
}

template <typename T, typename Launcher>
void conv_data(const Launcher& launcher, const ConvShape& s, const T* grad_output, const T* weight,
               T* grad_input, bool tf32) {
  const int64_t n = s.batch * s.in_channels * s.height * s.width;
  if (n == 0) return;
  if (!direct_data(s)) {
    return conv_gemm(launcher, "conv2d_backward", DataProblem<T>(s, grad_output, weight, grad_input), tf32);
  }
  launcher.launch("conv2d_backward", DirectData<T>{s, grad_output, weight, grad_input},
                  stride_blocks(n, 256));
}

template <typename T, typename Launcher>
void conv_weight(const Launcher& launcher, const ConvShape& s, const T* grad_output, const T* input,
                 T* grad_weight, bool tf32) {
  if (s.taps() == 0) return;
  if (!direct_weight(s)) {
    return conv_gemm(launcher, "conv2d_backward",
                     WeightProblem<T>{InputPlaces<T>(s, input), grad_output, grad_weight}, tf32);
  }
  launcher.launch("conv2d_backward", DirectWeight<T>{s, grad_output, input, grad_weight},
                  stride_blocks(s.out_channels * s.taps(), 1));
}

template <typename Launcher>
void conv_backward(const Launcher& launcher, const call::ConvBackward& g, const ConvOptions& options) {
  const ConvShape& s = g.shape;
  visit_floating(g.dtype, "the convolution's gradient", [&]<typename T>() {
    if constexpr (kLastType<T>) {
      if (backward_by_last<T>(launcher, g, options)) return last_backward<T>(launcher, g);
    }
    const T* grad_output = static_cast<const T*>(g.grad_output);
    auto memory = launcher.template buffer<T>(
        g.output != nullptr ? s.batch * s.out_channels * s.out_height * s.out_width : 0);
    if (s.out_channels > 0 && (g.output != nullptr || g.grad_bias != nullptr)) {
      T* masked = g.output != nullptr ? memory.data() : nullptr;
      conv_grad_sums(launcher, s, grad_output, static_cast<const T*>(g.output), masked,
                     static_cast<T*>(g.grad_bias));
      if (masked != nullptr) grad_output = masked;
    }
    if (g.grad_input != nullptr) {
      conv_data(launcher, s, grad_output, static_cast<const T*>(g.weight), static_cast<T*>(g.grad_input),
                options.tf32);
    }
    if (g.grad_weight != nullptr && s.out_channels > 0) {
      conv_weight(launcher, s, grad_output, static_cast<const T*>(g.input), static_cast<T*>(g.grad_weight),
                  options.tf32);
    }
  });
}

}  // namespace tt::cuda
