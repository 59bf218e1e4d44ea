#include "random/random_fill.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>

#include "device/backend.h"
#include "base/error.h"
#include "base/memory.h"
#include "kernels/philox.h"
#include "random/philox_choice.h"
#include "kernels/random_math.h"

// Box-Muller is compiled a second time for processors with fused multiply-add; the results are equal.
#if defined(__x86_64__) && !defined(__FMA__)
#define TT_FMA_VARIANT 1
#else
#define TT_FMA_VARIANT 0
#endif

namespace tt {

namespace {

// ---- Types ----

template <typename T>
inline constexpr bool kReduced = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <typename T>
inline constexpr bool kFloating = kReduced<T> || std::is_floating_point_v<T>;
// Half types are computed in float.
template <typename T>
using Compute = std::conditional_t<kReduced<T>, float, T>;

// Bits of the significand, the hidden one included.
template <typename T>
inline constexpr int kDigits = std::is_same_v<T, Half>       ? 11
                               : std::is_same_v<T, BFloat16> ? 8
                                                             : std::numeric_limits<T>::digits;

template <typename T>
double max_value() {
  if constexpr (std::is_same_v<T, Half>) return 65504.0;
  if constexpr (std::is_same_v<T, BFloat16>) return 0x1.fep127;
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::max();
  return 0;
}

template <typename T>
T from_integer(int64_t value) {
  if constexpr (kReduced<T>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

class Scratch {
 public:
  explicit Scratch(size_t bytes) : bytes_(bytes), data_(allocate_block(bytes)) {}
  ~Scratch() { free_block(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  size_t bytes_;
  void* data_;
};

// ---- Draws from the mt19937 stream, as PyTorch's distributions make them ----

uint64_t draw64(Mt19937& mt) {
  const uint64_t high = mt();
  return high << 32 | mt();
}

// [0, 1): the low 24 bits of one word, or the low 53 of two.
template <typename T>
T unit(Mt19937& mt) {
  if constexpr (std::is_same_v<T, double>) {
    return static_cast<double>(draw64(mt) & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
  } else {
    return static_cast<float>(mt() & ((1u << 24) - 1)) * 0x1p-24f;
  }
}

// Box-Muller one at a time, in double; the sine waits in the generator for the next call.
double normal_sample(Generator& generator) {
  if (const auto cached = generator.next_double_normal_sample()) {
    generator.set_next_double_normal_sample(std::nullopt);
    return *cached;
  }
  const double u1 = unit<double>(generator.mt());
  const double u2 = unit<double>(generator.mt());
  const double radius = std::sqrt(-2.0 * std::log1p(-u2));
  const double theta = 2.0 * 3.141592653589793238463 * u1;
  generator.set_next_double_normal_sample(radius * std::sin(theta));
  return radius * std::cos(theta);
}

// ---- Box-Muller by blocks of 16: u1 in the first eight places, u2 in the last eight, cosines and sines out
// ----

[[gnu::always_inline]] inline void normal_blocks_body(float* data, int64_t blocks, float mean, float std) {
  for (; blocks > 0; --blocks, data += 16) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1  // unrolled, the loop would not be vectorised
#endif
    for (int i = 0; i < 8; ++i) {
      const float radius = random_math::sqrt(-2.0f * random_math::log(1.0f - data[i]));
      const auto angle = random_math::sincos(6.283185307179586f * data[i + 8]);
      data[i] = random_math::fma(radius * angle.cos, std, mean);
      data[i + 8] = random_math::fma(radius * angle.sin, std, mean);
    }
  }
}

#if TT_FMA_VARIANT
bool has_fma() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}

[[gnu::target("avx2,fma")]] void normal_blocks_fma(float* data, int64_t blocks, float mean, float std) {
  normal_blocks_body(data, blocks, mean, std);
}
#endif

void normal_blocks(float* data, int64_t blocks, float mean, float std) {
#if TT_FMA_VARIANT
  if (has_fma()) return normal_blocks_fma(data, blocks, mean, std);
#endif
  normal_blocks_body(data, blocks, mean, std);
}

void normal_blocks(double* data, int64_t blocks, double mean, double std) {
  for (; blocks > 0; --blocks, data += 16) {
    for (int i = 0; i < 8; ++i) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - data[i]));
      const double theta = 2.0 * 3.141592653589793238463 * data[i + 8];
      data[i] = std::fma(radius * std::cos(theta), std, mean);
      data[i + 8] = std::fma(radius * std::sin(theta), std, mean);
    }
  }
}

template <typename T>
void normal_run(Mt19937& mt, T* out, int64_t blocks, Compute<T> mean, Compute<T> std) {
  if constexpr (kReduced<T>) {
    float buffer[16];
    for (int64_t b = 0; b < blocks; ++b, out += 16) {
      for (float& u : buffer) u = unit<float>(mt);
      normal_blocks(buffer, 1, mean, std);
      for (int i = 0; i < 16; ++i) out[i] = T(buffer[i]);
    }
  } else {
    for (int64_t i = 0; i < 16 * blocks; ++i) out[i] = unit<T>(mt);
    normal_blocks(out, blocks, mean, std);
  }
}

// ---- Philox ----

// What `device` is filled with; only the CPU can be with mt19937.
bool is_philox(const Generator& generator, Device device = {}) {
  const bool is = generator.engine() == Engine::kPhilox;
  TT_CHECK(is || device.is_cpu(), Status::kInternal, "an mt19937 generator cannot fill memory of ", device);
  return is;
}

uint64_t blocks_for(int64_t n, int per_block) {
  return (static_cast<uint64_t>(n) + static_cast<uint64_t>(per_block) - 1) / static_cast<uint64_t>(per_block);
}

// The lock is held.
template <typename T>
void philox_fill(RandomFill kind, Generator& generator, Device device, T* out, int64_t n, double a,
                 double b) {
  const bool bernoulli = kind == RandomFill::kBernoulli;
  const int per_block = std::is_same_v<T, double> && !bernoulli ? 2 : 4;
  const philox::Start start = generator.reserve_locked(blocks_for(n, per_block), device);
  if (n > 0) run(device, call::FillRandom{kind, DTypeOf<T>::value, out, n, start, a, b});
}

// Integers base + [0, range); range 0 is 2^64.
template <typename T>
void philox_integers(Generator& generator, Device device, T* out, int64_t n, uint64_t range, int64_t base) {
  const philox::Start start = generator.reserve_locked(blocks_for(n, philox::wide(range) ? 2 : 4), device);
  if (n > 0) run(device, call::RandomIntegers{DTypeOf<T>::value, out, n, start, range, base});
}

// ---- Bounds of integers ----

int floor_log2(uint64_t value) { return value == 0 ? 0 : 63 - std::countl_zero(value); }

// The bounds moved inwards to the next ones that the floating-point type holds, as PyTorch does.
template <typename T>
int64_t representable_low(int64_t low) {
  const double above = static_cast<double>(from_integer<T>(low + 1));
  if (above >= 0x1p63) return std::numeric_limits<int64_t>::max();  // nothing below 2^63 is left
  const auto next = static_cast<int64_t>(above);
  if (next >= low) return low;
  return next + (int64_t{1} << (floor_log2(static_cast<uint64_t>(std::abs(low + 1))) - kDigits<T> + 1));
}
template <typename T>
int64_t representable_high(int64_t high) {
  const double last = static_cast<double>(from_integer<T>(high - 1));
  // Compared as integers: doubles cannot tell bounds beyond 2^53 apart.
  if (last < 0x1p63 && static_cast<int64_t>(last) < high) return high;
  if (last >= 0x1p63) return std::numeric_limits<int64_t>::max() - (int64_t{1} << (63 - kDigits<T>)) + 1;
  return static_cast<int64_t>(last) -
         (int64_t{1} << (floor_log2(static_cast<uint64_t>(std::abs(high - 1))) - kDigits<T> + 1));
}

template <typename T>
void check_integer_bounds(int64_t low, int64_t last) {
  const auto check = [](int64_t value, const char* what, auto lowest, auto highest) {
    TT_CHECK(value >= lowest && value <= highest, Status::kInvalidArgument, what, " is out of bounds for ",
             DTypeOf<T>::value, ", got ", value);
  };
  if constexpr (kFloating<T>) {
    check(low, "from", -max_value<T>(), max_value<T>());
    check(last, "to - 1", -max_value<T>(), max_value<T>());
  } else {
    constexpr auto kLowest = static_cast<int64_t>(std::numeric_limits<T>::lowest());
    constexpr auto kHighest = static_cast<int64_t>(std::numeric_limits<T>::max());
    check(low, "from", kLowest, kHighest);
    check(last, "to - 1", kLowest, kHighest);
  }
}

void check_count(int64_t n) {
  TT_CHECK(n >= 0, Status::kInvalidArgument, "the number of elements must not be negative, got ", n);
}

// `one` with probability p, else 0. The lock is held.
template <typename T>
void bernoulli_values(Generator& generator, Device device, T* out, int64_t n, double p, T one) {
  if (is_philox(generator, device)) {
    return philox_fill(RandomFill::kBernoulli, generator, device, out, n, p,
                       static_cast<double>(static_cast<Compute<T>>(one)));
  }
  const T values[2] = {from_integer<T>(0), one};
  // unit<double>() < p, in integers: the products with 2^53 are exact.
  const auto bound = static_cast<uint64_t>(std::ceil(p * 0x1p53));
  Mt19937& mt = generator.mt();
  for (int64_t i = 0; i < n; ++i) out[i] = values[(draw64(mt) & ((uint64_t{1} << 53) - 1)) < bound];
}

void check_probability(double p) {
  if (!(p >= 0 && p <= 1)) fail_probability(p);
}

}  // namespace

// ---- Continuous distributions ----

template <typename T>
void fill_uniform(Generator& generator, T* out, int64_t n, double from, double to, Device device) {
  using C = Compute<T>;
  check_count(n);
  const double limit = max_value<T>();
  TT_CHECK(from >= -limit && from <= limit, Status::kInvalidArgument, "from is out of bounds for ",
           DTypeOf<T>::value, ", got ", from);
  TT_CHECK(to >= -limit && to <= limit, Status::kInvalidArgument, "to is out of bounds for ",
           DTypeOf<T>::value, ", got ", to);
  TT_CHECK(from <= to, Status::kInvalidArgument, "from is ", from, ", above to, which is ", to);
  TT_CHECK(to - from <= limit, Status::kInvalidArgument, "to - from is more than ", limit, ", with from ",
           from, " and to ", to);
  const C low = static_cast<C>(from);
  const C high = static_cast<C>(to);
  // A number that rounds up to the open end becomes the closed one.
  const T low_value = T(low);
  const T high_value = T(high);
  const auto put = [=](int64_t i, C x) {
    const T value = T(x);
    out[i] = static_cast<C>(value) == static_cast<C>(high_value) ? low_value : value;
  };
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) {
    return philox_fill(RandomFill::kUniform, generator, device, out, n, from, to);
  }
  Mt19937& mt = generator.mt();
  const C width = high - low;
  if (low == 0) {  // the product alone is rounded as the fused one is
    for (int64_t i = 0; i < n; ++i) put(i, unit<C>(mt) * width);
  } else {
    for (int64_t i = 0; i < n; ++i) put(i, random_math::fma(unit<C>(mt), width, low));
  }
}

