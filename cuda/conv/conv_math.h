// Convolutions as matrix products whose operands are never built: each of the three is c (rows x cols) = a
// (rows x depth) * b (depth x cols) for every group, and a "problem" says what the elements are.
//
//                  rows             cols             depth
//   forward        output channels  output pixels    taps: input channels x kernel
//   data gradient  input channels   pixels of phase  taps: output channels x kernel's that they meet
//   weight grad.   output channels  taps             output pixels of all images
//
// A problem decodes a group, a column or a depth once and loads many elements by it. Sizes are those of a
// group; of the data gradient, whose groups differ, cols() and depth() are the largest.
#pragma once

#include <numeric>
#include <utility>

#include "device/conv.h"
#include "cuda/runtime/block.h"
#include "cuda/runtime/convert.h"
#include "cuda/index/index_math.h"
#include "kernels/functors.h"

namespace tt::cuda {

// An element as the ops relu and threshold_backward make it, NaN included: its ReLU, and the gradient that
// ReLU's result lets through.
template <typename T>
TT_HOST_DEVICE inline T rectified(bool relu, T value) {
  if (!relu) return value;
  return static_cast<T>(functors::relu::apply(static_cast<ComputeOf<T>>(value), PointwiseParams{}));
}
template <typename T>
TT_HOST_DEVICE inline T let_through(T result, T grad) {
  using A = ComputeOf<T>;
  return static_cast<T>(
      functors::threshold_backward::apply(static_cast<A>(grad), static_cast<A>(result), PointwiseParams{}));
}

// A place that lies outside whatever is added to it.
inline constexpr int32_t kFarOutside = INT32_MIN / 2;

// Whether offsets along an axis fit 30 bits and numbers of taps 31.
inline bool conv_fits(const ConvShape& s) {
  constexpr int64_t kMost = int64_t{1} << 29;
  for (int i = 0; i < 2; ++i) {
    const int64_t size = i == 0 ? s.height : s.width, out = i == 0 ? s.out_height : s.out_width;
    if (size > kMost || out > kMost || s.kernel[i] > kMost || s.stride[i] > kMost || s.padding[i] > kMost ||
        s.dilation[i] > kMost) {
      return false;
    }
    if (s.kernel[i] * s.dilation[i] > kMost || out * s.stride[i] > kMost) return false;
  }
  constexpr int64_t kMostTaps = INT32_MAX - 4096;
  const int64_t window = s.kernel[0] * s.kernel[1];
  return window <= kMostTaps && s.group_inputs() <= kMostTaps / window &&
         s.group_outputs() <= kMostTaps / window;
}

// A tap of the kernel: channel (of the group), row and column.
struct Tap {
  int32_t channel, row, col;
};
struct TapMath {
  FastDivide window, width;
  TapMath() = default;
  explicit TapMath(const ConvShape& s)
      : window(static_cast<uint32_t>(s.kernel[0] * s.kernel[1])), width(static_cast<uint32_t>(s.kernel[1])) {}
  TT_HOST_DEVICE Tap operator()(uint32_t i) const {
    const uint32_t channel = window(i), rest = i - channel * window.divisor, row = width(rest);
    return {static_cast<int32_t>(channel), static_cast<int32_t>(row),
            static_cast<int32_t>(rest - row * width.divisor)};
  }
};

// A tap's place beside that of an output pixel: what is added to the pixel's.
struct TapPlace {
  int64_t offset;
  int32_t y, x;
};
// An output pixel: its image, and where its window begins.
template <typename T>
struct PixelPlace {
  const T* image;  // the group's first channel
  int32_t y, x;
};

// What forward and the weight gradient share: input elements by pixel and tap.
template <typename T>
struct InputPlaces {
  ConvShape s;
  TapMath math;
  int64_t inputs, outputs, taps;  // of a group
  int64_t pixels;                 // of an image's output
  const T* input;

  InputPlaces(const ConvShape& shape, const T* input_)
      : s(shape),
        math(shape),
        inputs(shape.group_inputs()),
        outputs(shape.group_outputs()),
        taps(shape.taps()),
        pixels(shape.out_height * shape.out_width),
        input(input_) {}

