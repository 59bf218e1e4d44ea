// The loops of conv_pass.h, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/conv/conv_simd.cpp"
#define TT_CPU_WITHOUT_SVE
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "cpu/conv/conv_pass.h"
#include "cpu/runtime/independent.h"
#include "cpu/runtime/simd_transpose.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sums that stay in registers: 32 registers with AVX-512 and NEON, else 16.
#if HWY_ARCH_X86
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3;
#else
constexpr bool kManyRegisters = true;
#endif
constexpr int kPixelBlock = 6;                               // channels by pixels
constexpr int kPixelVectors = kManyRegisters ? 4 : 2;        // vectors of pixels
constexpr int kTilePixels = kManyRegisters ? 14 : 6;         // pixels by channels
constexpr int kChannelVectors = 2;                           // vectors of channels
constexpr int kWeightTaps = kManyRegisters ? 4 : 2;          // weight gradient by pixels: taps
constexpr int kWeightChannelTaps = kManyRegisters ? 12 : 5;  // and by channels
// Weights of this many taps stay in the cache while the pixels pass by.
constexpr int64_t kChunkTaps = 2048;

template <typename T>
using D = hn::ScalableTag<T>;
template <typename T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D<T>()));

// ---- small helpers ----

// The first n lanes, the others zero, without a look at what lies behind them. Only AVX2 and AVX-512 have
// such a load that takes any address.
template <typename T>
HWY_INLINE hn::Vec<D<T>> load_first(const T* from, int64_t n) {
  const D<T> d;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(n)), d, from);
#else
  HWY_ALIGN T lanes[kLanes<T>] = {};
  std::copy(from, from + n, lanes);
  return hn::Load(d, lanes);
#endif
}

template <typename T, class V>
HWY_INLINE void store_first(V value, T* to, int64_t n) {
  const D<T> d;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(n)), d, to);
#else
  HWY_ALIGN T lanes[kLanes<T>];
  hn::Store(value, d, lanes);
  std::copy(lanes, lanes + n, to);
#endif
}

template <typename T>
void add(T* to, const T* from, int64_t n) {
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

template <typename T>
T sum(const T* values, int64_t n) {
  const D<T> d;
  auto a = hn::Zero(d), b = a;
  int64_t i = 0;
  for (; i + 2 * kLanes<T> <= n; i += 2 * kLanes<T>) {
    a = hn::Add(a, hn::LoadU(d, values + i));
    b = hn::Add(b, hn::LoadU(d, values + i + kLanes<T>));
  }
  T total = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; i < n; ++i) total += values[i];
  return total;
}

// Columns first, first + 2, ... of a row of the copy with two phases, where `source` has them.
template <typename T>
void split_two(const T* source, int64_t n, T* even, T* odd) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const D<T> d;
  for (; i + 2 * kLanes<T> <= n; i += 2 * kLanes<T>) {
    hn::Vec<D<T>> a, b;
    hn::LoadInterleaved2(d, source + i, a, b);
    hn::StoreU(a, d, even + i / 2);
    hn::StoreU(b, d, odd + i / 2);
  }
#endif
  for (; i < n; ++i) {
    T* to = i % 2 == 0 ? even : odd;
    to[i / 2] = source[i];
  }
}

template <typename T>
void copy_image(const ConvImage& m, const T* source, T* to) {
  const int64_t cols = m.row();
  // Columns of the copy [left, right) lie inside the source.
  const int64_t left = std::clamp<int64_t>(-m.first_col, 0, cols);
  const int64_t right = std::clamp<int64_t>(m.source_width - m.first_col, left, cols);
  for (int64_t c = 0; c < m.channels; ++c) {
    for (int64_t y = 0; y < m.rows; ++y, to += cols) {
      const int64_t from_y = y + m.first_row;
      if (from_y < 0 || from_y >= m.source_height || left == right) {
        std::fill_n(to, cols, T(0));
        continue;
      }
      const T* row = source + (c * m.source_height + from_y) * m.source_width + m.first_col;
      if (m.phases == 1) {
        std::fill_n(to, left, T(0));
        std::copy(row + left, row + right, to + left);
        std::fill_n(to + right, cols - right, T(0));
        continue;
      }
      if (left > 0 || right < cols) std::fill_n(to, cols, T(0));
      if (m.phases == 2) {
        T* even = to + left % 2 * m.width + left / 2;
        T* odd = to + (left + 1) % 2 * m.width + (left + 1) / 2;
        split_two(row + left, right - left, even, odd);
      } else {
        for (int64_t x = left; x < right; ++x) to[x % m.phases * m.width + x / m.phases] = row[x];
      }
    }
  }
  std::fill_n(to, kLanes<T>, T(0));  // a last vector may reach beyond
}

