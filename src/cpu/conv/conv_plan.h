// What the fast convolutions share: the choice of loops, packed weights, the split of the work.
#pragma once

#include <algorithm>

#include "device/conv.h"
#include "base/parallel.h"
#include "cpu/conv/conv_pass.h"
#include "cpu/runtime/round.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

struct ConvPlan {
  bool by_pixels;
  int64_t block;
};

// The cheaper way to compute a grid of rows x cols pixels for `channels` channels, in cycles of one vector
// operation.
template <typename T>
ConvPlan plan_pass(const ConvLoops<T>& loops, int64_t rows, int64_t cols, int64_t channels, int64_t taps) {
  ConvPlan best{true, 1};
  double least = 0;
  const double vectors = static_cast<double>(rows * ceil_div(cols, loops.lanes));
  for (int64_t block = 1; block <= loops.max_pixel_block; ++block) {
    // A tile costs its products or its loads, whichever are more.
    const auto products = static_cast<double>(block * loops.pixel_vectors);
    const auto loads = static_cast<double>(block + loops.pixel_vectors);
    const double per_vector = std::max(products, loads) / static_cast<double>(loops.pixel_vectors);
    const double cost = static_cast<double>(ceil_div(channels, block)) * vectors *
                        (per_vector * static_cast<double>(taps) + 2.0 * static_cast<double>(block));
    if (block == 1 || cost < least) {
      least = cost;
      best.block = block;
    }
  }
  const int64_t tiles = ceil_div(cols, loops.tile_pixels);
  for (int64_t block = loops.lanes; block <= loops.max_channel_block; block += loops.lanes) {
    const int64_t registers = block / loops.lanes;
    const double pixels = static_cast<double>(cols) / static_cast<double>(tiles);
    const double products = std::max(pixels * static_cast<double>(registers), 4.0);
    const double loads = pixels + static_cast<double>(registers);
    const double cost = static_cast<double>(ceil_div(channels, block) * rows * tiles) *
                            std::max(products, loads) * static_cast<double>(taps) +
                        0.6 * static_cast<double>(channels * rows * cols);
    if (cost < least) {
      least = cost;
      best = {false, block};
    }
  }
  return best;
}

// weights of `channels` channels as [channels / block][taps][block], zero beyond the channels;
// value(channel, tap) gives one.
template <typename T, typename F>
void pack_weights(int64_t channels, int64_t taps, int64_t block, T* to, F&& value) {
  for (int64_t first = 0; first < channels; first += block) {
    const int64_t count = std::min(block, channels - first);
    for (int64_t t = 0; t < taps; ++t, to += block) {
      for (int64_t c = 0; c < count; ++c) to[c] = value(first + c, t);
      std::fill(to + count, to + block, T(0));
    }
  }
}

// How many threads a convolution of so many products is worth.
inline int64_t conv_threads(double products) {
  return std::clamp<int64_t>(static_cast<int64_t>(products / 200000), 1, num_threads());
}

// Elements of a copied image with the room behind it that vectors reach into, in whole cache lines.
template <typename T>
int64_t image_elements(const ConvImage& image, const ConvLoops<T>& loops) {
  return ceil_div(image.elements() + loops.lanes, 64) * 64;
}

}  // namespace tt::cpu