  TT_HOST_DEVICE PixelPlace<T> pixel(int64_t group, int64_t i) const {
    if (i >= s.batch * pixels) return {input, kFarOutside, kFarOutside};
    const int64_t image = i / pixels, rest = i - image * pixels, y = rest / s.out_width;
    return {input + (image * s.in_channels + group * inputs) * s.height * s.width,
            static_cast<int32_t>(y * s.stride[0] - s.padding[0]),
            static_cast<int32_t>((rest - y * s.out_width) * s.stride[1] - s.padding[1])};
  }
  TT_HOST_DEVICE TapPlace tap(int64_t i) const {
    if (i >= taps) return {0, kFarOutside, kFarOutside};
    const Tap t = math(static_cast<uint32_t>(i));
    const int32_t y = t.row * static_cast<int32_t>(s.dilation[0]),
                  x = t.col * static_cast<int32_t>(s.dilation[1]);
    return {t.channel * s.height * s.width + y * s.width + x, y, x};
  }
  TT_HOST_DEVICE T load(const PixelPlace<T>& pixel, const TapPlace& tap) const {
    // Far outside twice is INT32_MIN, still outside.
    const int32_t y = pixel.y + tap.y, x = pixel.x + tap.x;
    const bool inside = y >= 0 && y < s.height && x >= 0 && x < s.width;
    return inside ? pixel.image[pixel.y * s.width + pixel.x + tap.offset] : T();
  }
};

template <typename T>
struct ForwardProblem {
  using Element = T;
  using A = Compute<T>;
  using Column = PixelPlace<T>;
  using DepthB = TapPlace;
  using DepthA = int64_t;
  using Group = int64_t;
  static constexpr bool kDepthFirst = false;  // neighbouring threads load b along the columns

  InputPlaces<T> places;
  const T* weight;
  const T* bias;  // may be null
  bool relu;
  T* output;

  int64_t groups() const { return places.s.groups; }
  TT_HOST_DEVICE Group group(int64_t i) const { return i; }
  TT_HOST_DEVICE int64_t rows() const { return places.outputs; }
  TT_HOST_DEVICE int64_t cols() const { return places.s.batch * places.pixels; }
  TT_HOST_DEVICE int64_t cols(Group) const { return cols(); }
  TT_HOST_DEVICE int64_t depth() const { return places.taps; }
  TT_HOST_DEVICE int64_t depth(Group) const { return depth(); }

  TT_HOST_DEVICE Column column(int64_t group, int64_t i) const { return places.pixel(group, i); }
  TT_HOST_DEVICE DepthB depth_b(int64_t, int64_t i) const { return places.tap(i); }
  TT_HOST_DEVICE T load_b(const Column& column, const DepthB& tap) const { return places.load(column, tap); }
  TT_HOST_DEVICE DepthA depth_a(int64_t, int64_t i) const { return i; }
  TT_HOST_DEVICE T load_a(int64_t group, int64_t row, const DepthA& i) const {
    return weight[(group * rows() + row) * depth() + i];
  }
  TT_HOST_DEVICE void store(int64_t group, int64_t row, int64_t col, A value) const {
    const int64_t channel = group * rows() + row, image = col / places.pixels;
    if (bias != nullptr) value += static_cast<A>(bias[channel]);
    output[(image * places.s.out_channels + channel) * places.pixels + col - image * places.pixels] =
        rectified(relu, static_cast<T>(value));
  }
};

// The data gradient along an axis. Input pixels a stride apart meet the same taps of the kernel, and the
// other pixels meet others: each such phase is a product of its own, over the taps that it meets, so that
// nothing is multiplied by the zeros between. A phase goes by its first pixel.
struct Phase {
  int32_t first, pixels;
  int32_t tap, taps;  // the first one that is met, and how many are: every PhaseAxis::tap_step-th
  int32_t out;        // the output pixel by which the first tap meets the first pixel; may lie outside
};
// The i with i * a = 1 modulo n, for a without a common divisor with n; 0 for n = 1.
inline int32_t inverse_modulo(int32_t a, int32_t n) {
  int64_t rest = n, next_rest = a % n, i = 0, next_i = 1;
  while (next_rest != 0) {
    const int64_t times = rest / next_rest;
    rest = std::exchange(next_rest, rest - times * next_rest);
    i = std::exchange(next_i, i - times * next_i);
  }
  return static_cast<int32_t>(i < 0 ? i + n : i);
}

// Tap t meets the pixel at p, counted from the padding's first, where t * dilation = p modulo the stride.
struct PhaseAxis {
  int32_t size, kernel, stride, padding, dilation;
  int32_t common;    // divisor of stride and dilation
  int32_t tap_step;  // stride / common
  int32_t
      pixel_step;   // dilation / common: by so much earlier is the output pixel of the next tap that is met
  int32_t inverse;  // of pixel_step, modulo tap_step