// ---- by pixels ----

// sums[MR][NV] of one tile: NV vectors of pixels, MR channels.
template <typename T, int MR, int NV>
void pixel_tile(const T* const* pixels, const int64_t* offsets, int64_t taps, const T* weights, T* sums) {
  const D<T> d;
  hn::Vec<D<T>> acc[MR][NV];
#pragma GCC unroll 8
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[m][v] = hn::Zero(d);
  }
  for (int64_t t = 0; t < taps; ++t) {
    hn::Vec<D<T>> x[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) x[v] = hn::LoadU(d, pixels[v] + offsets[t]);
#pragma GCC unroll 8
    for (int m = 0; m < MR; ++m) {
      const auto w = hn::Set(d, weights[m]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[m][v] = hn::MulAdd(w, x[v], acc[m][v]);
    }
    weights += MR;
  }
#pragma GCC unroll 8
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) hn::StoreU(acc[m][v], d, sums + (m * NV + v) * kLanes<T>);
  }
}

template <typename T, int MR>
void pixel_block(const ConvPass<T>& p, int64_t block, int64_t begin, int64_t end) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  const int64_t row_vectors = (p.cols + kL - 1) / kL;
  const int64_t last = end * row_vectors;
  const T* weights = p.weights + block * p.taps * MR;
  const int64_t first_channel = block * MR;
  const auto count = static_cast<int>(std::min<int64_t>(MR, p.channels - first_channel));
  HWY_ALIGN T sums[MR * kPixelVectors * kL];
  int64_t row = begin, col = 0;
  for (int64_t at = begin * row_vectors; at < last;) {
    const T* pixels[kPixelVectors];
    T* outs[kPixelVectors];
    int64_t width[kPixelVectors];
    int n = 0;
    for (; n < kPixelVectors && at < last; ++n, ++at) {
      pixels[n] = p.image + row * p.row_step + col;
      outs[n] = p.out + first_channel * p.out_channel + row * p.out_row + col * p.out_col;
      width[n] = std::min(kL, p.cols - col);
      col += kL;
      if (col >= p.cols) {
        col = 0;
        ++row;
      }
    }
    if (n == kPixelVectors) {
      pixel_tile<T, MR, kPixelVectors>(pixels, p.offsets, p.taps, weights, sums);
    } else {
      if constexpr (kPixelVectors == 4) {
        if (n == 3) pixel_tile<T, MR, 3>(pixels, p.offsets, p.taps, weights, sums);
        if (n == 2) pixel_tile<T, MR, 2>(pixels, p.offsets, p.taps, weights, sums);
      }
      if (n == 1) pixel_tile<T, MR, 1>(pixels, p.offsets, p.taps, weights, sums);
    }
    for (int m = 0; m < count; ++m) {
      const auto bias = hn::Set(d, p.bias != nullptr ? p.bias[first_channel + m] : T(0));
      for (int v = 0; v < n; ++v) {
        const auto value = hn::Add(hn::LoadU(d, sums + (m * n + v) * kL), bias);
        T* out = outs[v] + m * p.out_channel;
        if (p.out_col == 1) {
          if (width[v] == kL) {
            hn::StoreU(value, d, out);
          } else {
            store_first(value, out, width[v]);
          }
        } else {
          HWY_ALIGN T lanes[kL];
          hn::Store(value, d, lanes);
          for (int64_t i = 0; i < width[v]; ++i) out[i * p.out_col] = lanes[i];
        }
      }
    }
  }
}

// Calls body with an integral constant equal to n, which lies in 1..kMax.
template <int kMax, typename F>
HWY_INLINE void with_constant(int64_t n, F&& body) {
  if constexpr (kMax == 1) {
    body(std::integral_constant<int, 1>());
  } else {
    if (n == kMax) {
      body(std::integral_constant<int, kMax>());
    } else {
      with_constant<kMax - 1>(n, body);
    }
  }
}

template <typename T>
void by_pixels(const ConvPass<T>& p, int64_t begin, int64_t end) {
  with_constant<kPixelBlock>(p.block, [&](auto constant) {
    constexpr int kBlock = decltype(constant)::value;
    for (int64_t b = 0; b * kBlock < p.channels; ++b) pixel_block<T, kBlock>(p, b, begin, end);
  });
}

// ---- by channels ----

// sums[Q][KV vectors] (+)= over the taps, for Q pixels side by side.
template <typename T, int Q, int KV>
void channel_tile(const T* pixels, const int64_t* offsets, int64_t taps, const T* weights, T* sums,
                  bool more) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  hn::Vec<D<T>> acc[Q][KV];