template <typename T>
void fill_normal(Generator& generator, T* out, int64_t n, double mean, double std, bool contiguous,
                 Device device) {
  using C = Compute<T>;
  check_count(n);
  TT_CHECK(std >= 0, Status::kInvalidArgument, "std is ", std, ", expected 0 or more");
  const C mean_c = static_cast<C>(mean);
  const C std_c = static_cast<C>(std);
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) {
    return philox_fill(RandomFill::kNormal, generator, device, out, n, mean, std);
  }
  if (n >= 16 && contiguous) {
    Mt19937& mt = generator.mt();
    normal_run(mt, out, n / 16, mean_c, std_c);
    if (n % 16 != 0) {
      // The last sixteen are drawn anew, over what is there of them. PyTorch has filled float and double
      // tensors with uniforms up to the end by then, half ones only up to the last whole block.
      if constexpr (!kReduced<T>) {
        for (int64_t i = 0; i < n % 16; ++i) unit<T>(mt);
      }
      normal_run(mt, out + n - 16, 1, mean_c, std_c);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    out[i] = T(static_cast<C>(std::fma(normal_sample(generator), std, mean)));
  }
}

template <typename T>
void fill_exponential(Generator& generator, T* out, int64_t n, double lambda, Device device) {
  using C = Compute<T>;
  check_count(n);
  TT_CHECK(lambda > 0, Status::kInvalidArgument, "lambda is ", lambda, ", expected a positive number");
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) {
    return philox_fill(RandomFill::kExponential, generator, device, out, n, lambda, 0);
  }
  Mt19937& mt = generator.mt();
  for (int64_t i = 0; i < n; ++i) {
    out[i] = T(static_cast<C>(-1.0 / lambda * std::log1p(-unit<double>(mt))));
  }
}

