#include "cpu/random.h"

#include <algorithm>

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
    const philox::Block b = philox::block(start.seed, start.offset + static_cast<uint64_t>(i / kPerBlock));
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
    philox::normal_samples(philox::block(start.seed, start.offset + static_cast<uint64_t>(i / kPerBlock)),
                           samples);
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

}  // namespace tt::cpu
