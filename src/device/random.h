// Dense memory filled with the numbers of a Philox generator: the same on every device (kernels/philox.h).
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/error.h"
#include "kernels/philox.h"
#include "device/call.h"

namespace tt {

enum class RandomFill : uint8_t {
  kUniform,      // floating: in [a, b), bounds in the dtype
  kNormal,       // floating: mean a, standard deviation b
  kExponential,  // floating: rate a
  kBernoulli,    // any dtype: b with probability a, else 0
};

// What bernoulli and multinomial refuse. A CPU's kernels are only given what has been checked; a device
// reports it in a later call, and until then the numbers made of it are zero.
[[noreturn]] inline void fail_probability(double p) {
  fail(Status::kInvalidArgument, "a probability is ", p, ", expected a number from 0 to 1");
}
[[noreturn]] inline void fail_weight(double weight, int64_t row, int64_t category) {
  fail(Status::kInvalidArgument, "a weight is ", weight, ", expected a finite number of 0 or more, at row ",
       row, ", category ", category);
}
[[noreturn]] inline void fail_no_weights() { fail(Status::kInvalidArgument, "the weights sum to 0"); }

namespace call {

// Element i is made of the words that philox.h says, from block `start.offset` on.
struct FillRandom {
  static constexpr char kName[] = "random fill";
  RandomFill kind;
  DType dtype;
  Out<void> out;
  int64_t n;
  philox::Start start;
  double a, b;
};
// Integers base + [0, range), where range 0 is 2^64, as any dtype.
struct RandomIntegers {
  static constexpr char kName[] = "random integers";
  DType dtype;
  Out<void> out;
  int64_t n;
  philox::Start start;
  uint64_t range;
  int64_t base;
};
// out[i] = 1 with probability p[i], else 0; p is floating.
struct Bernoulli {
  static constexpr char kName[] = "bernoulli";
  DType dtype;
  Out<void> out;
  DType p_dtype;
  In<void> p;
  int64_t n;
  philox::Start start;
};

// The steps of multinomial, for weights of a floating dtype, rows x categories, and the greatest of each row.
// None of the numbers is zero. What each element of the race, or each sample, comes to is in philox_fill.h.

struct MultinomialRace {
  static constexpr char kName[] = "multinomial race";
  DType dtype;
  In<void> weights, greatest;
  int64_t rows, categories;
  philox::Start start;
  Out<double> out;
};
struct MultinomialShares {
  static constexpr char kName[] = "multinomial shares";
  DType dtype;
  In<void> weights, greatest;
  int64_t rows, categories;
  Out<int64_t> out;
};
// cumulated: the running sums of each row's shares. out: rows x samples.
struct MultinomialCategories {
  static constexpr char kName[] = "multinomial categories";
  In<int64_t> cumulated;
  int64_t rows, categories, samples;
  philox::Start start;
  Out<int64_t> out;
};

using RandomCalls = CallList<FillRandom, RandomIntegers, Bernoulli, MultinomialRace, MultinomialShares,
                             MultinomialCategories>;

}  // namespace call

}  // namespace tt