// ---- Discrete distributions ----

template <typename T>
void fill_random_int(Generator& generator, T* out, int64_t n, int64_t low, int64_t high, Device device) {
  check_count(n);
  TT_CHECK(low < high, Status::kInvalidArgument, "low is ", low, ", expected less than high, which is ",
           high);
  if constexpr (kFloating<T>) {
    low = representable_low<T>(low);
    high = representable_high<T>(high);
    TT_CHECK(low < high, Status::kInvalidArgument, "low is ", low, ", expected less than high, which is ",
             high, ", in the tensor's dtype");
  }
  check_integer_bounds<T>(low, high - 1);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) return philox_integers(generator, device, out, n, range, low);
  // PyTorch takes two words where one would leave more than a few per cent of skew.
  Mt19937& mt = generator.mt();
  const auto base = static_cast<uint64_t>(low);
  if (range >= uint64_t{1} << 28) {
    for (int64_t i = 0; i < n; ++i) out[i] = from_integer<T>(static_cast<int64_t>(draw64(mt) % range + base));
  } else {
    const auto narrow = static_cast<uint32_t>(range);
    for (int64_t i = 0; i < n; ++i) out[i] = from_integer<T>(static_cast<int64_t>(mt() % narrow + base));
  }
}

template <typename T>
void fill_random_full(Generator& generator, T* out, int64_t n, Device device) {
  check_count(n);
  // [0, range)
  constexpr uint64_t kRange = kFloating<T> ? (uint64_t{1} << kDigits<T>)+1
                              : std::is_same_v<T, bool>
                                  ? 2
                                  : static_cast<uint64_t>(std::numeric_limits<T>::max()) + 1;
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) return philox_integers(generator, device, out, n, kRange, 0);
  Mt19937& mt = generator.mt();
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t word =
        std::is_same_v<T, double> || std::is_same_v<T, int64_t> ? draw64(mt) : uint64_t{mt()};
    out[i] = from_integer<T>(static_cast<int64_t>(word % kRange));
  }
}

