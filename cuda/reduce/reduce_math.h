// What the reductions accumulate, and how a reduction is shared out: arithmetic for host and device, so that
// the tests run it on the CPU. C is the type the input is read as: float, double or int64_t.
//
// An op has an accumulator, Acc; start(), step() that takes in an element, merge() that takes in another
// accumulator, and result(). Elements and accumulators are taken in an order that depends on the geometry and
// the dtype alone, so the same reduction gives the same bits every time.
//
// kVector: a step is so cheap that elements side by side are loaded 16 bytes at once.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/macros.h"

namespace tt::cuda {

struct ReduceArgs {
  double count;       // elements of a result
  double ord;         // of norm
  double correction;  // of var and std
  bool root;          // std
};

// Sums of integers wrap around.
template <typename C>
using SumType = std::conditional_t<std::is_integral_v<C>, uint64_t, C>;

template <typename C>
struct SumReduce {
  static constexpr bool kVector = true;
  using Acc = SumType<C>;
  TT_HOST_DEVICE static Acc start() { return Acc(0); }
  TT_HOST_DEVICE static void step(Acc& acc, C x, const ReduceArgs&) { acc += static_cast<Acc>(x); }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) { acc += other; }
  TT_HOST_DEVICE static auto result(const Acc& acc, const ReduceArgs&) {
    return static_cast<std::conditional_t<std::is_integral_v<C>, int64_t, C>>(acc);
  }
};

template <typename C>
struct NanSumReduce : SumReduce<C> {
  TT_HOST_DEVICE static void step(C& acc, C x, const ReduceArgs&) { acc += x != x ? C(0) : x; }
};

template <typename C>
struct MeanReduce : SumReduce<C> {
  TT_HOST_DEVICE static C result(const C& acc, const ReduceArgs& args) {
    return acc / static_cast<C>(args.count);
  }
};

template <typename C>
struct ProdReduce {
  static constexpr bool kVector = true;
  using Acc = SumType<C>;
  TT_HOST_DEVICE static Acc start() { return Acc(1); }
  TT_HOST_DEVICE static void step(Acc& acc, C x, const ReduceArgs&) { acc *= static_cast<Acc>(x); }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) { acc *= other; }
  TT_HOST_DEVICE static auto result(const Acc& acc, const ReduceArgs&) {
    return static_cast<std::conditional_t<std::is_integral_v<C>, int64_t, C>>(acc);
  }
};

// NaN wins.
template <typename C, bool kLargest>
struct ExtremeReduce {
  static constexpr bool kVector = true;
  using Acc = C;
  TT_HOST_DEVICE static Acc start() {
    using Limits = std::numeric_limits<C>;
    if constexpr (std::is_integral_v<C>) {
      return kLargest ? Limits::min() : Limits::max();
    } else {
      return kLargest ? -Limits::infinity() : Limits::infinity();
    }
  }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& x) {
    if (acc != acc) return;
    if (kLargest ? !(x <= acc) : !(x >= acc)) acc = x;
  }
  TT_HOST_DEVICE static void step(Acc& acc, C x, const ReduceArgs&) { merge(acc, x); }
  TT_HOST_DEVICE static C result(const Acc& acc, const ReduceArgs&) { return acc; }
};
template <typename C>
using MaxReduce = ExtremeReduce<C, true>;
template <typename C>
using MinReduce = ExtremeReduce<C, false>;

// How many are not zero; NaN is not.
template <typename C>
struct CountReduce {
  static constexpr bool kVector = true;
  using Acc = uint64_t;
  TT_HOST_DEVICE static Acc start() { return 0; }
  TT_HOST_DEVICE static void step(Acc& acc, C x, const ReduceArgs&) { acc += x != C(0); }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) { acc += other; }
  TT_HOST_DEVICE static auto result(const Acc& acc, const ReduceArgs&) { return static_cast<int64_t>(acc); }
};
template <typename C>
struct AnyReduce : CountReduce<C> {
  TT_HOST_DEVICE static int64_t result(const uint64_t& acc, const ReduceArgs&) { return acc != 0; }
};
template <typename C>
struct AllReduce : CountReduce<C> {
  TT_HOST_DEVICE static void step(uint64_t& acc, C x, const ReduceArgs&) { acc += x == C(0); }
  TT_HOST_DEVICE static int64_t result(const uint64_t& acc, const ReduceArgs&) { return acc == 0; }
};

