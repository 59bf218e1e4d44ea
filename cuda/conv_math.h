// Convolutions as matrix products whose operands are never built: each of the three is c (rows x cols) = a
// (rows x depth) * b (depth x cols) for every group, and a "problem" says what the elements are.
//
//                  rows             cols             depth
//   forward        output channels  output pixels    taps: input channels x kernel
//   data gradient  input channels   input pixels     taps: output channels x kernel
//   weight grad.   output channels  taps             output pixels of all images
//
// A problem decodes a column or a depth once and loads many elements by it. Sizes are those of a group.
#pragma once

#include "core/backend/conv.h"
#include "cuda/block.h"
#include "cuda/index_math.h"

namespace tt::cuda {

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
  static constexpr bool kDepthFirst = false;  // neighbouring threads load b along the columns

  InputPlaces<T> places;
  const T* weight;
  const T* bias;  // may be null
  T* output;

  int64_t groups() const { return places.s.groups; }
  TT_HOST_DEVICE int64_t rows() const { return places.outputs; }
  TT_HOST_DEVICE int64_t cols() const { return places.s.batch * places.pixels; }
  TT_HOST_DEVICE int64_t depth() const { return places.taps; }

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
        static_cast<T>(value);
  }
};

template <typename T>
struct DataProblem {
  using Element = T;
  using A = Compute<T>;
  // Where the pixel is in the padded input, and the gradients that its image has in this group.
  using Column = PixelPlace<T>;
  using DepthB = TapPlace;
  using DepthA = int64_t;
  static constexpr bool kDepthFirst = false;

  ConvShape s;
  TapMath math;
  int64_t inputs, outputs, taps;  // of a group
  FastDivide stride_y, stride_x;
  const T* grad_output;
  const T* weight;
  T* grad_input;

  DataProblem(const ConvShape& shape, const T* grad_output_, const T* weight_, T* grad_input_)
      : s(shape),
        math(shape),
        inputs(shape.group_inputs()),
        outputs(shape.group_outputs()),
        taps(shape.taps()),
        stride_y(static_cast<uint32_t>(shape.stride[0])),
        stride_x(static_cast<uint32_t>(shape.stride[1])),
        grad_output(grad_output_),
        weight(weight_),
        grad_input(grad_input_) {}

  int64_t groups() const { return s.groups; }
  TT_HOST_DEVICE int64_t pixels() const { return s.height * s.width; }
  TT_HOST_DEVICE int64_t rows() const { return inputs; }
  TT_HOST_DEVICE int64_t cols() const { return s.batch * pixels(); }
  TT_HOST_DEVICE int64_t depth() const { return outputs * s.kernel[0] * s.kernel[1]; }

  TT_HOST_DEVICE Column column(int64_t group, int64_t i) const {
    if (i >= cols()) return {grad_output, kFarOutside, kFarOutside};
    const int64_t image = i / pixels(), rest = i - image * pixels(), y = rest / s.width;
    return {grad_output + (image * s.out_channels + group * outputs) * s.out_height * s.out_width,
            static_cast<int32_t>(y + s.padding[0]), static_cast<int32_t>(rest - y * s.width + s.padding[1])};
  }
  TT_HOST_DEVICE DepthB depth_b(int64_t, int64_t i) const {
    const Tap t = math(static_cast<uint32_t>(i));
    return {t.channel * s.out_height * s.out_width, t.row * static_cast<int32_t>(s.dilation[0]),
            t.col * static_cast<int32_t>(s.dilation[1])};
  }
  TT_HOST_DEVICE T load_b(const Column& column, const DepthB& tap) const {
    const int32_t y = column.y - tap.y, x = column.x - tap.x;
    if (y < 0 || x < 0) return T();
    // The output whose window has the pixel under this tap, if the stride meets it.
    const uint32_t oy = stride_y(static_cast<uint32_t>(y)), ox = stride_x(static_cast<uint32_t>(x));
    const bool met = oy * stride_y.divisor == static_cast<uint32_t>(y) &&
                     ox * stride_x.divisor == static_cast<uint32_t>(x) && oy < s.out_height &&
                     ox < s.out_width;
    return met ? column.image[tap.offset + oy * s.out_width + ox] : T();
  }
  TT_HOST_DEVICE DepthA depth_a(int64_t group, int64_t i) const {
    // The weight of the group's first input channel.
    const uint32_t channel = math.window(static_cast<uint32_t>(i));
    const int64_t window = math.window.divisor;
    return (group * outputs + channel) * taps + i - channel * window;
  }
  TT_HOST_DEVICE T load_a(int64_t, int64_t row, const DepthA& at) const {
    return weight[at + row * math.window.divisor];
  }
  TT_HOST_DEVICE void store(int64_t group, int64_t row, int64_t col, A value) const {
    const int64_t image = col / pixels();
    grad_input[(image * s.in_channels + group * rows() + row) * pixels() + col - image * pixels()] =
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
  static constexpr bool kDepthFirst = true;  // neighbouring threads load along the pixels

  InputPlaces<T> places;
  const T* grad_output;
  T* grad_weight;

  int64_t groups() const { return places.s.groups; }
  TT_HOST_DEVICE int64_t rows() const { return places.outputs; }
  TT_HOST_DEVICE int64_t cols() const { return places.taps; }
  TT_HOST_DEVICE int64_t depth() const { return places.s.batch * places.pixels; }

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
