// Convolutions by plain loops, a thread or a block for each result: for few channels, for integers, and for
// sizes that the matrix product's indices have no room for.
#pragma once

#include "cuda/conv/conv_math.h"

namespace tt::cuda {

// Integers wrap around: unsigned arithmetic has no undefined overflow.
template <typename T>
using ConvSum = std::conditional_t<std::is_integral_v<T>, uint64_t, Compute<T>>;

template <typename T>
struct DirectForward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  using A = ConvSum<T>;
  using Shared = Nothing;

  ConvShape s;
  const T* input;
  const T* weight;
  const T* bias;  // may be null
  bool relu;
  T* output;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
    const int64_t n = s.batch * s.out_channels * s.out_height * s.out_width;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t ox = i % s.out_width, oy = i / s.out_width % s.out_height;
      const int64_t k = i / s.out_width / s.out_height % s.out_channels;
      const int64_t image = i / s.out_width / s.out_height / s.out_channels;
      const T* planes = input + (image * s.in_channels + k / outputs * inputs) * s.height * s.width;
      const T* taps = weight + k * (inputs * s.kernel[0] * s.kernel[1]);
      A sum = 0;
      for (int64_t c = 0; c < inputs; ++c) {
        for (int64_t r = 0; r < s.kernel[0]; ++r) {
          const int64_t y = oy * s.stride[0] - s.padding[0] + r * s.dilation[0];
          if (y < 0 || y >= s.height) continue;
          for (int64_t q = 0; q < s.kernel[1]; ++q) {
            const int64_t x = ox * s.stride[1] - s.padding[1] + q * s.dilation[1];
            if (x < 0 || x >= s.width) continue;
            sum = multiply_add(static_cast<A>(planes[(c * s.height + y) * s.width + x]),
                               static_cast<A>(taps[(c * s.kernel[0] + r) * s.kernel[1] + q]), sum);
          }
        }
      }
      if (bias != nullptr) sum += static_cast<A>(bias[k]);
      output[i] = rectified(relu, static_cast<T>(sum));
    }
  }
};

template <typename T>
struct DirectData {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  using A = Compute<T>;
  using Shared = Nothing;

  ConvShape s;
  const T* grad_output;
  const T* weight;
  T* grad_input;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
    const int64_t n = s.batch * s.in_channels * s.height * s.width;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t x = i % s.width + s.padding[1], y = i / s.width % s.height + s.padding[0];
      const int64_t channel = i / s.width / s.height % s.in_channels;
      const int64_t image = i / s.width / s.height / s.in_channels;
      const int64_t first = channel / inputs * outputs, c = channel % inputs;
      A sum = 0;
      for (int64_t k = first; k < first + outputs; ++k) {
        const T* plane = grad_output + (image * s.out_channels + k) * s.out_height * s.out_width;
        const T* taps = weight + (k * inputs + c) * s.kernel[0] * s.kernel[1];
        for (int64_t r = 0; r < s.kernel[0]; ++r) {
          const int64_t ty = y - r * s.dilation[0];
          if (ty < 0) break;
          if (ty % s.stride[0] != 0 || ty / s.stride[0] >= s.out_height) continue;
          for (int64_t q = 0; q < s.kernel[1]; ++q) {
            const int64_t tx = x - q * s.dilation[1];
            if (tx < 0) break;
            if (tx % s.stride[1] != 0 || tx / s.stride[1] >= s.out_width) continue;
            sum = multiply_add(static_cast<A>(plane[ty / s.stride[0] * s.out_width + tx / s.stride[1]]),
                               static_cast<A>(taps[r * s.kernel[1] + q]), sum);
          }
        }
      }
      grad_input[i] = static_cast<T>(sum);
    }
  }
};

// A block for each weight.
template <typename T>
struct DirectWeight {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  using A = Compute<T>;
  struct Shared {
    A slots[kThreads / 32];
  };

