#include "cpu/random.h"

#include <algorithm>
#include <cmath>

#include "core/philox_fill.h"

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

}  // namespace

void CpuRandom::fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
                     double b) {
  visit_dtype(dtype, [&]<typename T>() {
    T* values = static_cast<T*>(out);
    if (kind == RandomFill::kBernoulli) {
      return fill_words(values, n, start, philox::BernoulliElement<T>(a, b));
    }
    if constexpr (is_floating(DTypeOf<T>::value)) {
      switch (kind) {
        case RandomFill::kUniform:
          return fill_words(values, n, start, philox::UniformElement<T>(a, b));
        case RandomFill::kNormal:
          return fill_normal(values, n, start, a, b);
        case RandomFill::kExponential:
          return fill_words(values, n, start, philox::ExponentialElement<T>(a, b));
        case RandomFill::kBernoulli:
          return;
      }
    }
    fail(Status::kDtype, "random floating-point numbers are not implemented for ", dtype);
  });
}

void CpuRandom::integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                         int64_t base) {
  visit_dtype(dtype, [&]<typename T>() {
    T* values = static_cast<T*>(out);
    if (philox::wide(range)) {
      fill_words(values, n, start, philox::IntegerElement<T, uint64_t>{range, base});
    } else {
      fill_words(values, n, start, philox::IntegerElement<T, uint32_t>{range, base});
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

void CpuRandom::bernoulli(DType dtype, void* out, DType p_dtype, const void* p, int64_t n,
                          philox::Start start) {
  double chances[kBlock];
  bool ones[kBlock];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = std::min(kBlock, n - begin);
    read_block(p_dtype, p, begin, count, chances);
    for (int64_t i = 0; i < count; i += 4) {
      const philox::Block b = philox::block(start, static_cast<uint64_t>((begin + i) / 4));
      for (int64_t j = i; j < std::min(i + 4, count); ++j) {
        ones[j] = philox::bernoulli(b.word[j - i], chances[j]);
      }
    }
    write_block(dtype, ones, count, out, begin);
  }
}

void CpuRandom::race(DType dtype, const void* weights, const void* greatest, int64_t rows, int64_t categories,
                     philox::Start start, double* out) {
  // The weights lie where the times will.
  double most = 0;
  read_block(dtype, weights, 0, rows * categories, out);
  for_each_word64(rows * categories, start, [&](int64_t i, uint64_t word) {
    if (i % categories == 0) read_block(dtype, greatest, i / categories, 1, &most);
    out[i] = philox::race_time(word, out[i], most);
  });
}

void CpuRandom::shares(DType dtype, const void* weights, const void* greatest, int64_t rows,
                       int64_t categories, int64_t* out) {
  const double scale = std::ldexp(1.0, philox::share_bits(categories));
  double values[kBlock];
  for (int64_t row = 0; row < rows; ++row) {
    double most = 0;
    read_block(dtype, greatest, row, 1, &most);
    for (int64_t begin = 0; begin < categories; begin += kBlock) {
      const int64_t count = std::min(kBlock, categories - begin);
      read_block(dtype, weights, row * categories + begin, count, values);
      for (int64_t i = 0; i < count; ++i) {
        out[row * categories + begin + i] = philox::weight_share(values[i], most, scale);
      }
    }
  }
}

void CpuRandom::categories(const int64_t* cumulated, int64_t rows, int64_t categories, int64_t samples,
                           philox::Start start, int64_t* out) {
  for_each_word64(rows * samples, start, [=](int64_t i, uint64_t word) {
    out[i] = philox::category_of(word, cumulated + i / samples * categories, categories);
  });
}

}  // namespace tt::cpu
