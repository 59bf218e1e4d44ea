#include "cpu/runtime/kernels.h"
#include "device/random.h"

#include <algorithm>
#include <cmath>

#include "kernels/philox_fill.h"

// Box-Muller is compiled a second time for processors with fused multiply-add; the results are equal.
#if defined(__x86_64__) && !defined(__FMA__)
#define TT_FMA_VARIANT 1
#else
#define TT_FMA_VARIANT 0
#endif

namespace tt::cpu {

namespace {

template <typename T, typename Element>
void fill_words(T* out, int64_t n, philox::Start start, const Element& element) {
  using Word = typename Element::Word;
  constexpr int kPerBlock = philox::kWordsPerBlock<Word>;
  for (int64_t i = 0; i < n; i += kPerBlock) {
    const philox::Block b = philox::block(start, static_cast<uint64_t>(i / kPerBlock));
    const int64_t count = std::min<int64_t>(n - i, kPerBlock);
    for (int64_t j = 0; j < count; ++j) {
      out[i + j] = element(philox::word_of(b, static_cast<int>(j), Word()));
    }
  }
}

template <typename T>
[[gnu::always_inline]] inline void normal_body(T* out, int64_t n, philox::Start start, double mean,
                                               double std) {
  using C = philox::ComputeType<T>;
  constexpr int64_t kPerBlock = philox::kWordsPerBlock<philox::WordOf<T>>;
  for (int64_t i = 0; i < n; i += kPerBlock) {
    C samples[kPerBlock];
    philox::normal_samples(philox::block(start, static_cast<uint64_t>(i / kPerBlock)), samples);
    for (int64_t j = 0; j < kPerBlock && i + j < n; ++j) {
      out[i + j] = T(random_math::fma(samples[j], static_cast<C>(std), static_cast<C>(mean)));
    }
  }
}

#if TT_FMA_VARIANT
bool has_fma() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}

template <typename T>
[[gnu::target("avx2,fma")]] void normal_fma(T* out, int64_t n, philox::Start start, double mean, double std) {
  normal_body(out, n, start, mean, std);
}
#endif

template <typename T>
void fill_normal(T* out, int64_t n, philox::Start start, double mean, double std) {
#if TT_FMA_VARIANT
  if (has_fma()) return normal_fma(out, n, start, mean, std);
#endif
  normal_body(out, n, start, mean, std);
}

void fill_random(const call::FillRandom& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    T* values = static_cast<T*>(call.out);
    if (call.kind == RandomFill::kBernoulli) {
      return fill_words(values, call.n, call.start, philox::BernoulliElement<T>(call.a, call.b));
    }
    if constexpr (is_floating(DTypeOf<T>::value)) {
      switch (call.kind) {
        case RandomFill::kUniform:
          return fill_words(values, call.n, call.start, philox::UniformElement<T>(call.a, call.b));
        case RandomFill::kNormal:
          return fill_normal(values, call.n, call.start, call.a, call.b);
        case RandomFill::kExponential:
          return fill_words(values, call.n, call.start, philox::ExponentialElement<T>(call.a, call.b));
        case RandomFill::kBernoulli:
          return;
      }
    }
    fail(Status::kDtype, "random floating-point numbers are not implemented for ", call.dtype);
  });
}

void integers(const call::RandomIntegers& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    T* values = static_cast<T*>(call.out);
    if (philox::wide(call.range)) {
      fill_words(values, call.n, call.start, philox::IntegerElement<T, uint64_t>{call.range, call.base});
    } else {
      fill_words(values, call.n, call.start, philox::IntegerElement<T, uint32_t>{call.range, call.base});
    }
  });
}

namespace {

// Elements are read and written in blocks, so that what is done with them stands once and not for every
// dtype.
constexpr int64_t kBlock = 256;

// The elements [begin, begin + n) of a floating dtype, exactly.
void read_block(DType dtype, const void* from, int64_t begin, int64_t n, double* to) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (is_floating(DTypeOf<T>::value)) {
      const T* const values = static_cast<const T*>(from) + begin;
      for (int64_t i = 0; i < n; ++i)
        to[i] = static_cast<double>(static_cast<philox::ComputeType<T>>(values[i]));
    } else {
      fail(Status::kDtype, "probabilities cannot be ", dtype);
    }
  });
}

void write_block(DType dtype, const bool* from, int64_t n, void* to, int64_t begin) {
  visit_dtype(dtype, [&]<typename T>() {
    T* const values = static_cast<T*>(to) + begin;
    for (int64_t i = 0; i < n; ++i) values[i] = T(static_cast<philox::ComputeType<T>>(from[i]));
  });
}

// fn(element, word) for the elements of a fill of two words each.
template <typename F>
void for_each_word64(int64_t n, philox::Start start, F&& fn) {
  for (int64_t i = 0; i < n; i += 2) {
    const philox::Block b = philox::block(start, static_cast<uint64_t>(i / 2));
    for (int j = 0; j < 2 && i + j < n; ++j) fn(i + j, philox::word_of(b, j, uint64_t{}));
  }
}

}  // namespace

void bernoulli(const call::Bernoulli& call) {
  double chances[kBlock];
  bool ones[kBlock];
  for (int64_t begin = 0; begin < call.n; begin += kBlock) {
    const int64_t count = std::min(kBlock, call.n - begin);
    read_block(call.p_dtype, call.p, begin, count, chances);
    for (int64_t i = 0; i < count; i += 4) {
      const philox::Block b = philox::block(call.start, static_cast<uint64_t>((begin + i) / 4));
      for (int64_t j = i; j < std::min(i + 4, count); ++j) {
        ones[j] = philox::bernoulli(b.word[j - i], chances[j]);
      }
    }
    write_block(call.dtype, ones, count, call.out, begin);
  }
}

void multinomial_race(const call::MultinomialRace& call) {
  // The weights lie where the times will.
  double most = 0;
  read_block(call.dtype, call.weights, 0, call.rows * call.categories, call.out);
  for_each_word64(call.rows * call.categories, call.start, [&](int64_t i, uint64_t word) {
    if (i % call.categories == 0) read_block(call.dtype, call.greatest, i / call.categories, 1, &most);
    call.out[i] = philox::race_time(word, call.out[i], most);
  });
}

void multinomial_shares(const call::MultinomialShares& call) {
  const double scale = std::ldexp(1.0, philox::share_bits(call.categories));
  double values[kBlock];
  for (int64_t row = 0; row < call.rows; ++row) {
    double most = 0;
    read_block(call.dtype, call.greatest, row, 1, &most);
    for (int64_t begin = 0; begin < call.categories; begin += kBlock) {
      const int64_t count = std::min(kBlock, call.categories - begin);
      read_block(call.dtype, call.weights, row * call.categories + begin, count, values);
      for (int64_t i = 0; i < count; ++i) {
        call.out[row * call.categories + begin + i] = philox::weight_share(values[i], most, scale);
      }
    }
  }
}

void multinomial_categories(const call::MultinomialCategories& call) {
  for_each_word64(call.rows * call.samples, call.start, [=](int64_t i, uint64_t word) {
    call.out[i] =
        philox::category_of(word, call.cumulated + i / call.samples * call.categories, call.categories);
  });
}

}  // namespace

void add_random(KernelTable& table) {
  table.add<call::FillRandom>(fill_random);
  table.add<call::RandomIntegers>(integers);
  table.add<call::Bernoulli>(bernoulli);
  table.add<call::MultinomialRace>(multinomial_race);
  table.add<call::MultinomialShares>(multinomial_shares);
  table.add<call::MultinomialCategories>(multinomial_categories);
}

}  // namespace tt::cpu
