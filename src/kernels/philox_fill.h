// The elements of the random fills from the words that are theirs, for host and device: what the
// kernels of device/random.h loop over. T is the element type; half types are computed in float.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/dtype.h"
#include "kernels/philox.h"

namespace tt::philox {

template <typename T>
inline constexpr bool kHalfType = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <typename T>
using ComputeType = std::conditional_t<kHalfType<T>, float, T>;
// What an element of a floating fill is made of.
template <typename T>
using WordOf = std::conditional_t<std::is_same_v<T, double>, uint64_t, uint32_t>;
// Elements that one block makes where each takes a word.
template <typename Word>
inline constexpr int kWordsPerBlock = sizeof(Word) == 4 ? 4 : 2;

// Word j of a block.
TT_HOST_DEVICE inline uint32_t word_of(const Block& b, int j, uint32_t) { return b.word[j]; }
TT_HOST_DEVICE inline uint64_t word_of(const Block& b, int j, uint64_t) {
  return join(b.word[2 * j], b.word[2 * j + 1]);
}

// A number that rounds up to the open end becomes the closed one.
template <typename T>
struct UniformElement {
  using Word = WordOf<T>;
  using C = ComputeType<T>;
  C low, high;
  TT_HOST_DEVICE UniformElement(double a, double b) : low(static_cast<C>(a)), high(static_cast<C>(b)) {}
  TT_HOST_DEVICE T operator()(Word word) const {
    const T value = T(random_math::fma(unit(word), high - low, low));
    return static_cast<C>(value) == static_cast<C>(T(high)) ? T(low) : value;
  }
};

template <typename T>
struct ExponentialElement {
  using Word = WordOf<T>;
  using C = ComputeType<T>;
  C rate;
  TT_HOST_DEVICE ExponentialElement(double a, double) : rate(static_cast<C>(a)) {}
  TT_HOST_DEVICE T operator()(Word word) const { return T(exponential(word, rate)); }
};

template <typename T>
struct BernoulliElement {
  using Word = uint32_t;
  using C = ComputeType<T>;
  double p;
  T one;
  TT_HOST_DEVICE BernoulliElement(double a, double b) : p(a), one(T(static_cast<C>(b))) {}
  TT_HOST_DEVICE T operator()(Word word) const { return bernoulli(word, p) ? one : T(C(0)); }
};

// What multinomial makes of a weight: its part of the row's greatest. Nothing is left of what is no weight,
// or of a row that has none.
TT_HOST_DEVICE inline bool is_weight(double weight) {
  return weight >= 0 && weight < std::numeric_limits<double>::infinity();
}
TT_HOST_DEVICE inline double weight_part(double weight, double greatest) {
  return is_weight(weight) && is_weight(greatest) && greatest > 0 ? weight / greatest : 0.0;
}
TT_HOST_DEVICE inline double race_time(uint64_t word, double weight, double greatest) {
  return weight_part(weight, greatest) / exponential(word, 1.0);
}
inline int share_bits(int64_t categories) {
  const int bits = 62 - std::bit_width(static_cast<uint64_t>(categories) - 1);
  return bits < 53 ? bits : 53;
}
// scale: 2^share_bits.
TT_HOST_DEVICE inline int64_t weight_share(double weight, double greatest, double scale) {
  return static_cast<int64_t>(weight_part(weight, greatest) * scale);
}
// The category that a word falls on; 0 where there is nothing to fall on.
TT_HOST_DEVICE inline int64_t category_of(uint64_t word, const int64_t* cumulated, int64_t categories) {
  const int64_t sum = cumulated[categories - 1];
  if (sum <= 0) return 0;
  const auto at = static_cast<int64_t>(below(word, static_cast<uint64_t>(sum)));
  int64_t low = 0;
  int64_t high = categories - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (cumulated[middle] > at) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Word_: 32 bits below kWideRange, else 64.
template <typename T, typename Word_>
struct IntegerElement {
  using Word = Word_;
  uint64_t range;
  int64_t base;
  TT_HOST_DEVICE T operator()(Word word) const {
    const auto value = static_cast<int64_t>(below(word, range) + static_cast<uint64_t>(base));
    if constexpr (kHalfType<T>) {
      return T(static_cast<float>(value));
    } else {
      return static_cast<T>(value);
    }
  }
};

// The samples of one block of a normal fill, before mean and standard deviation.
TT_HOST_DEVICE inline void normal_samples(const Block& b, float (&out)[4]) {
  const auto first = box_muller(b.word[0], b.word[1]);
  const auto second = box_muller(b.word[2], b.word[3]);
  out[0] = first.cos;
  out[1] = first.sin;
  out[2] = second.cos;
  out[3] = second.sin;
}
TT_HOST_DEVICE inline void normal_samples(const Block& b, double (&out)[2]) {
  const auto pair = box_muller(join(b.word[0], b.word[1]), join(b.word[2], b.word[3]));
  out[0] = pair.cos;
  out[1] = pair.sin;
}

}  // namespace tt::philox