  PhaseAxis(const ConvShape& s, int axis)
      : size(static_cast<int32_t>(axis == 0 ? s.height : s.width)),
        kernel(static_cast<int32_t>(s.kernel[axis])),
        stride(static_cast<int32_t>(s.stride[axis])),
        padding(static_cast<int32_t>(s.padding[axis])),
        dilation(static_cast<int32_t>(s.dilation[axis])),
        common(std::gcd(stride, dilation)),
        tap_step(stride / common),
        pixel_step(dilation / common),
        inverse(inverse_modulo(pixel_step, tap_step)) {}
  TT_HOST_DEVICE int32_t phases() const { return stride < size ? stride : size; }
  // Of the phase that has the most; another that has any has as many or one less.
  TT_HOST_DEVICE int32_t most_taps() const { return (kernel + tap_step - 1) / tap_step; }
  TT_HOST_DEVICE int32_t most_pixels() const { return (size + stride - 1) / stride; }
  TT_HOST_DEVICE Phase operator()(int32_t first) const {
    Phase p{first, (size - first + stride - 1) / stride, 0, 0, 0};
    const int32_t place = first + padding, rest = place % stride;
    if (rest % common != 0) return p;
    p.tap = static_cast<int32_t>(int64_t{rest / common} * inverse % tap_step);
    if (p.tap >= kernel) return p;
    p.taps = (kernel - p.tap + tap_step - 1) / tap_step;
    p.out = (place - p.tap * dilation) / stride;  // without a rest
    return p;
  }
};

// Phases are told apart in the kernel; with more of them than this, most would be a block each for little.
inline constexpr int64_t kMostPhases = 1024;

template <typename T>
struct DataProblem {
  using Element = T;
  using A = Compute<T>;
  using Column =
      PixelPlace<T>;  // the output pixel of the first tap, and the gradients of its image and group
  using DepthB = TapPlace;
  using DepthA = int64_t;
  static constexpr bool kDepthFirst = false;
  // A group of channels in one of the phases.
  struct Group {
    int64_t group;
    Phase y, x;
    FastDivide window, width;  // of the taps that are met
  };

  ConvShape s;
  PhaseAxis axis_y, axis_x;
  int64_t inputs, outputs, taps;      // of a group
  FastDivide width[2], window[2][2];  // for phases with the most taps along an axis, and with one less
  const T* grad_output;
  const T* weight;
  T* grad_input;

  DataProblem(const ConvShape& shape, const T* grad_output_, const T* weight_, T* grad_input_)
      : s(shape),
        axis_y(shape, 0),
        axis_x(shape, 1),
        inputs(shape.group_inputs()),
        outputs(shape.group_outputs()),
        taps(shape.taps()),
        grad_output(grad_output_),
        weight(weight_),
        grad_input(grad_input_) {
    const auto divide = [](int32_t count) {
      return FastDivide(count > 0 ? static_cast<uint32_t>(count) : 1);
    };
    for (int x = 0; x < 2; ++x) {
      const int32_t across = axis_x.most_taps() - x;
      width[x] = divide(across);
      for (int y = 0; y < 2; ++y) window[y][x] = divide((axis_y.most_taps() - y) * across);
    }
  }

  int64_t groups() const { return s.groups * axis_y.phases() * axis_x.phases(); }
  TT_HOST_DEVICE Group group(int64_t i) const {
    const int64_t phase = i / s.groups;
    const int32_t across = axis_x.phases();
    const Phase y = axis_y(static_cast<int32_t>(phase / across)),
                x = axis_x(static_cast<int32_t>(phase % across));
    const int less_y = y.taps < axis_y.most_taps(), less_x = x.taps < axis_x.most_taps();
    return {i - phase * s.groups, y, x, window[less_y][less_x], width[less_x]};
  }
  TT_HOST_DEVICE int64_t rows() const { return inputs; }
  // The most that a group has, and how many it has.
  TT_HOST_DEVICE int64_t cols() const { return s.batch * axis_y.most_pixels() * axis_x.most_pixels(); }
  TT_HOST_DEVICE int64_t cols(const Group& g) const { return s.batch * g.y.pixels * g.x.pixels; }
  int64_t depth() const { return outputs * axis_y.most_taps() * axis_x.most_taps(); }
  TT_HOST_DEVICE int64_t depth(const Group& g) const { return outputs * g.y.taps * g.x.taps; }

