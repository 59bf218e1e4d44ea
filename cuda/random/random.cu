#include "cuda/runtime/kernels.h"
#include "device/random.h"

#include <cmath>

#include "kernels/philox_fill.h"
#include "cuda/runtime/convert.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/for_each.cuh"

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

void fill_random(const call::FillRandom& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    T* values = static_cast<T*>(call.out);
    if (call.kind == RandomFill::kBernoulli) {
      return fill_words(values, call.n, call.start, philox::BernoulliElement<T>(call.a, call.b));
    }
    if constexpr (is_floating(DTypeOf<T>::value)) {
      if (call.kind == RandomFill::kUniform) {
        return fill_words(values, call.n, call.start, philox::UniformElement<T>(call.a, call.b));
      }
      if (call.kind == RandomFill::kExponential) {
        return fill_words(values, call.n, call.start, philox::ExponentialElement<T>(call.a, call.b));
      }
      using C = philox::ComputeType<T>;
      constexpr int kPerBlock = philox::kWordsPerBlock<philox::WordOf<T>>;
      for_each("random fill", (call.n + kPerBlock - 1) / kPerBlock,
               FillNormal<T>{values, call.n, call.start, static_cast<C>(call.a), static_cast<C>(call.b)});
    } else {
      fail(Status::kDtype, "random floating-point numbers are not implemented for ", call.dtype);
    }
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

void bernoulli(const call::Bernoulli& call) {
  for_each("bernoulli", (call.n + 3) / 4,
           BernoulliOf{static_cast<char*>(call.out), static_cast<const char*>(call.p), call.dtype,
                       call.p_dtype, static_cast<int64_t>(size_of(call.dtype)),
                       static_cast<int64_t>(size_of(call.p_dtype)), call.n, call.start, fault_record()});
}

void multinomial_race(const call::MultinomialRace& call) {
  const int64_t n = call.rows * call.categories;
  for_each(
      "multinomial", (n + 1) / 2,
      Race{weights_of(call.dtype, call.weights, call.greatest, call.categories), n, call.start, call.out});
}

void multinomial_shares(const call::MultinomialShares& call) {
  for_each("multinomial", call.rows * call.categories,
           Shares{weights_of(call.dtype, call.weights, call.greatest, call.categories),
                  std::ldexp(1.0, philox::share_bits(call.categories)), call.out});
}

void multinomial_categories(const call::MultinomialCategories& call) {
  const int64_t n = call.rows * call.samples;
  for_each("multinomial", (n + 1) / 2,
           Categories{call.cumulated, call.categories, call.samples, n, call.start, call.out});
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

}  // namespace tt::cuda
