#include "cuda/random.h"

#include "core/philox_fill.h"
#include "cuda/for_each.cuh"

namespace tt::cuda {

namespace {

// Number b of the functors below is a block of words, which makes up to four elements.
template <typename T, typename Element>
struct FillWords {
  T* out;
  int64_t n;
  philox::Start start;
  Element element;

  TT_HOST_DEVICE void operator()(int64_t b) const {
    using Word = typename Element::Word;
    constexpr int kPerBlock = philox::kWordsPerBlock<Word>;
    const philox::Start now = start.resolve();
    const philox::Block words = philox::block(now.seed, now.offset + static_cast<uint64_t>(b));
    for (int j = 0; j < kPerBlock; ++j) {
      const int64_t i = b * kPerBlock + j;
      if (i < n) out[i] = element(philox::word_of(words, j, Word()));
    }
  }
};

template <typename T>
struct FillNormal {
  using C = philox::ComputeType<T>;
  T* out;
  int64_t n;
  philox::Start start;
  C mean, std;

  TT_HOST_DEVICE void operator()(int64_t b) const {
    constexpr int kPerBlock = philox::kWordsPerBlock<philox::WordOf<T>>;
    C samples[kPerBlock];
    const philox::Start now = start.resolve();
    philox::normal_samples(philox::block(now.seed, now.offset + static_cast<uint64_t>(b)), samples);
    for (int j = 0; j < kPerBlock; ++j) {
      const int64_t i = b * kPerBlock + j;
      if (i < n) out[i] = T(random_math::fma(samples[j], std, mean));
    }
  }
};

template <typename T, typename Element>
void fill_words(T* out, int64_t n, philox::Start start, const Element& element) {
  constexpr int kPerBlock = philox::kWordsPerBlock<typename Element::Word>;
  for_each("random fill", (n + kPerBlock - 1) / kPerBlock, FillWords<T, Element>{out, n, start, element});
}

}  // namespace

void CudaRandom::fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
                      double b) {
  visit_dtype(dtype, [&]<typename T>() {
    T* values = static_cast<T*>(out);
    if (kind == RandomFill::kBernoulli) {
      return fill_words(values, n, start, philox::BernoulliElement<T>(a, b));
    }
    if constexpr (is_floating(DTypeOf<T>::value)) {
      if (kind == RandomFill::kUniform) {
        return fill_words(values, n, start, philox::UniformElement<T>(a, b));
      }
      if (kind == RandomFill::kExponential) {
        return fill_words(values, n, start, philox::ExponentialElement<T>(a, b));
      }
      using C = philox::ComputeType<T>;
      constexpr int kPerBlock = philox::kWordsPerBlock<philox::WordOf<T>>;
      for_each("random fill", (n + kPerBlock - 1) / kPerBlock,
               FillNormal<T>{values, n, start, static_cast<C>(a), static_cast<C>(b)});
    } else {
      fail(Status::kDtype, "random floating-point numbers are not implemented for ", dtype);
    }
  });
}

void CudaRandom::integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
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

}  // namespace tt::cuda