template <typename T>
void fill_random_bits64(Generator& generator, T* out, int64_t n) {
  check_count(n);
  const Generator::Drawing drawing(generator);
  if (is_philox(generator)) return philox_integers(generator, Device{}, out, n, 0, 0);
  Mt19937& mt = generator.mt();
  for (int64_t i = 0; i < n; ++i) out[i] = from_integer<T>(static_cast<int64_t>(draw64(mt)));
}

template <typename T>
void fill_randperm(Generator& generator, T* out, int64_t n, Device device) {
  TT_CHECK(n >= 0, Status::kInvalidArgument, "n is ", n, ", expected 0 or more");
  if constexpr (std::is_same_v<T, BFloat16>) {
    // As in PyTorch any number, though what lies above 256 is rounded.
  } else if constexpr (kFloating<T>) {
    TT_CHECK(n <= (int64_t{1} << std::min(kDigits<T>, 62)) + 1, Status::kInvalidArgument, "n is more than 2^",
             kDigits<T>, " + 1, and ", DTypeOf<T>::value, " does not hold all numbers up to it");
  } else {
    TT_CHECK(n == 0 || static_cast<uint64_t>(n - 1) <= static_cast<uint64_t>(std::numeric_limits<T>::max()),
             Status::kInvalidArgument, "n is more than ", DTypeOf<T>::value, " can hold");
  }
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) {
    if (n > 0) philox_randperm(generator, device, DTypeOf<T>::value, out, n);
    return;
  }
  Mt19937& mt = generator.mt();
  if (n < static_cast<int64_t>(std::numeric_limits<uint32_t>::max() / 20)) {
    for (int64_t i = 0; i < n; ++i) out[i] = from_integer<T>(i);
    for (int64_t i = 0; i < n - 1; ++i) {
      std::swap(out[i], out[i + mt() % static_cast<uint32_t>(n - i)]);
    }
    return;
  }
  // Fisher and Yates inside out, with 64-bit draws.
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<int64_t>(draw64(mt) % static_cast<uint64_t>(i + 1));
    out[i] = out[at];
    out[at] = from_integer<T>(i);
  }
}

