// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and what
// is made of its words. Pure functions of (seed, offset, i), for host and device: element i of a fill is the
// same number whoever computes it, in whatever order.
//
// Block b of a seed is Philox with key (low, high half of the seed) and counter (low, high half of b, 0, 0):
// four words w0..w3. A fill of n elements that starts at the generator's offset o reads
//
//   what                                       words an element   element i reads              blocks used
//   uniform, bernoulli, exponential,           1                  word i % 4 of block o + i/4  ceil(n / 4)
//   randint of a range below 2^28; float types
//   the same in double (bernoulli: never),     2                  words 2(i % 2), 2(i % 2) + 1 ceil(n / 2)
//   randint of a larger range                                     of block o + i/2
//   normal, float types                        4 for 4            Box-Muller, below            ceil(n / 4)
//   normal, double                             4 for 2            Box-Muller, below            ceil(n / 2)
//
// Two words w, v make the 64-bit number w * 2^32 + v. half and bfloat16 elements are the float's, rounded.
//
//   uniform      x = (w >> 8) / 2^24 (double: (wv >> 11) / 2^53), then fma(x, to - from, from), `to` becoming
//   `from` open         ((w >> 9) + 1/2) / 2^23 (double: ((wv >> 12) + 1/2) / 2^52): strictly between 0 and 1
//   bernoulli(p) w / 2^32 < p, compared exactly in double
//   exponential  -log(open) / lambda
//   randint      from + floor(w * range / 2^32), or floor(wv * range / 2^64)
//   normal       r = sqrt(-2 log open(a)), t = uniform(b): the even element is r cos(2 pi t), the odd one r
//   sin(2 pi t);
//                float: elements 4b, 4b+1 from a = w0, b = w1, elements 4b+2, 4b+3 from a = w2, b = w3;
//                double: elements 2b, 2b+1 from a = w0w1, b = w2w3; then fma(value, std, mean)
//
// What is made of such fills:
//
//   randperm(n)  the order in which n numbers, of randint over all int64, are sorted; equal ones by their
//                index. ceil(n / 2) blocks
//   multinomial  of rows of weights, each divided by its row's greatest in double: x.
//     one sample, or without replacement: the categories with the greatest x / exponential (rate 1, double),
//                in that order, equal ones by their index. An element for each weight
//     several with replacement: for each sample the first category c with floor(x_0 2^k) + ... +
//                floor(x_c 2^k) > floor(wv * sum / 2^64), where sum is that of the whole row, and k the
//                greatest number up to 53 with categories * 2^k <= 2^62. Sums of integers are exact in any
//                order. An element of two words for each sample
#pragma once

#include <cstdint>

#include "base/macros.h"
#include "kernels/random_math.h"

namespace tt::philox {

struct Block {
  uint32_t word[4];
};

// Where a fill begins: a seed, and the index of its first block.
struct Start {
  uint64_t seed;
  uint64_t offset;
  // In a fill that is captured into a graph: where in the device's memory every replay puts both.
  const uint64_t* live = nullptr;

  // Both as they are when a kernel runs; kernels ask nothing else.
  TT_HOST_DEVICE Start resolve() const { return live == nullptr ? *this : Start{live[0], live[1], nullptr}; }
};

TT_HOST_DEVICE inline Block rounds(Block counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = static_cast<uint64_t>(counter.word[0]) * 0xd2511f53u;
    const uint64_t product1 = static_cast<uint64_t>(counter.word[2]) * 0xcd9e8d57u;
    counter = {
        {static_cast<uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return counter;
}

TT_HOST_DEVICE inline Block block(uint64_t seed, uint64_t index) {
  return rounds({{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0}},
                static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
}

// Block `index` of a fill.
TT_HOST_DEVICE inline Block block(const Start& start, uint64_t index) {
  const Start now = start.resolve();
  return block(now.seed, now.offset + index);
}

// The words that element i of a fill reads, where an element takes one or two.
TT_HOST_DEVICE inline uint32_t word32(uint64_t seed, uint64_t offset, uint64_t i) {
  return block(seed, offset + i / 4).word[i % 4];
}
TT_HOST_DEVICE inline uint64_t join(uint32_t high, uint32_t low) {
  return static_cast<uint64_t>(high) << 32 | low;
}
TT_HOST_DEVICE inline uint64_t word64(uint64_t seed, uint64_t offset, uint64_t i) {
  const Block b = block(seed, offset + i / 2);
  return i % 2 == 0 ? join(b.word[0], b.word[1]) : join(b.word[2], b.word[3]);
}

TT_HOST_DEVICE inline float unit(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
TT_HOST_DEVICE inline double unit(uint64_t word) { return static_cast<double>(word >> 11) * 0x1p-53; }
TT_HOST_DEVICE inline float open(uint32_t word) { return static_cast<float>((word >> 9) * 2 + 1) * 0x1p-24f; }
TT_HOST_DEVICE inline double open(uint64_t word) {
  return static_cast<double>((word >> 12) * 2 + 1) * 0x1p-53;
}

template <typename Word, typename T>
TT_HOST_DEVICE inline T uniform(Word word, T from, T to) {
  const T value = random_math::fma(unit(word), to - from, from);
  return value == to ? from : value;
}

TT_HOST_DEVICE inline bool bernoulli(uint32_t word, double p) {
  return static_cast<double>(word) * 0x1p-32 < p;
}

template <typename Word, typename T>
TT_HOST_DEVICE inline T exponential(Word word, T lambda) {
  return -random_math::log(open(word)) / lambda;
}

// A number in [0, range); range 0 stands for 2^64.
inline constexpr uint64_t kWideRange = uint64_t{1} << 28;
TT_HOST_DEVICE inline bool wide(uint64_t range) { return range == 0 || range >= kWideRange; }
TT_HOST_DEVICE inline uint64_t below(uint32_t word, uint64_t range) { return word * range >> 32; }
TT_HOST_DEVICE inline uint64_t below(uint64_t word, uint64_t range) {
  if (range == 0) return word;
#if defined(__CUDA_ARCH__)
  return __umul64hi(word, range);
#else
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>(static_cast<Wide>(word) * range >> 64);
#endif
}

// Two normal samples.
template <typename Word>
TT_HOST_DEVICE inline auto box_muller(Word a, Word b) {
  auto pair = random_math::sincos_turns(unit(b));
  const auto radius = random_math::sqrt(-2 * random_math::log(open(a)));
  pair.sin *= radius;
  pair.cos *= radius;
  return pair;
}

// Element i of a normal fill.
TT_HOST_DEVICE inline float normal(uint64_t seed, uint64_t offset, uint64_t i, float mean, float std) {
  const Block b = block(seed, offset + i / 4);
  const auto pair = i % 4 < 2 ? box_muller(b.word[0], b.word[1]) : box_muller(b.word[2], b.word[3]);
  return random_math::fma(i % 2 == 0 ? pair.cos : pair.sin, std, mean);
}
TT_HOST_DEVICE inline double normal(uint64_t seed, uint64_t offset, uint64_t i, double mean, double std) {
  const Block b = block(seed, offset + i / 2);
  const auto pair = box_muller(join(b.word[0], b.word[1]), join(b.word[2], b.word[3]));
  return random_math::fma(i % 2 == 0 ? pair.cos : pair.sin, std, mean);
}

}  // namespace tt::philox
