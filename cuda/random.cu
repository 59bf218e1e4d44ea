#include "cuda/random.h"

#include <cmath>

#include "core/philox_fill.h"
#include "cuda/convert.h"
#include "cuda/fault.h"
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
    const philox::Block words = philox::block(start, static_cast<uint64_t>(b));
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
    philox::normal_samples(philox::block(start, static_cast<uint64_t>(b)), samples);
    for (int j = 0; j < kPerBlock; ++j) {
      const int64_t i = b * kPerBlock + j;
      if (i < n) out[i] = T(random_math::fma(samples[j], std, mean));
    }
  }
};

// Element number i of four a block. Stores no type of their own: few kernels.
struct BernoulliOf {
  char* out;
  const char* p;
  DType dtype, p_dtype;
  int64_t element, p_element, n;
  philox::Start start;
  FaultRecord* faults;

  TT_HOST_DEVICE void operator()(int64_t b) const {
    const philox::Block words = philox::block(start, static_cast<uint64_t>(b));
    for (int j = 0; j < 4; ++j) {
      const int64_t i = b * 4 + j;
      if (i >= n) return;
      const double chance = load_as<double>(p + i * p_element, p_dtype);
      const bool good = chance >= 0 && chance <= 1;  // not NaN
      if (!good) raise(faults, FaultKind::kBernoulli, std::bit_cast<int64_t>(chance));
      store_as<int32_t>(out + i * element, dtype, good && philox::bernoulli(words.word[j], chance));
    }
  }
};

// The weights of multinomial.
struct Weights {
  const char* weights;
  const char* greatest;
  DType dtype;
  int64_t element, categories;
  FaultRecord* faults;

  TT_HOST_DEVICE void load(int64_t i, double* weight, double* most) const {
    const int64_t row = i / categories;
    *weight = load_as<double>(weights + i * element, dtype);
    *most = load_as<double>(greatest + row * element, dtype);
    const int64_t category = i - row * categories;
    if (!philox::is_weight(*weight)) {
      raise(faults, FaultKind::kWeight, std::bit_cast<int64_t>(*weight), row, category);
    } else if (category == 0 && *most == 0.0) {
      raise(faults, FaultKind::kNoWeights);
    }
  }
};

struct Race {
  Weights weights;
  int64_t n;
  philox::Start start;
  double* out;

  TT_HOST_DEVICE void operator()(int64_t b) const {
    const philox::Block words = philox::block(start, static_cast<uint64_t>(b));
    for (int j = 0; j < 2; ++j) {
      const int64_t i = b * 2 + j;
      if (i >= n) return;
      double weight, most;
      weights.load(i, &weight, &most);
      out[i] = philox::race_time(philox::word_of(words, j, uint64_t{}), weight, most);
    }
  }
};

struct Shares {
  Weights weights;
  double scale;
  int64_t* out;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    double weight, most;
    weights.load(i, &weight, &most);
    out[i] = philox::weight_share(weight, most, scale);
  }
};

struct Categories {
  const int64_t* cumulated;
  int64_t categories, samples, n;
  philox::Start start;
  int64_t* out;

  TT_HOST_DEVICE void operator()(int64_t b) const {
    const philox::Block words = philox::block(start, static_cast<uint64_t>(b));
    for (int j = 0; j < 2; ++j) {
      const int64_t i = b * 2 + j;
      if (i >= n) return;
      out[i] = philox::category_of(philox::word_of(words, j, uint64_t{}),
                                   cumulated + i / samples * categories, categories);
    }
  }
};

Weights weights_of(DType dtype, const void* weights, const void* greatest, int64_t categories) {
  return {static_cast<const char*>(weights),
          static_cast<const char*>(greatest),
          dtype,
          static_cast<int64_t>(size_of(dtype)),
          categories,
          fault_record()};
}

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

void CudaRandom::bernoulli(DType dtype, void* out, DType p_dtype, const void* p, int64_t n,
                           philox::Start start) {
  for_each("bernoulli", (n + 3) / 4,
           BernoulliOf{static_cast<char*>(out), static_cast<const char*>(p), dtype, p_dtype,
                       static_cast<int64_t>(size_of(dtype)), static_cast<int64_t>(size_of(p_dtype)), n, start,
                       fault_record()});
}

void CudaRandom::race(DType dtype, const void* weights, const void* greatest, int64_t rows,
                      int64_t categories, philox::Start start, double* out) {
  const int64_t n = rows * categories;
  for_each("multinomial", (n + 1) / 2, Race{weights_of(dtype, weights, greatest, categories), n, start, out});
}

void CudaRandom::shares(DType dtype, const void* weights, const void* greatest, int64_t rows,
                        int64_t categories, int64_t* out) {
  for_each("multinomial", rows * categories,
           Shares{weights_of(dtype, weights, greatest, categories),
                  std::ldexp(1.0, philox::share_bits(categories)), out});
}

void CudaRandom::categories(const int64_t* cumulated, int64_t rows, int64_t categories, int64_t samples,
                            philox::Start start, int64_t* out) {
  const int64_t n = rows * samples;
  for_each("multinomial", (n + 1) / 2, Categories{cumulated, categories, samples, n, start, out});
}

}  // namespace tt::cuda