template <typename T>
void fill_bernoulli(Generator& generator, T* out, int64_t n, double p, Device device) {
  check_count(n);
  check_probability(p);
  const Generator::Drawing drawing(generator);
  bernoulli_values(generator, device, out, n, p, from_integer<T>(1));
}

template <typename T, typename P>
void fill_bernoulli(Generator& generator, T* out, int64_t n, const P* p, Device device) {
  check_count(n);
  for (int64_t i = 0; i < n && device.is_cpu(); ++i) {
    check_probability(static_cast<double>(static_cast<Compute<P>>(p[i])));
  }
  const Generator::Drawing drawing(generator);
  if (is_philox(generator, device)) {
    const philox::Start start = generator.reserve_locked(blocks_for(n, 4), device);
    if (n > 0) {
      run(device, call::Bernoulli{DTypeOf<T>::value, out, DTypeOf<P>::value, p, n, start});
    }
    return;
  }
  const T one = from_integer<T>(1);
  const T zero = from_integer<T>(0);
  Mt19937& mt = generator.mt();
  for (int64_t i = 0; i < n; ++i) out[i] = unit<Compute<P>>(mt) < static_cast<Compute<P>>(p[i]) ? one : zero;
}

template <typename T>
void fill_dropout_mask(Generator& generator, T* out, int64_t n, double p, Device device) {
  using C = Compute<T>;
  check_count(n);
  TT_CHECK(p >= 0 && p <= 1, Status::kInvalidArgument, "p is ", p, ", expected a number from 0 to 1");
  if (p == 1) {  // PyTorch draws nothing then
    if (n > 0) {
      run(device, call::FillRandom{RandomFill::kBernoulli, DTypeOf<T>::value, out, n, {0, 0}, 0, 0});
    }
    return;
  }
  const Generator::Drawing drawing(generator);
  bernoulli_values(generator, device, out, n, 1 - p, T(C(1) / static_cast<C>(1 - p)));
}