#pragma GCC unroll 16
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 2
    for (int v = 0; v < KV; ++v) {
      acc[q][v] = more ? hn::LoadU(d, sums + (q * KV + v) * kL) : hn::Zero(d);
    }
  }
  for (int64_t t = 0; t < taps; ++t) {
    const T* x = pixels + offsets[t];
    hn::Vec<D<T>> w[KV];
#pragma GCC unroll 2
    for (int v = 0; v < KV; ++v) w[v] = hn::LoadU(d, weights + v * kL);
#pragma GCC unroll 16
    for (int q = 0; q < Q; ++q) {
      const auto value = hn::Set(d, x[q]);
#pragma GCC unroll 2
      for (int v = 0; v < KV; ++v) acc[q][v] = hn::MulAdd(w[v], value, acc[q][v]);
    }
    weights += KV * kL;
  }
#pragma GCC unroll 16
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 2
    for (int v = 0; v < KV; ++v) hn::StoreU(acc[q][v], d, sums + (q * KV + v) * kL);
  }
}

// Sums of a band of rows, [pixels][block], to their places.
template <typename T>
void write_band(const ConvPass<T>& p, int64_t first_channel, int64_t row, int64_t rows, T* sums) {
  const int64_t count = std::min(p.block, p.channels - first_channel);
  const int64_t pixels = rows * p.cols;
  if (p.bias != nullptr) {
    const T* bias = p.bias + first_channel;
    for (int64_t i = 0; i < pixels; ++i) {
      TT_INDEPENDENT
      for (int64_t c = 0; c < count; ++c) sums[i * p.block + c] += bias[c];
    }
  }
  T* out = p.out + first_channel * p.out_channel + row * p.out_row;
  if (p.out_col == 1 && (p.out_row == p.cols || rows == 1)) {
    transpose(sums, p.block, pixels, count, out, p.out_channel);
    return;
  }
  for (int64_t y = 0; y < rows; ++y, out += p.out_row, sums += p.cols * p.block) {
    if (p.out_col == 1) {
      transpose(sums, p.block, p.cols, count, out, p.out_channel);
      continue;
    }
    for (int64_t c = 0; c < count; ++c) {
      for (int64_t x = 0; x < p.cols; ++x) out[c * p.out_channel + x * p.out_col] = sums[x * p.block + c];
    }
  }
}

template <typename T>
void by_channels(const ConvPass<T>& p, int64_t begin, int64_t end, T* scratch) {
  const int64_t tiles = (p.cols + kTilePixels - 1) / kTilePixels;
  const int64_t band = conv_band_rows(p.cols);
  for (int64_t b = 0; b * p.block < p.channels; ++b) {
    const T* weights = p.weights + b * p.taps * p.block;
    for (int64_t row = begin; row < end; row += band) {
      const int64_t rows = std::min(band, end - row);
      int64_t tap = 0;
      do {
        const int64_t taps = std::min(kChunkTaps, p.taps - tap);
        for (int64_t y = 0; y < rows; ++y) {
          int64_t x = 0;
          for (int64_t i = 0; i < tiles; ++i) {
            const int64_t next = p.cols * (i + 1) / tiles;
            const T* pixels = p.image + (row + y) * p.row_step + x;
            T* sums = scratch + (y * p.cols + x) * p.block;
            with_constant<kTilePixels>(next - x, [&](auto constant) {
              constexpr int kQ = decltype(constant)::value;
              if (p.block == kLanes<T>) {
                channel_tile<T, kQ, 1>(pixels, p.offsets + tap, taps, weights + tap * p.block, sums, tap > 0);
              } else {
                channel_tile<T, kQ, kChannelVectors>(pixels, p.offsets + tap, taps, weights + tap * p.block,
                                                     sums, tap > 0);
              }
            });
            x = next;
          }
        }
        tap += taps;
      } while (tap < p.taps);
      write_band(p, b * p.block, row, rows, scratch);
    }
  }
}

// ---- weight gradient ----

// sums[MR][TB] += the products of MR channels' gradients and the pixels under TB taps, over the grid.
template <typename T, int MR, int TB>
void weight_pixel_tile(const ConvWeightPass<T>& p, int64_t channel, int64_t tap) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  const int64_t plane = p.rows * p.cols;
  T* sums = p.sums + (channel * p.taps + tap) * kL;
  hn::Vec<D<T>> acc[MR][TB];
