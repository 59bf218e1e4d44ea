// The right operand stays in registers while the rows of the left one go by.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/matmul/gemm_thin.cpp"
#define TT_CPU_WITHOUT_SVE
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/parallel.h"
#include "cpu/matmul/gemm_thin.h"
#include "cpu/runtime/round.h"
#include "cpu/runtime/simd_tail.h"

#ifndef TT_CPU_GEMM_THIN_ONCE
#define TT_CPU_GEMM_THIN_ONCE
namespace tt::cpu {

// At most so many; each term is a register.
constexpr int64_t kThinTerms = 8, kThinCols = 8;

// c (rows x cols) = a (rows x terms) * b + bias, and what is below `least` becomes that.
struct ThinProduct {
  int64_t rows, cols, terms;
  const float* a;
  int64_t a_step;
  float* c;
  int64_t c_step;
  float least;
  alignas(32) float bias[kThinCols];           // with zeros behind
  alignas(32) float b[kThinTerms][kThinCols];  // each of its rows with zeros behind
};
using ThinLoop = void (*)(const ThinProduct& product);

}  // namespace tt::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2

template <int kTerms>
void multiply_rows(const ThinProduct& g) {
  const hn::FixedTag<float, kThinCols> d;
  constexpr int64_t kLanes = kThinCols;
  hn::Vec<decltype(d)> b[kTerms];
#pragma GCC unroll 8
  for (int p = 0; p < kTerms; ++p) b[p] = hn::Load(d, g.b[p]);
  const auto bias = hn::Load(d, g.bias);
  const auto least = hn::Set(d, g.least);

  // Values that the stores cannot change.
  const int64_t rows = g.rows, a_step = g.a_step, c_step = g.c_step;
  const float* a = g.a;
  float* c = g.c;
  const auto next = [&]() HWY_ATTR {
    auto sum = bias;
#pragma GCC unroll 8
    for (int p = 0; p < kTerms; ++p) sum = hn::MulAdd(hn::Set(d, a[p]), b[p], sum);
    a += a_step;
    return hn::Max(least, sum);  // on these machines NaN, and -0 of two zeros
  };
  // A masked store takes twice as long. A row stored whole spills into those that follow it at once, if they
  // are written later.
  const int64_t masked = g.cols == kLanes ? 0 : c_step == g.cols ? ceil_div(kLanes - g.cols, g.cols) : rows;
  int64_t i = 0;
  for (; i < rows - masked; ++i, c += c_step) hn::StoreU(next(), d, c);
  const auto mask = hn::FirstN(d, static_cast<size_t>(g.cols));
  for (; i < rows; ++i, c += c_step) hn::BlendedStore(next(), mask, d, c);
}