template <typename T>
void multinomial(Generator& generator, const T* weights, int64_t rows, int64_t categories, int64_t samples,
                 bool replacement, int64_t* out, Device device) {
  using C = Compute<T>;
  TT_CHECK(rows >= 0 && categories >= 0, Status::kInvalidArgument, "the shape must not be negative, got ",
           rows, " x ", categories);
  TT_CHECK(samples > 0, Status::kInvalidArgument, "num_samples must be 1 or more");
  TT_CHECK(replacement || samples <= categories, Status::kInvalidArgument,
           "num_samples is more than there are categories, which needs replacement");
  TT_CHECK(categories <= int64_t{1} << 24, Status::kInvalidArgument,
           "number of categories cannot exceed 2^24");
  if (rows > 0 && categories == 0) fail_no_weights();
  for (int64_t r = 0; r < rows && device.is_cpu(); ++r) {
    C sum = 0;
    for (int64_t c = 0; c < categories; ++c) {
      const C weight = static_cast<C>(weights[r * categories + c]);
      if (!(weight >= 0 && weight < std::numeric_limits<C>::infinity())) {
        fail_weight(static_cast<double>(weight), r, c);
      }
      sum += weight;
    }
    if (!(sum > 0)) fail_no_weights();
  }
  if (rows == 0) return;
  if (is_philox(generator, device)) {
    const Generator::Drawing drawing(generator);
    return philox_multinomial(generator, device, DTypeOf<T>::value, weights, rows, categories, samples,
                              replacement, out);
  }

  if (replacement && samples != 1) {
    // Inversion of the cumulative distribution by binary search.
    const Scratch uniforms(static_cast<size_t>(rows * samples) * sizeof(double));
    const Scratch cumulated(static_cast<size_t>(categories) * sizeof(C));
    fill_uniform(generator, uniforms.as<double>(), rows * samples);
    C* const cumulative = cumulated.as<C>();
    for (int64_t r = 0; r < rows; ++r) {
      C sum = 0;
      for (int64_t c = 0; c < categories; ++c) {
        sum += static_cast<C>(weights[r * categories + c]);
        cumulative[c] = sum;
      }
      for (int64_t c = 0; c < categories; ++c) cumulative[c] /= sum;
      cumulative[categories - 1] = 1;
      for (int64_t s = 0; s < samples; ++s) {
        const double u = uniforms.as<double>()[r * samples + s];
        out[r * samples + s] = std::lower_bound(cumulative, cumulative + categories, u) - cumulative;
      }
    }
    return;
  }

  // The largest weights / exponential samples: the race of exponential clocks.
  const int64_t n = rows * categories;
  const Scratch clocks(static_cast<size_t>(n) * sizeof(T));
  struct Entry {
    C value;
    int64_t category;
  };
  const Scratch ranked(static_cast<size_t>(categories) * sizeof(Entry));
  T* const clock = clocks.as<T>();
  fill_exponential(generator, clock, n, 1);
  for (int64_t r = 0; r < rows; ++r) {
    Entry* const entries = ranked.as<Entry>();
    for (int64_t c = 0; c < categories; ++c) {
      const C ratio = static_cast<C>(weights[r * categories + c]) / static_cast<C>(clock[r * categories + c]);
      entries[c] = {static_cast<C>(T(ratio)), c};
    }
    Entry* const end = entries + categories;
    const auto before = [](const Entry& a, const Entry& b) {
      return (std::isnan(a.value) && !std::isnan(b.value)) || a.value > b.value;
    };
    if (samples == 1) {
      out[r] = std::min_element(entries, end, before)->category;
      continue;
    }
    // The same standard algorithms as PyTorch's topk, so that equal ratios come out in the same order.
    if (samples * 64 <= categories) {
      std::partial_sort(entries, entries + samples, end, before);
    } else {
      std::nth_element(entries, entries + samples - 1, end, before);
      std::sort(entries, entries + samples - 1, before);
    }
    for (int64_t s = 0; s < samples; ++s) out[r * samples + s] = entries[s].category;
  }
}

// ---- Instantiations ----

#define TT_FLOATING(T)                                                                 \
  template void fill_uniform<T>(Generator&, T*, int64_t, double, double, Device);      \
  template void fill_normal<T>(Generator&, T*, int64_t, double, double, bool, Device); \
  template void fill_exponential<T>(Generator&, T*, int64_t, double, Device);          \
  template void fill_dropout_mask<T>(Generator&, T*, int64_t, double, Device);         \
  template void multinomial<T>(Generator&, const T*, int64_t, int64_t, int64_t, bool, int64_t*, Device);
TT_FLOATING(Half)
TT_FLOATING(BFloat16)
TT_FLOATING(float)
TT_FLOATING(double)

#define TT_ANY(enumerator, T)                                                                  \
  template void fill_random_int<T>(Generator&, T*, int64_t, int64_t, int64_t, Device);         \
  template void fill_random_full<T>(Generator&, T*, int64_t, Device);                          \
  template void fill_randperm<T>(Generator&, T*, int64_t, Device);                             \
  template void fill_bernoulli<T>(Generator&, T*, int64_t, double, Device);                    \
  template void fill_bernoulli<T, Half>(Generator&, T*, int64_t, const Half*, Device);         \
  template void fill_bernoulli<T, BFloat16>(Generator&, T*, int64_t, const BFloat16*, Device); \
  template void fill_bernoulli<T, float>(Generator&, T*, int64_t, const float*, Device);       \
  template void fill_bernoulli<T, double>(Generator&, T*, int64_t, const double*, Device);
TT_FORALL_DTYPES(TT_ANY)

template void fill_random_bits64<int64_t>(Generator&, int64_t*, int64_t);
template void fill_random_bits64<float>(Generator&, float*, int64_t);
template void fill_random_bits64<double>(Generator&, double*, int64_t);
template void fill_random_bits64<BFloat16>(Generator&, BFloat16*, int64_t);

}  // namespace tt
