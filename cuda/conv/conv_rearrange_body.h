// Tensors with the channels last, for conv_last_body.h: several in one launch. What is rearranged may be
// masked by ReLU's result and summed up by channels on the way, for gradients.
#pragma once

#include "cuda/conv/conv_direct_body.h"
#include "cuda/conv/conv_last_math.h"

namespace tt::cuda {

// (images, channels, pixels) to (images * pixels, filled_up(channels)).
template <typename T>
struct Rearrangement {
  static constexpr int kPixels = 64, kChannels = 128 / static_cast<int>(sizeof(T));  // of a tile
  static constexpr int64_t kMostTiles = 8;                                           // of a block

  const T* from;
  const T* output;  // ReLU's result, by which `from` is masked; may be null
  Chunk<T>* to;
  double* sums;                     // (channels, slices) of the pixels; null: nobody asks
  int64_t channels, pixels, count;  // count: of the pixels of all images
  int64_t chunks;
  FastDivide area;
  int64_t across;  // tiles side by side for the channels
  int64_t tiles;   // one after another, that a block does
  int64_t slices;  // blocks one after another

  Rearrangement() = default;
  Rearrangement(int64_t images, int64_t channels_, int64_t pixels_, const T* from_, Chunk<T>* to_)
      : from(from_),
        output(nullptr),
        to(to_),
        sums(nullptr),
        channels(channels_),
        pixels(pixels_),
        count(images * pixels_),
        chunks(filled_up<T>(channels_) / kVectorOf<T>),
        area(divide_by(pixels_)),
        across(ceil_div(channels_, kChannels)) {
    // Several where there are enough blocks without.
    const int64_t all = ceil_div(count, kPixels), spare = all * across / 2048;
    tiles = spare < 1 ? 1 : spare > kMostTiles ? kMostTiles : spare;
    slices = ceil_div(all, tiles);
  }
  int64_t blocks() const { return across * slices; }
};

template <typename T>
struct Rearrange {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using Plan = Rearrangement<T>;
  using A = Compute<T>;
  static constexpr int kWarps = kThreads / 32, kEachChannels = Plan::kChannels / kWarps,
                       kEachPixels = Plan::kPixels / 32, kTileChunks = Plan::kChannels / kVectorOf<T>;
  // The odd step spreads channels over the banks.
  struct Shared {
    T tile[Plan::kChannels][Plan::kPixels + 1];
  };
  static constexpr int kMost = 3;

  Plan plans[kMost];
  int count = 0;
  bool round;  // to TF32

  explicit Rearrange(bool round_) : round(round_) {}
  void add(const Plan& plan) { plans[count++] = plan; }
  int64_t blocks() const {
    int64_t n = 0;
    for (int i = 0; i < count; ++i) n += plans[i].blocks();
    return n;
  }

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    int64_t index = block.index(), which = 0;
    while (index >= plans[which].across * plans[which].slices) {
      index -= plans[which].across * plans[which].slices;
      ++which;
    }
    const Plan& plan = plans[which];
    const int64_t slice = index / plan.across, first_channel = index % plan.across * Plan::kChannels;
    const int warp = block.thread() / 32, lane = block.thread() % 32;
    A sums[kEachChannels] = {};
    for (int64_t tile = slice * plan.tiles; tile < (slice + 1) * plan.tiles; ++tile) {
      const int64_t first = tile * Plan::kPixels;
      if (first >= plan.count) break;
      T values[kEachPixels][kEachChannels];
      TT_UNROLL
      for (int p = 0; p < kEachPixels; ++p) {
        const int64_t pixel = first + lane + 32 * p;
        const auto image = static_cast<int64_t>(plan.area(static_cast<uint32_t>(pixel)));
        const int64_t at =
            (image * plan.channels + first_channel) * plan.pixels + pixel - image * plan.pixels;
        TT_UNROLL
        for (int c = 0; c < kEachChannels; ++c) {
          const int channel = warp + c * kWarps;
          const bool inside = pixel < plan.count && first_channel + channel < plan.channels;
          values[p][c] = inside ? plan.from[at + channel * plan.pixels] : T(0);
        }
        if (plan.output != nullptr) {
          TT_UNROLL
          for (int c = 0; c < kEachChannels; ++c) {
            const int channel = warp + c * kWarps;
            if (pixel < plan.count && first_channel + channel < plan.channels) {
              values[p][c] = let_through(plan.output[at + channel * plan.pixels], values[p][c]);
            }
          }
        }
      }
      TT_UNROLL
      for (int p = 0; p < kEachPixels; ++p) {
        TT_UNROLL
        for (int c = 0; c < kEachChannels; ++c) {
          sums[c] += static_cast<A>(values[p][c]);
          shared.tile[warp + c * kWarps][lane + 32 * p] = prepared(values[p][c]);
        }
      }
      block.sync();
      TT_UNROLL
      for (int i = 0; i < Plan::kPixels * kTileChunks / kThreads; ++i) {
        const int at = block.thread() + i * kThreads, chunk = at % kTileChunks, pixel = at / kTileChunks;
        const int64_t to_chunk = first_channel / kVectorOf<T> + chunk;
        if (first + pixel >= plan.count || to_chunk >= plan.chunks) continue;
        Chunk<T> out;
        TT_UNROLL
        for (int e = 0; e < kVectorOf<T>; ++e) out.at[e] = shared.tile[chunk * kVectorOf<T> + e][pixel];
        plan.to[(first + pixel) * plan.chunks + to_chunk] = out;
      }
      block.sync();
    }
    if (plan.sums == nullptr) return;
    TT_UNROLL
    for (int c = 0; c < kEachChannels; ++c) {
      const Team<kThreads, false> team(block, 32);
      const double sum =
          team.reduce(block, static_cast<double>(sums[c]), static_cast<double*>(nullptr), Plus());
      const int64_t channel = first_channel + warp + c * kWarps;
      if (lane == 0 && channel < plan.channels) plan.sums[channel * plan.slices + slice] = sum;
    }
  }

 private:
  TT_HOST_DEVICE T prepared(T value) const {
    if constexpr (std::is_same_v<T, float>) {
      return round ? round_tf32(value) : value;
    } else {
      return value;
    }
  }
};

}  // namespace tt::cuda
