// Convolutions as matrix products of operands with the channels last, which are read 16 bytes at a time:
// images (image, row, column, channels), weights (row of the product, tap, channels), the channels filled up
// with zeros to a multiple of kVectorOf<T>. As in conv_math.h, a "problem" says what is where; rows, columns
// and depth are its, but that the depth of forward and of the data gradient counts channels last:
// (tap, channel), and so do the weight gradient's columns. One problem does for forward and the data
// gradient. Without groups of channels; numbers of elements fit 31 bits.
#pragma once

#include "cuda/conv/conv_math.h"
#include "cuda/runtime/convert.h"

namespace tt::cuda {

// What is read and copied at once.
template <typename T>
using Chunk = Vector<T, kVectorOf<T>>;

template <typename T>
constexpr int64_t filled_up(int64_t channels) {
  return ceil_div(channels, kVectorOf<T>) * kVectorOf<T>;
}

inline FastDivide divide_by(int64_t count) {
  return FastDivide(count > 0 ? static_cast<uint32_t>(count) : 1);
}

// Along an axis, pixel i of the result meets tap t at places base + i * pixel_step + t * tap_step of the
// image, with tap first_tap + t * weight_step of the kernel; it lies at first_out + i * out_step.
struct LastAxis {
  int32_t size;  // of the image
  int32_t pixel_step, tap_step, weight_step, out_step;
};
struct LastPhase {
  int32_t base, pixels, first_tap, taps, first_out;
};

template <typename T>
struct LastProblem {
  using Element = T;
  using A = float;
  struct Group {
    LastPhase y, x;
    FastDivide width;       // of the taps
    FastDivide area, line;  // of the pixels
  };
  // A result's place: in its image, and the image's first channel.
  struct Place {
    int64_t image;
    int32_t pixel;
  };

  LastAxis axes[2];
  bool phased;  // a data gradient
  PhaseAxis phase_y, phase_x;
  int32_t window, kernel_width;
  int64_t batch, channels;  // of the result
  int32_t chunks;           // of 16 bytes that a pixel and a tap have
  FastDivide by_chunks;
  int32_t out_width;  // of the result
  int64_t out_pixels;
  const Chunk<T>* image;   // (batch, size[0], size[1], chunks)
  const Chunk<T>* weight;  // (channels, window, chunks)
  const T* bias;           // may be null
  bool relu;
  T* out;      // (batch, channels, height, width)
  bool dense;  // chunks of a row of the result lie together in `out`, aligned

  static LastProblem forward(const ConvShape& s, const Chunk<T>* input, const Chunk<T>* weight, const T* bias,
                             bool relu, T* output) {
    LastProblem p(s, s.in_channels, s.out_channels, input, weight, output);
    p.bias = bias;
    p.relu = relu;
    for (int i = 0; i < 2; ++i) {
      p.axes[i] = {static_cast<int32_t>(i == 0 ? s.height : s.width), static_cast<int32_t>(s.stride[i]),
                   static_cast<int32_t>(s.dilation[i]), 1, 1};
    }
    p.set_out(s.out_height, s.out_width, true);
    return p;
  }
  static LastProblem data(const ConvShape& s, const Chunk<T>* grad_output, const Chunk<T>* weight,
                          T* grad_input) {
    LastProblem p(s, s.out_channels, s.in_channels, grad_output, weight, grad_input);
    p.phased = true;
    for (int i = 0; i < 2; ++i) {
      const PhaseAxis& axis = i == 0 ? p.phase_y : p.phase_x;
      p.axes[i] = {static_cast<int32_t>(i == 0 ? s.out_height : s.out_width), 1, -axis.pixel_step,
                   axis.tap_step, axis.stride};
    }
    p.set_out(s.height, s.width, s.stride[0] == 1 && s.stride[1] == 1);
    return p;
  }

  int64_t groups() const { return phased ? int64_t{phase_y.phases()} * phase_x.phases() : 1; }
  TT_HOST_DEVICE Group group(int64_t i) const {
    Group g;
    if (phased) {
      const int32_t across = phase_x.phases(), at = static_cast<int32_t>(i), row = at / across;
      g.y = of_phase(phase_y(row));
      g.x = of_phase(phase_x(at - row * across));
    } else {
      g.y = {-phase_y.padding, most_pixels[0], 0, phase_y.kernel, 0};
      g.x = {-phase_x.padding, most_pixels[1], 0, phase_x.kernel, 0};
    }
    const int less_y = g.y.pixels < most_pixels[0], less_x = g.x.pixels < most_pixels[1];
    g.area = area[less_y][less_x];
    g.line = line[less_x];
    g.width = width[g.x.taps < most_taps[1]];
    return g;
  }
  TT_HOST_DEVICE int64_t rows() const { return channels; }
  TT_HOST_DEVICE int64_t cols() const { return batch * most_pixels[0] * most_pixels[1]; }
  TT_HOST_DEVICE int64_t cols(const Group& g) const { return batch * g.y.pixels * g.x.pixels; }
  int64_t depth() const { return int64_t{most_taps[0]} * most_taps[1] * chunks * kVectorOf<T>; }
  TT_HOST_DEVICE int64_t depth(const Group& g) const {
    return int64_t{g.y.taps} * g.x.taps * chunks * kVectorOf<T>;
  }

