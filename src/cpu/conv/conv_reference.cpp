#include "cpu/conv/conv_reference.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace tt::cpu {

namespace {

// Integers wrap, as PyTorch's do.
template <typename T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

// Calls body(input index, weight index, output index) for every product of the convolution.
template <typename F>
void for_each_product(const ConvShape& s, F&& body) {
  const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t k = 0; k < s.out_channels; ++k) {
      const int64_t first = k / outputs * inputs;
      for (int64_t oy = 0; oy < s.out_height; ++oy) {
        for (int64_t ox = 0; ox < s.out_width; ++ox) {
          const int64_t out = ((n * s.out_channels + k) * s.out_height + oy) * s.out_width + ox;
          for (int64_t c = 0; c < inputs; ++c) {
            for (int64_t r = 0; r < s.kernel[0]; ++r) {
              const int64_t y = oy * s.stride[0] - s.padding[0] + r * s.dilation[0];
              if (y < 0 || y >= s.height) continue;
              for (int64_t q = 0; q < s.kernel[1]; ++q) {
                const int64_t x = ox * s.stride[1] - s.padding[1] + q * s.dilation[1];
                if (x < 0 || x >= s.width) continue;
                body(((n * s.in_channels + first + c) * s.height + y) * s.width + x,
                     ((k * inputs + c) * s.kernel[0] + r) * s.kernel[1] + q, out);
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

template <typename T>
void conv_forward_reference(const ConvShape& s, const T* input, const T* weight, const T* bias, T* output) {
  const int64_t pixels = s.out_height * s.out_width;
  std::vector<Sum<T>> sums(static_cast<size_t>(s.batch * s.out_channels * pixels));
  if (bias != nullptr) {
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] = static_cast<Sum<T>>(bias[static_cast<int64_t>(i) / pixels % s.out_channels]);
    }
  }
  for_each_product(s, [&](int64_t in, int64_t w, int64_t out) {
    sums[static_cast<size_t>(out)] += static_cast<Sum<T>>(input[in]) * static_cast<Sum<T>>(weight[w]);
  });
  std::transform(sums.begin(), sums.end(), output, [](Sum<T> v) { return static_cast<T>(v); });
}

template <typename T>
void conv_backward_data_reference(const ConvShape& s, const T* grad_output, const T* weight, T* grad_input) {
  std::vector<double> sums(static_cast<size_t>(s.batch * s.in_channels * s.height * s.width));
  for_each_product(s, [&](int64_t in, int64_t w, int64_t out) {
    sums[static_cast<size_t>(in)] += static_cast<double>(grad_output[out]) * static_cast<double>(weight[w]);
  });
  std::transform(sums.begin(), sums.end(), grad_input, [](double v) { return static_cast<T>(v); });
}

template <typename T>
void conv_backward_weight_reference(const ConvShape& s, const T* grad_output, const T* input, T* grad_weight,
                                    T* grad_bias) {
  std::vector<double> sums(static_cast<size_t>(s.out_channels * s.taps()));
  for_each_product(s, [&](int64_t in, int64_t w, int64_t out) {
    sums[static_cast<size_t>(w)] += static_cast<double>(grad_output[out]) * static_cast<double>(input[in]);
  });
  std::transform(sums.begin(), sums.end(), grad_weight, [](double v) { return static_cast<T>(v); });
  if (grad_bias == nullptr) return;
  const int64_t pixels = s.out_height * s.out_width;
  for (int64_t k = 0; k < s.out_channels; ++k) {
    double total = 0;
    for (int64_t n = 0; n < s.batch; ++n) {
      const T* plane = grad_output + (n * s.out_channels + k) * pixels;
      for (int64_t i = 0; i < pixels; ++i) total += static_cast<double>(plane[i]);
    }
    grad_bias[k] = static_cast<T>(total);
  }
}

#define TT_FORWARD(T) \
  template void conv_forward_reference<T>(const ConvShape&, const T*, const T*, const T*, T*);
TT_FORWARD(uint8_t)
TT_FORWARD(int8_t)
TT_FORWARD(int16_t)
TT_FORWARD(int32_t)
TT_FORWARD(int64_t)
TT_FORWARD(float)
TT_FORWARD(double)
#undef TT_FORWARD
#define TT_BACKWARD(T)                                                                     \
  template void conv_backward_data_reference<T>(const ConvShape&, const T*, const T*, T*); \
  template void conv_backward_weight_reference<T>(const ConvShape&, const T*, const T*, T*, T*);
TT_BACKWARD(float)
TT_BACKWARD(double)
#undef TT_BACKWARD

}  // namespace tt::cpu
