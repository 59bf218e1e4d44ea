// The loops that every fast convolution is made of.
//
// An image is first copied, one group of channels at a time, with its padding and with columns apart by their
// place in the stride (ConvImage). Then any product of a convolution, whatever its stride and dilation, lies
// at a fixed offset from its pixel, and neighbouring pixels are neighbours in memory. A pass computes a grid
// of pixels for a block of channels, with vectors along the pixels of a row, where channels are few, or along
// the channels, where the rows are short. Forward is one pass; the data gradient is one for each place in the
// stride; the weight gradient runs the same loops with sums over pixels.
#pragma once

#include <cstdint>

namespace tt::cpu {

// Where the copy of one image and group lies: `channels` planes of `rows` rows; a row is `phases` runs of
// `width` elements, run p holding columns p, p + phases, ... Row and column 0 are first_row and first_col of
// the source.
struct ConvImage {
  int64_t channels, rows, width, phases;
  int64_t first_row, first_col;
  int64_t source_height, source_width;

  int64_t row() const { return phases * width; }
  int64_t plane() const { return rows * row(); }
  int64_t elements() const { return channels * plane(); }
  // Of row `y` and column `x`, counted from the copy's first.
  int64_t offset(int64_t channel, int64_t y, int64_t x) const {
    return channel * plane() + y * row() + x % phases * width + x / phases;
  }
};

template <typename T>
struct ConvPass {
  const T* image;          // at the grid's first pixel
  int64_t row_step;        // from one of the grid's rows to the next
  const int64_t* offsets;  // of the taps, from the pixel
  int64_t taps;
  int64_t rows, cols;  // the grid
  int64_t channels;    // of the output
  int64_t block;       // channels that are computed together
  const T* weights;    // [channels / block, rounded up][taps][block], zero beyond the channels
  const T* bias;       // null: zeros
  T* out;
  int64_t out_channel, out_row, out_col;  // strides
};

// The weight gradient of one image and group.
template <typename T>
struct ConvWeightPass {
  const T* image;
  int64_t row_step;
  const int64_t* offsets;
  int64_t rows, cols;
  int64_t channels;
  int64_t block;
  const T* grad;  // by pixels: [channels][rows][cols]; by channels: [channels / block][rows * cols][block]
  T* sums;        // += by pixels: [channels][taps][lanes]; by channels: [channels / block][taps][block]
  int64_t taps;
};

// The loops of one instruction set.
template <typename T>
struct ConvLoops {
  int64_t lanes;
  int64_t max_pixel_block;    // channels in a block of by_pixels
  int64_t max_channel_block;  // and of by_channels: a multiple of lanes
  int64_t pixel_vectors;      // vectors of pixels that by_pixels computes together
  int64_t tile_pixels;        // pixels that by_channels computes together, at most
  int64_t weight_taps;        // taps that weight_by_pixels computes together

  void (*copy_image)(const ConvImage& image, const T* source, T* to);
  // Rows [begin, end) of the grid.
  void (*by_pixels)(const ConvPass<T>& pass, int64_t begin, int64_t end);
  void (*by_channels)(const ConvPass<T>& pass, int64_t begin, int64_t end, T* scratch);
  // Taps [begin, end).
  void (*weight_by_pixels)(const ConvWeightPass<T>& pass, int64_t begin, int64_t end);
  void (*weight_by_channels)(const ConvWeightPass<T>& pass, int64_t begin, int64_t end);
  // to[c * to_row + r] = from[r * from_row + c]
  void (*transpose)(const T* from, int64_t from_row, int64_t rows, int64_t cols, T* to, int64_t to_row);
  // to[i] += from[i]
  void (*add)(T* to, const T* from, int64_t n);
  T (*sum)(const T* values, int64_t n);
};

template <typename T>
const ConvLoops<T>& conv_loops();

// by_channels keeps the sums of this many rows of the grid: the elements of its scratch are rows * cols *
// block.
inline int64_t conv_band_rows(int64_t cols) { return cols >= 256 ? 1 : 256 / cols; }

}  // namespace tt::cpu
