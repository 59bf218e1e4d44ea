// Matrix products by plain loops, for every dtype.
#include <algorithm>
#include <type_traits>

#include "base/parallel.h"
#include "cpu/matmul/gemm.h"

namespace tt::cpu {

namespace {

// Integers wrap around: unsigned arithmetic has no undefined overflow.
template <typename T>
using Accumulator = std::conditional_t<std::is_same_v<T, double>, double,
                                       std::conditional_t<std::is_integral_v<T>, uint64_t, float>>;

template <typename T>
Accumulator<T> load(T value) {
  return static_cast<Accumulator<T>>(value);
}

template <typename T>
T store(Accumulator<T> value) {
  if constexpr (std::is_integral_v<T> || std::is_same_v<T, double> || std::is_same_v<T, float>) {
    return static_cast<T>(value);
  } else {
    return T(value);
  }
}

template <typename T>
void rows(const call::Gemm& g, const T* a, const T* b, T* c, int64_t begin, int64_t end) {
  using Acc = Accumulator<T>;
  Acc alpha, beta;
  if constexpr (std::is_integral_v<T>) {
    alpha = static_cast<Acc>(static_cast<int64_t>(g.alpha));
    beta = static_cast<Acc>(static_cast<int64_t>(g.beta));
  } else {
    alpha = static_cast<Acc>(g.alpha);
    beta = static_cast<Acc>(g.beta);
  }
  const int64_t a_row = g.transpose_a ? 1 : g.lda, a_col = g.transpose_a ? g.lda : 1;
  const int64_t b_row = g.transpose_b ? 1 : g.ldb, b_col = g.transpose_b ? g.ldb : 1;
  const T* bias = static_cast<const T*>(g.bias);
  constexpr int64_t kBlock = 64;
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j0 = 0; j0 < g.n; j0 += kBlock) {
      const int64_t width = std::min(kBlock, g.n - j0);
      Acc sums[kBlock] = {};
      for (int64_t p = 0; p < g.k; ++p) {
        const Acc x = load(a[i * a_row + p * a_col]);
        const T* row = b + p * b_row + j0 * b_col;
        for (int64_t j = 0; j < width; ++j) sums[j] += x * load(row[j * b_col]);
      }
      for (int64_t j = 0; j < width; ++j) {
        T& out = c[i * g.ldc + j0 + j];
        Acc value = alpha * sums[j];
        if (g.beta != 0) value += beta * load(out);
        if (bias != nullptr) value += load(bias[j0 + j]);
        out = store<T>(value);
        if constexpr (!std::is_unsigned_v<T>) {
          if (g.epilogue.is_relu() && out < T(0)) out = T(0);
        }
      }
    }
  }
}

}  // namespace

void gemm_reference(const call::Gemm& args) {
  visit_dtype(args.dtype, [&]<typename T>() {
    const int64_t grain = 1 + 32768 / (args.n * std::max<int64_t>(args.k, 1) + 1);
    parallel_for(args.batch * args.m, grain, [&](int64_t begin, int64_t end) {
      while (begin < end) {
        const int64_t batch = begin / args.m, row = begin % args.m;
        const int64_t stop = std::min(args.m, row + end - begin);
        rows(args, static_cast<const T*>(args.a) + batch * args.stride_a,
             static_cast<const T*>(args.b) + batch * args.stride_b,
             static_cast<T*>(args.c) + batch * args.stride_c, row, stop);
        begin += stop - row;
      }
    });
  });
}

}  // namespace tt::cpu