// Norms, by ord: 2, 1, 0, infinite, any.
template <typename C>
struct Norm2Reduce : SumReduce<C> {
  TT_HOST_DEVICE static void step(C& acc, C x, const ReduceArgs&) { acc += x * x; }
  TT_HOST_DEVICE static C result(const C& acc, const ReduceArgs&) { return std::sqrt(acc); }
};
template <typename C>
struct Norm1Reduce : SumReduce<C> {
  TT_HOST_DEVICE static void step(C& acc, C x, const ReduceArgs&) { acc += std::fabs(x); }
};
template <typename C>
struct NormMaxReduce : MaxReduce<C> {
  TT_HOST_DEVICE static void step(C& acc, C x, const ReduceArgs&) { MaxReduce<C>::merge(acc, std::fabs(x)); }
};
template <typename C>
struct NormMinReduce : MinReduce<C> {
  TT_HOST_DEVICE static void step(C& acc, C x, const ReduceArgs&) { MinReduce<C>::merge(acc, std::fabs(x)); }
};
template <typename C>
struct NormReduce : SumReduce<double> {
  static constexpr bool kVector = false;
  TT_HOST_DEVICE static void step(double& acc, C x, const ReduceArgs& args) {
    acc += std::pow(std::fabs(static_cast<double>(x)), args.ord);
  }
  TT_HOST_DEVICE static double result(const double& acc, const ReduceArgs& args) {
    return std::pow(acc, 1 / args.ord);
  }
};

// Running mean and sum of squared deviations (Welford), merged as Chan, Golub and LeVeque do.
template <typename C>
struct VarReduce {
  static constexpr bool kVector = false;
  struct Acc {
    double count, mean, squares;
  };
  TT_HOST_DEVICE static Acc start() { return {0, 0, 0}; }
  TT_HOST_DEVICE static void step(Acc& acc, C value, const ReduceArgs&) {
    const auto x = static_cast<double>(value);
    const double delta = x - acc.mean;
    acc.count += 1;
    acc.mean += delta / acc.count;
    acc.squares += delta * (x - acc.mean);
  }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) {
    if (other.count == 0) return;
    if (acc.count == 0) {
      acc = other;
      return;
    }
    const double delta = other.mean - acc.mean;
    const double count = acc.count + other.count;
    acc.mean += delta * (other.count / count);
    acc.squares += other.squares + delta * delta * (acc.count * (other.count / count));
    acc.count = count;
  }
  TT_HOST_DEVICE static double result(const Acc& acc, const ReduceArgs& args) {
    const double freedom = args.count - args.correction;
    const double variance = acc.squares / (freedom > 0 ? freedom : 0);
    return args.root ? std::sqrt(variance) : variance;
  }
};

// sum of exp(x - largest), beside the largest so far.
template <typename C>
struct LogSumExpReduce {
  static constexpr bool kVector = false;
  struct Acc {
    double largest, sum;
  };
  TT_HOST_DEVICE static Acc start() { return {-std::numeric_limits<double>::infinity(), 0}; }
  TT_HOST_DEVICE static double difference_exp(double a, double b) {
    return std::exp(static_cast<C>(a) - static_cast<C>(b));
  }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) {
    if (other.sum == 0) return;  // nothing but minus infinity
    if (acc.sum == 0) {
      acc = other;
    } else if (other.largest == acc.largest) {
      acc.sum += other.sum;
    } else if (other.largest < acc.largest) {
      acc.sum += other.sum * difference_exp(other.largest, acc.largest);
    } else {  // also where either is NaN, which the sum then is too
      acc.sum = acc.sum * difference_exp(acc.largest, other.largest) + other.sum;
      acc.largest = other.largest;
    }
  }
  TT_HOST_DEVICE static void step(Acc& acc, C x, const ReduceArgs&) {
    if (x == -std::numeric_limits<C>::infinity()) return;
    merge(acc, Acc{static_cast<double>(x), 1});
  }
  TT_HOST_DEVICE static double result(const Acc& acc, const ReduceArgs&) {
    if (acc.sum == 0) return -std::numeric_limits<double>::infinity();
    return std::log(acc.sum) + acc.largest;
  }
};

// How a reduction is shared out.
struct ReducePlan {
  bool threads;       // a thread a result (and part), else a block
  int block;          // threads of a block
  int64_t parts;      // into which the elements of each result are cut
  int64_t part_size;  // elements of a part, but for the last
};

// `across`: neighbouring results lie closer together in memory than neighbouring elements of one result.
// `together`: elements that a thread takes side by side. `threads`: how many the device runs at once.
inline ReducePlan plan_reduce(int64_t results, int64_t count, bool across, int64_t together,
                              int64_t threads) {
  ReducePlan plan{};
  plan.threads = count <= 64 || (across && results >= 32);
  plan.block = 256;
  int64_t parts = 1;
  if (plan.threads) {
    parts = threads / results;
    if (parts > count / 64) parts = count / 64;
  } else {
    while (plan.block > 32 && plan.block * together >= 2 * count) plan.block /= 2;
    parts = 2 * threads / (results * plan.block);
    const int64_t least = 256 * (4 * together > 16 ? 4 * together : 16);
    if (parts > count / least) parts = count / least;
  }
  if (parts > 1024) parts = 1024;
  if (parts < 1) parts = 1;
  // Parts begin where a thread's elements do.
  plan.part_size = ((count + parts - 1) / parts + together - 1) / together * together;
  plan.parts = (count + plan.part_size - 1) / plan.part_size;
  return plan;
}

}  // namespace tt::cuda