  TT_HOST_DEVICE Place place(const Group& g, int64_t col) const {
    const auto at = static_cast<uint32_t>(col), which = g.area(at), rest = at - which * g.area.divisor,
               row = g.line(rest);
    const int32_t y = g.y.first_out + static_cast<int32_t>(row) * axes[0].out_step,
                  x = g.x.first_out + static_cast<int32_t>(rest - row * g.line.divisor) * axes[1].out_step;
    return {which * channels * out_pixels, y * out_width + x};
  }
  // Without one, a negative zero, which changes nothing.
  TT_HOST_DEVICE A bias_of(int64_t row) const {
    return bias != nullptr && row < channels ? static_cast<A>(bias[row]) : A(-0.0f);
  }
  TT_HOST_DEVICE T finished(A value) const { return rectified(relu, static_cast<T>(value)); }
  TT_HOST_DEVICE void store(const Group& g, int64_t row, int64_t col, A value) const {
    const Place at = place(g, col);
    out[at.image + row * out_pixels + at.pixel] = finished(value + bias_of(row));
  }

 private:
  int32_t most_pixels[2], most_taps[2];
  // Where there is a phase with fewer, it has one less.
  FastDivide area[2][2], line[2], width[2];

  LastProblem(const ConvShape& s, int64_t depth_channels, int64_t channels_, const Chunk<T>* image_,
              const Chunk<T>* weight_, T* out_)
      : phased(false),
        phase_y(s, 0),
        phase_x(s, 1),
        window(static_cast<int32_t>(s.kernel[0] * s.kernel[1])),
        kernel_width(static_cast<int32_t>(s.kernel[1])),
        batch(s.batch),
        channels(channels_),
        chunks(static_cast<int32_t>(filled_up<T>(depth_channels) / kVectorOf<T>)),
        by_chunks(divide_by(chunks)),
        image(image_),
        weight(weight_),
        bias(nullptr),
        relu(false),
        out(out_) {}

  void set_out(int64_t height, int64_t width_, bool together) {
    out_width = static_cast<int32_t>(width_);
    out_pixels = height * width_;
    dense = together && out_pixels % kVectorOf<T> == 0 && reinterpret_cast<uintptr_t>(out) % 16 == 0;
    most_pixels[0] = phased ? phase_y.most_pixels() : static_cast<int32_t>(height);
    most_pixels[1] = phased ? phase_x.most_pixels() : out_width;
    most_taps[0] = phased ? phase_y.most_taps() : phase_y.kernel;
    most_taps[1] = phased ? phase_x.most_taps() : phase_x.kernel;
    for (int x = 0; x < 2; ++x) {
      line[x] = divide_by(most_pixels[1] - x);
      width[x] = divide_by(most_taps[1] - x);
      for (int y = 0; y < 2; ++y) {
        area[y][x] = divide_by(int64_t{most_pixels[0] - y} * (most_pixels[1] - x));
      }
    }
  }
  TT_HOST_DEVICE static LastPhase of_phase(const Phase& p) {
    return {p.out, p.pixels, p.tap, p.taps, p.first};
  }
};

template <typename T>
struct LastWeightProblem {
  using Element = T;
  using A = float;
  using Group = int64_t;

  int32_t size[2], stride[2], padding[2], dilation[2];
  int32_t window, kernel_width;
  int64_t outputs, inputs;
  int32_t row_chunks, col_chunks;  // that a pixel of the gradient and of the input has
  FastDivide area, line, by_chunks, by_width;
  int64_t pixels;               // of all images' outputs
  const Chunk<T>* grad_output;  // (pixels, row_chunks)
  const Chunk<T>* input;        // (batch, size[0], size[1], col_chunks)
  T* grad_weight;

  LastWeightProblem(const ConvShape& s, const Chunk<T>* grad_output_, const Chunk<T>* input_, T* grad_weight_)
      : window(static_cast<int32_t>(s.kernel[0] * s.kernel[1])),
        kernel_width(static_cast<int32_t>(s.kernel[1])),
        outputs(s.out_channels),
        inputs(s.in_channels),
        row_chunks(static_cast<int32_t>(filled_up<T>(outputs) / kVectorOf<T>)),
        col_chunks(static_cast<int32_t>(filled_up<T>(inputs) / kVectorOf<T>)),
        area(divide_by(s.out_height * s.out_width)),
        line(divide_by(s.out_width)),
        by_chunks(divide_by(col_chunks)),
        by_width(divide_by(kernel_width)),
        pixels(s.batch * s.out_height * s.out_width),
        grad_output(grad_output_),
        input(input_),
        grad_weight(grad_weight_) {
    for (int i = 0; i < 2; ++i) {
      size[i] = static_cast<int32_t>(i == 0 ? s.height : s.width);
      stride[i] = static_cast<int32_t>(s.stride[i]);
      padding[i] = static_cast<int32_t>(s.padding[i]);
      dilation[i] = static_cast<int32_t>(s.dilation[i]);
    }
  }

  int64_t groups() const { return 1; }
  TT_HOST_DEVICE Group group(int64_t i) const { return i; }
  TT_HOST_DEVICE int64_t rows() const { return outputs; }
  TT_HOST_DEVICE int64_t cols() const { return int64_t{window} * col_chunks * kVectorOf<T>; }
  TT_HOST_DEVICE int64_t cols(Group) const { return cols(); }
  TT_HOST_DEVICE int64_t depth() const { return pixels; }
  TT_HOST_DEVICE int64_t depth(Group) const { return depth(); }
  TT_HOST_DEVICE void store(Group, int64_t row, int64_t col, A value) const {
    const auto chunk = static_cast<uint32_t>(col) / kVectorOf<T>, tap = by_chunks(chunk);
    const int64_t channel = col - int64_t{tap} * col_chunks * kVectorOf<T>;
    if (channel < inputs) grad_weight[(row * inputs + channel) * window + tap] = static_cast<T>(value);
  }
};

}  // namespace tt::cuda