  ConvShape s;
  const T* grad_output;
  const T* input;
  T* grad_weight;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
    const int64_t taps = s.taps(), weights = s.out_channels * taps, pixels = s.out_height * s.out_width;
    for (int64_t w = block.index(); w < weights; w += block.blocks()) {
      const int64_t q = w % s.kernel[1], r = w / s.kernel[1] % s.kernel[0];
      const int64_t c = w / s.kernel[1] / s.kernel[0] % inputs, k = w / taps;
      const int64_t channel = k / outputs * inputs + c;
      A sum = 0;
      for (int64_t i = block.thread(); i < s.batch * pixels; i += kThreads) {
        const int64_t image = i / pixels, pixel = i % pixels;
        const int64_t y = pixel / s.out_width * s.stride[0] - s.padding[0] + r * s.dilation[0];
        const int64_t x = pixel % s.out_width * s.stride[1] - s.padding[1] + q * s.dilation[1];
        if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
        sum = multiply_add(
            static_cast<A>(grad_output[(image * s.out_channels + k) * pixels + pixel]),
            static_cast<A>(input[((image * s.in_channels + channel) * s.height + y) * s.width + x]), sum);
      }
      sum = block_sum<kThreads>(block, sum, block.template shared<Shared>().slots);
      if (block.thread() == 0) grad_weight[w] = static_cast<T>(sum);
    }
  }
};

// The bias's gradient: sums over slices of a channel's pixels, which a warp for each channel adds up. What
// ReLU's result masks is masked on the way.
template <typename T>
struct BiasSums {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  static constexpr int64_t kSlice = 8192;
  struct Shared {
    double slots[kThreads / 32];
  };

  int64_t count, channels, pixels, slices;  // count: of the pixels of all images
  CountDivide by_pixels;
  const T* grad_output;
  const T* output;  // ReLU's result; may be null
  T* masked;        // null: nobody asks
  double* partial;  // (channels, slices); null: there is one slice
  T* grad_bias;     // null: nobody asks

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t channel = block.index() / slices, slice = block.index() % slices;
    const int64_t begin = slice * kSlice;
    const int64_t end = begin + kSlice < count ? begin + kSlice : count;
    Compute<T> sum = 0;
    for (int64_t i = begin + block.thread(); i < end; i += kThreads) {
      const int64_t image = by_pixels(i), at = (image * channels + channel) * pixels + i - image * pixels;
      T grad = grad_output[at];
      if (output != nullptr) grad = let_through(output[at], grad);
      if (masked != nullptr) masked[at] = grad;
      sum += static_cast<Compute<T>>(grad);
    }
    if (grad_bias == nullptr) return;
    const double total =
        block_sum<kThreads>(block, static_cast<double>(sum), block.template shared<Shared>().slots);
    if (block.thread() != 0) return;
    if (partial != nullptr) {
      partial[block.index()] = total;
    } else {
      grad_bias[channel] = static_cast<T>(static_cast<Compute<T>>(total));
    }
  }
};

template <typename T>
struct BiasFinish {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 2;
  using Shared = Nothing;

  int64_t channels, slices;
  const double* partial;
  T* grad_bias;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const Team<kThreads, false> team(block, 32);
    const int64_t channel = block.index() * team.teams() + team.index();
    double sum = 0;
    for (int64_t s = team.lane(); s < slices && channel < channels; s += 32)
      sum += partial[channel * slices + s];
    sum = team.reduce(block, sum, static_cast<double*>(nullptr), Plus());
    if (team.lane() == 0 && channel < channels)
      grad_bias[channel] = static_cast<T>(static_cast<Compute<T>>(sum));
  }
};

// The two, of which either may be null: grad_output where ReLU's result lets it through, and the bias's
// gradient.
template <typename T, typename Launcher>
void conv_grad_sums(const Launcher& launcher, const ConvShape& s, const T* grad_output, const T* output,
                    T* masked, T* grad_bias) {
  const int64_t pixels = s.out_height * s.out_width, count = s.batch * pixels;
  const int64_t slices = ceil_div(count, BiasSums<T>::kSlice);
  const bool several = grad_bias != nullptr && slices > 1;
  auto memory = launcher.template buffer<double>(several ? slices * s.out_channels : 0);
  double* partial = several ? memory.data() : nullptr;
  launcher.launch("conv2d_backward",
                  BiasSums<T>{count, s.out_channels, pixels, slices, CountDivide(pixels, count), grad_output,
                              output, masked, partial, grad_bias},
                  s.out_channels * slices);
  if (several) {
    launcher.launch("conv2d_backward", BiasFinish<T>{s.out_channels, slices, partial, grad_bias},
                    ceil_div(s.out_channels, 8));
  }
}

}  // namespace tt::cuda