#pragma GCC unroll 8
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int t = 0; t < TB; ++t) acc[m][t] = hn::LoadU(d, sums + (m * p.taps + t) * kL);
  }
  const int64_t full = p.cols / kL * kL;
  const int64_t tail = p.cols - full;
  for (int64_t y = 0; y < p.rows; ++y) {
    const T* image = p.image + y * p.row_step;
    const T* grad = p.grad + channel * plane + y * p.cols;
    const auto step = [&](int64_t x, auto load) HWY_ATTR {
      hn::Vec<D<T>> values[TB];
#pragma GCC unroll 8
      for (int t = 0; t < TB; ++t) values[t] = load(image + x + p.offsets[tap + t]);
#pragma GCC unroll 8
      for (int m = 0; m < MR; ++m) {
        const auto g = load(grad + m * plane + x);
#pragma GCC unroll 8
        for (int t = 0; t < TB; ++t) acc[m][t] = hn::MulAdd(g, values[t], acc[m][t]);
      }
    };
    for (int64_t x = 0; x < full; x += kL)
      step(x, [&](const T* from) HWY_ATTR { return hn::LoadU(d, from); });
    if (tail > 0) step(full, [&](const T* from) HWY_ATTR { return load_first(from, tail); });
  }
#pragma GCC unroll 8
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int t = 0; t < TB; ++t) hn::StoreU(acc[m][t], d, sums + (m * p.taps + t) * kL);
  }
}

template <typename T>
void weight_by_pixels(const ConvWeightPass<T>& p, int64_t begin, int64_t end) {
  for (int64_t channel = 0; channel < p.channels; channel += kPixelBlock) {
    with_constant<kPixelBlock>(std::min<int64_t>(kPixelBlock, p.channels - channel), [&](auto channels) {
      for (int64_t tap = begin; tap < end; tap += kWeightTaps) {
        with_constant<kWeightTaps>(std::min<int64_t>(kWeightTaps, end - tap), [&](auto taps) {
          weight_pixel_tile<T, decltype(channels)::value, decltype(taps)::value>(p, channel, tap);
        });
      }
    });
  }
}

// sums[TB][KV vectors] += the same, with the block's channels in the lanes.
template <typename T, int TB, int KV>
void weight_channel_tile(const ConvWeightPass<T>& p, int64_t block, int64_t tap) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  T* sums = p.sums + (block * p.taps + tap) * p.block;
  const T* grad = p.grad + block * p.rows * p.cols * p.block;
  hn::Vec<D<T>> acc[TB][KV];
#pragma GCC unroll 16
  for (int t = 0; t < TB; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < KV; ++v) acc[t][v] = hn::LoadU(d, sums + (t * KV + v) * kL);
  }
  for (int64_t y = 0; y < p.rows; ++y) {
    const T* image = p.image + y * p.row_step;
    for (int64_t x = 0; x < p.cols; ++x, grad += KV * kL) {
      hn::Vec<D<T>> g[KV];
#pragma GCC unroll 2
      for (int v = 0; v < KV; ++v) g[v] = hn::LoadU(d, grad + v * kL);
      const T* pixel = image + x;
#pragma GCC unroll 16
      for (int t = 0; t < TB; ++t) {
        const auto value = hn::Set(d, pixel[p.offsets[tap + t]]);
#pragma GCC unroll 2
        for (int v = 0; v < KV; ++v) acc[t][v] = hn::MulAdd(g[v], value, acc[t][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < TB; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < KV; ++v) hn::StoreU(acc[t][v], d, sums + (t * KV + v) * kL);
  }
}

template <typename T>
void weight_by_channels(const ConvWeightPass<T>& p, int64_t begin, int64_t end) {
  for (int64_t b = 0; b * p.block < p.channels; ++b) {
    for (int64_t tap = begin; tap < end; tap += kWeightChannelTaps) {
      with_constant<kWeightChannelTaps>(std::min<int64_t>(kWeightChannelTaps, end - tap), [&](auto taps) {
        constexpr int kTaps = decltype(taps)::value;
        if (p.block == kLanes<T>) {
          weight_channel_tile<T, kTaps, 1>(p, b, tap);
        } else {
          weight_channel_tile<T, kTaps, kChannelVectors>(p, b, tap);
        }
      });
    }
  }
}

template <typename T>
const ConvLoops<T>* get_conv_loops() {
  static const ConvLoops<T> loops = {kLanes<T>,
                                     kPixelBlock,
                                     kChannelVectors * kLanes<T>,
                                     kPixelVectors,
                                     kTilePixels,
                                     kWeightTaps,
                                     copy_image<T>,
                                     by_pixels<T>,
                                     by_channels<T>,
                                     weight_by_pixels<T>,
                                     weight_by_channels<T>,
                                     transpose<T>,
                                     add<T>,
                                     sum<T>};
  return &loops;
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

template <typename T>
const ConvLoops<T>& conv_loops() {
  static const ConvLoops<T>* const loops = TT_CPU_DISPATCH(get_conv_loops<T>)();
  return *loops;
}
template const ConvLoops<float>& conv_loops<float>();
template const ConvLoops<double>& conv_loops<double>();

}  // namespace tt::cpu
#endif