// Of one column: the products of eight rows, then their sums beside each other.
void multiply_column(const ThinProduct& g) {
  const hn::FixedTag<float, 8> d;
  const hn::Repartition<double, decltype(d)> pairs;
  using Vec = hn::Vec<decltype(d)>;
  const int64_t rows = g.rows, a_step = g.a_step, c_step = g.c_step;
  HWY_ALIGN float b[8] = {};
  for (int64_t p = 0; p < g.terms; ++p) b[p] = g.b[p][0];
  const Vec column = hn::Load(d, b);
  const auto bias = hn::Set(d, g.bias[0]), least = hn::Set(d, g.least);
  const auto mask = hn::FirstN(d, static_cast<size_t>(g.terms));
  // Of rows that come in pairs: the sums of elements 0 and 2, and of 1 and 3, of either half.
  const auto add_two = [&](Vec v, Vec w) HWY_ATTR {
    return hn::Add(hn::InterleaveLower(d, v, w), hn::InterleaveUpper(d, v, w));
  };
  const auto add_four = [&](Vec v, Vec w) HWY_ATTR {
    const auto x = hn::BitCast(pairs, v), y = hn::BitCast(pairs, w);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, x, y)),
                   hn::BitCast(d, hn::InterleaveUpper(pairs, x, y)));
  };
  // The sums of `count` rows from a on; from is_eight the compiler sees when these are all.
  const auto sums_of = [&](const float* a, bool is_eight, int64_t count) HWY_ATTR
      __attribute__((always_inline)) {
    Vec v[8];
#pragma GCC unroll 8
    for (int64_t r = 0; r < 8; ++r) {
      v[r] = hn::Mul(hn::MaskedLoad(mask, d, a), column);
      if (is_eight || r + 1 < count) a += a_step;
    }
    const Vec first = add_four(add_two(v[0], v[1]), add_two(v[2], v[3]));
    const Vec second = add_four(add_two(v[4], v[5]), add_two(v[6], v[7]));
    const Vec sums = hn::Add(hn::ConcatLowerLower(d, second, first), hn::ConcatUpperUpper(d, second, first));
    return hn::Max(least, hn::Add(sums, bias));
  };
  const float* a = g.a;
  int64_t i = 0;
  for (; c_step == 1 && i + 8 <= rows; i += 8, a += 8 * a_step) hn::StoreU(sums_of(a, true, 8), d, g.c + i);
  for (; i < rows; i += 8, a += 8 * a_step) {
    const int64_t count = std::min<int64_t>(8, rows - i);
    hn::Store(sums_of(a, false, count), d, b);
    for (int64_t r = 0; r < count; ++r) g.c[(i + r) * c_step] = b[r];
  }
}

template <int... kTermsLess1>
constexpr std::array<ThinLoop, kThinTerms> loops_of(std::integer_sequence<int, kTermsLess1...>) {
  return {multiply_rows<kTermsLess1 + 1>...};
}

// By the number of columns and of terms.
ThinLoop thin_loop(int64_t cols, int64_t terms) {
  static constexpr auto loops = loops_of(std::make_integer_sequence<int, kThinTerms>());
  return cols == 1 ? multiply_column : loops[static_cast<size_t>(terms - 1)];
}

#else

ThinLoop thin_loop(int64_t, int64_t) { return nullptr; }

#endif

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

bool gemm_thin(const call::Gemm& g) {
  constexpr int64_t kThreadGrain = 128 * 1024;  // multiplications that are worth another thread
  constexpr int64_t kLeastRows = 16;            // that are worth loading the right operand
  if (g.k > kThinTerms || g.n > kThinCols || g.m < kLeastRows || g.transpose_a || g.alpha != 1 ||
      g.beta != 0) {
    return false;
  }
  const ThinLoop loop = TT_CPU_DISPATCH(thin_loop)(g.n, g.k);
  if (loop == nullptr) return false;
  ThinProduct product = {};
  product.cols = g.n;
  product.terms = g.k;
  product.a_step = g.lda;
  product.c_step = g.ldc;
  product.least = g.epilogue.is_relu() ? 0.0F : -std::numeric_limits<float>::infinity();
  if (g.bias != nullptr) std::copy_n(static_cast<const float*>(g.bias), g.n, product.bias);
  for (int64_t i = 0; i < g.batch; ++i) {
    const float* const a = static_cast<const float*>(g.a) + i * g.stride_a;
    const float* const b = static_cast<const float*>(g.b) + i * g.stride_b;
    float* const c = static_cast<float*>(g.c) + i * g.stride_c;
    for (int64_t p = 0; p < g.k; ++p) {
      for (int64_t j = 0; j < g.n; ++j) product.b[p][j] = g.transpose_b ? b[j * g.ldb + p] : b[p * g.ldb + j];
    }
    parallel_for(g.m, ceil_div(kThreadGrain, g.n * g.k), [&](int64_t begin, int64_t end) {
      ThinProduct part = product;
      part.rows = end - begin;
      part.a = a + begin * g.lda;
      part.c = c + begin * g.ldc;
      loop(part);
    });
  }
  return true;
}

}  // namespace tt::cpu
#endif