  TT_HOST_DEVICE Column column(const Group& g, int64_t i) const {
    if (i >= cols(g)) return {grad_output, kFarOutside, kFarOutside};
    const int64_t pixels = int64_t{g.y.pixels} * g.x.pixels;
    const int64_t image = i / pixels, rest = i - image * pixels, y = rest / g.x.pixels;
    return {grad_output + (image * s.out_channels + g.group * outputs) * s.out_height * s.out_width,
            static_cast<int32_t>(g.y.out + y), static_cast<int32_t>(g.x.out + rest - y * g.x.pixels)};
  }
  // The i-th of the taps that are met.
  TT_HOST_DEVICE Tap tap(const Group& g, int64_t i) const {
    const uint32_t at = static_cast<uint32_t>(i), channel = g.window(at),
                   rest = at - channel * g.window.divisor;
    const uint32_t row = g.width(rest);
    return {static_cast<int32_t>(channel), static_cast<int32_t>(row),
            static_cast<int32_t>(rest - row * g.width.divisor)};
  }
  TT_HOST_DEVICE DepthB depth_b(const Group& g, int64_t i) const {
    const Tap t = tap(g, i);
    return {t.channel * s.out_height * s.out_width, t.row * axis_y.pixel_step, t.col * axis_x.pixel_step};
  }
  TT_HOST_DEVICE T load_b(const Column& column, const DepthB& tap) const {
    const int32_t y = column.y - tap.y, x = column.x - tap.x;
    const bool inside = y >= 0 && y < s.out_height && x >= 0 && x < s.out_width;
    return inside ? column.image[tap.offset + y * s.out_width + x] : T();
  }
  TT_HOST_DEVICE DepthA depth_a(const Group& g, int64_t i) const {
    // The weight of the group's first input channel.
    const Tap t = tap(g, i);
    const int64_t row = g.y.tap + int64_t{t.row} * axis_y.tap_step,
                  col = g.x.tap + int64_t{t.col} * axis_x.tap_step;
    return (g.group * outputs + t.channel) * taps + row * s.kernel[1] + col;
  }
  TT_HOST_DEVICE T load_a(const Group&, int64_t row, const DepthA& at) const {
    return weight[at + row * (s.kernel[0] * s.kernel[1])];
  }
  TT_HOST_DEVICE void store(const Group& g, int64_t row, int64_t col, A value) const {
    const int64_t pixels = int64_t{g.y.pixels} * g.x.pixels;
    const int64_t image = col / pixels, rest = col - image * pixels, i = rest / g.x.pixels;
    const int64_t y = g.y.first + i * axis_y.stride, x = g.x.first + (rest - i * g.x.pixels) * axis_x.stride;
    grad_input[((image * s.in_channels + g.group * rows() + row) * s.height + y) * s.width + x] =
        static_cast<T>(value);
  }
};

template <typename T>
struct WeightProblem {
  using Element = T;
  using A = Compute<T>;
  using Column = TapPlace;
  using DepthB = PixelPlace<T>;
  using DepthA = int64_t;
  using Group = int64_t;
  static constexpr bool kDepthFirst = true;  // neighbouring threads load along the pixels

  InputPlaces<T> places;
  const T* grad_output;
  T* grad_weight;

  int64_t groups() const { return places.s.groups; }
  TT_HOST_DEVICE Group group(int64_t i) const { return i; }
  TT_HOST_DEVICE int64_t rows() const { return places.outputs; }
  TT_HOST_DEVICE int64_t cols() const { return places.taps; }
  TT_HOST_DEVICE int64_t cols(Group) const { return cols(); }
  TT_HOST_DEVICE int64_t depth() const { return places.s.batch * places.pixels; }
  TT_HOST_DEVICE int64_t depth(Group) const { return depth(); }

  TT_HOST_DEVICE Column column(int64_t, int64_t i) const { return places.tap(i); }
  TT_HOST_DEVICE DepthB depth_b(int64_t group, int64_t i) const { return places.pixel(group, i); }
  TT_HOST_DEVICE T load_b(const Column& tap, const DepthB& pixel) const { return places.load(pixel, tap); }
  TT_HOST_DEVICE DepthA depth_a(int64_t group, int64_t i) const {
    // The gradient of the group's first output channel.
    const int64_t image = i / places.pixels;
    return (image * places.s.out_channels + group * rows()) * places.pixels + i - image * places.pixels;
  }
  TT_HOST_DEVICE T load_a(int64_t, int64_t row, const DepthA& at) const {
    return grad_output[at + row * places.pixels];
  }
  TT_HOST_DEVICE void store(int64_t group, int64_t row, int64_t col, A value) const {
    grad_weight[(group * rows() + row) * cols() + col] = static_cast<T>(value);
  }
};

}  // namespace tt::cuda
