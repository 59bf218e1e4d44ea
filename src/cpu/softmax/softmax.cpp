// Softmax kernels, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/softmax/softmax.cpp"
#include "cpu/runtime/kernels.h"
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include "cpu/pointwise/simd_exp.h"
#include "cpu/runtime/simd_tail.h"
#include "cpu/softmax/softmax.h"

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
hn::VFromD<D> lowest(D d) {
  return hn::Set(d, -std::numeric_limits<hn::TFromD<D>>::infinity());
}

// A NaN makes the sum NaN, and so the whole row, whatever the maximum; a maximum of -inf (all of them are) or
// inf does so by inf - inf.
template <typename T>
void rows(SoftmaxMode mode, const T* in, T* out, T* logs, int64_t dim, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < count; ++row, in += dim) {
    auto highest = lowest(d);
    for (int64_t i = 0; i < dim; i += lanes) {
      highest = hn::Max(highest, load_n(d, in + i, static_cast<size_t>(dim - i), lowest(d)));
    }
    const auto top = hn::MaxOfLanes(d, highest);
    T* to = mode == SoftmaxMode::kNormalizer ? nullptr : out + row * dim;
    auto sums = hn::Zero(d);
    for (int64_t i = 0; i < dim; i += lanes) {
      const auto left = static_cast<size_t>(dim - i);
      auto e = exp_of(d, hn::Sub(load_n(d, in + i, left, top), top));
      if (left < static_cast<size_t>(lanes)) e = hn::IfThenElseZero(hn::FirstN(d, left), e);
      sums = hn::Add(sums, e);
      if (mode == SoftmaxMode::kSoftmax) store_n(e, d, to + i, left);
    }
    const T sum = hn::GetLane(hn::SumOfLanes(d, sums));
    if (mode == SoftmaxMode::kSoftmax) {
      const auto scale = hn::Set(d, T(1) / sum);
      for (int64_t i = 0; i < dim; i += lanes) {
        const auto left = static_cast<size_t>(dim - i);
        store_n(hn::Mul(load_n(d, to + i, left, scale), scale), d, to + i, left);
      }
      continue;
    }
    const T top_value = hn::GetLane(top);
    const T log_sum = std::log(sum);
    if (mode == SoftmaxMode::kNormalizer) {
      out[row] = top_value;
      logs[row] = log_sum;
      continue;
    }
    const auto shift = hn::Set(d, log_sum);
    for (int64_t i = 0; i < dim; i += lanes) {
      const auto left = static_cast<size_t>(dim - i);
      store_n(hn::Sub(hn::Sub(load_n(d, in + i, left, top), top), shift), d, to + i, left);
    }
  }
}

template <typename T>
void columns(SoftmaxMode mode, const T* in, T* out, T* logs, int64_t dim, int64_t inner, int64_t begin,
             int64_t end) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t j = begin; j < end; j += lanes) {
    const auto left = static_cast<size_t>(end - j);
    const auto zero = hn::Zero(d);
    auto top = lowest(d);
    for (int64_t i = 0; i < dim; ++i) top = hn::Max(top, load_n(d, in + i * inner + j, left, zero));
    auto sum = zero;
    for (int64_t i = 0; i < dim; ++i) {
      const auto e = exp_of(d, hn::Sub(load_n(d, in + i * inner + j, left, zero), top));
      sum = hn::Add(sum, e);
      if (mode == SoftmaxMode::kSoftmax) store_n(e, d, out + i * inner + j, left);
    }
    if (mode == SoftmaxMode::kSoftmax) {
      const auto scale = hn::Div(hn::Set(d, T(1)), sum);
      for (int64_t i = 0; i < dim; ++i) {
        store_n(hn::Mul(load_n(d, out + i * inner + j, left, zero), scale), d, out + i * inner + j, left);
      }
      continue;
    }
    HWY_ALIGN T sums[hn::MaxLanes(d)];
    hn::Store(sum, d, sums);
    for (int64_t l = 0; l < lanes; ++l) sums[l] = std::log(sums[l]);
    const auto shift = hn::Load(d, sums);
    if (mode == SoftmaxMode::kNormalizer) {
      store_n(top, d, out + j, left);
      store_n(shift, d, logs + j, left);
      continue;
    }
    for (int64_t i = 0; i < dim; ++i) {
      const auto x = load_n(d, in + i * inner + j, left, zero);
      store_n(hn::Sub(hn::Sub(x, top), shift), d, out + i * inner + j, left);
    }
  }
}

// softmax: y * (g - sum(g * y)); log-softmax: g - exp(y) * sum(g).
template <class D, class V>
V gradient(D d, bool log, V g, V y, V sum) {
  return log ? hn::NegMulAdd(exp_of(d, y), sum, g) : hn::Mul(y, hn::Sub(g, sum));
}

template <typename T>
void rows_backward(bool log, const T* grad, const T* y, T* out, int64_t dim, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  for (int64_t row = 0; row < count; ++row, grad += dim, y += dim, out += dim) {
    auto sums = zero;
    for (int64_t i = 0; i < dim; i += lanes) {
      const auto left = static_cast<size_t>(dim - i);
      const auto g = load_n(d, grad + i, left, zero);
      sums = log ? hn::Add(sums, g) : hn::MulAdd(g, load_n(d, y + i, left, zero), sums);
    }
    const auto sum = hn::SumOfLanes(d, sums);
    for (int64_t i = 0; i < dim; i += lanes) {
      const auto left = static_cast<size_t>(dim - i);
      store_n(gradient(d, log, load_n(d, grad + i, left, zero), load_n(d, y + i, left, zero), sum), d,
              out + i, left);
    }
  }
}

template <typename T>
void columns_backward(bool log, const T* grad, const T* y, T* out, int64_t dim, int64_t inner, int64_t begin,
                      int64_t end) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  for (int64_t j = begin; j < end; j += lanes) {
    const auto left = static_cast<size_t>(end - j);
    auto sum = zero;
    for (int64_t i = 0; i < dim; ++i) {
      const auto g = load_n(d, grad + i * inner + j, left, zero);
      sum = log ? hn::Add(sum, g) : hn::MulAdd(g, load_n(d, y + i * inner + j, left, zero), sum);
    }
    for (int64_t i = 0; i < dim; ++i) {
      const int64_t at = i * inner + j;
      store_n(gradient(d, log, load_n(d, grad + at, left, zero), load_n(d, y + at, left, zero), sum), d,
              out + at, left);
    }
  }
}

template <typename T>
void rows_exp(const T* x, const T* top, const T* logs, const T* factor, T* out, int64_t dim, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < count; ++row, x += dim, out += dim) {
    const auto highest = hn::Set(d, top[row]), shift = hn::Set(d, logs[row]);
    const auto scale = hn::Set(d, factor[row]);
    for (int64_t i = 0; i < dim; i += lanes) {
      const auto left = static_cast<size_t>(dim - i);
      store_n(hn::Mul(scale, exp_of(d, hn::Sub(hn::Sub(load_n(d, x + i, left, highest), highest), shift))), d,
              out + i, left);
    }
  }
}

template <typename T>
void columns_exp(const T* x, const T* top, const T* logs, const T* factor, T* out, int64_t dim, int64_t inner,
                 int64_t begin, int64_t end) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  for (int64_t j = begin; j < end; j += lanes) {
    const auto left = static_cast<size_t>(end - j);
    const auto highest = load_n(d, top + j, left, zero), shift = load_n(d, logs + j, left, zero);
    const auto scale = load_n(d, factor + j, left, zero);
    for (int64_t i = 0; i < dim; ++i) {
      const int64_t at = i * inner + j;
      store_n(hn::Mul(scale, exp_of(d, hn::Sub(hn::Sub(load_n(d, x + at, left, zero), highest), shift))), d,
              out + at, left);
    }
  }
}

template <typename T>
constexpr SoftmaxTable<T> kSoftmax = {rows<T>,     columns<T>,    rows_backward<T>, columns_backward<T>,
                                      rows_exp<T>, columns_exp<T>};

const SoftmaxTable<float>* float_softmax() { return &kSoftmax<float>; }
const SoftmaxTable<double>* double_softmax() { return &kSoftmax<double>; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>

#include "base/parallel.h"
#include "cpu/pointwise/copy.h"
#include "cpu/runtime/float_scratch.h"

namespace tt::cpu {

template <>
const SoftmaxTable<float>& softmax_table<float>() {
  static const SoftmaxTable<float>& table = *TT_CPU_DISPATCH(float_softmax)();
  return table;
}
template <>
const SoftmaxTable<double>& softmax_table<double>() {
  static const SoftmaxTable<double>& table = *TT_CPU_DISPATCH(double_softmax)();
  return table;
}

namespace {

constexpr int64_t kGrain = 8192;  // elements that are worth a thread

// by_rows(first, count) where inner is 1, else by_columns(outer, begin, end).
template <typename Rows, typename Columns>
void split(const SoftmaxShape& args, Rows&& by_rows, Columns&& by_columns) {
  const int64_t grain = std::max<int64_t>(kGrain / args.dim, 1);
  parallel_for(args.outer * args.inner, grain, [&](int64_t begin, int64_t end) {
    if (args.inner == 1) return by_rows(begin, end - begin);
    while (begin < end) {
      const int64_t outer = begin / args.inner, column = begin % args.inner;
      const int64_t stop = std::min(args.inner, column + end - begin);
      by_columns(outer, column, stop);
      begin += stop - column;
    }
  });
}

template <typename T>
void forward(const SoftmaxShape& args, const T* in, T* out) {
  const auto& table = softmax_table<T>();
  const SoftmaxMode mode = args.log ? SoftmaxMode::kLog : SoftmaxMode::kSoftmax;
  const int64_t slab = args.dim * args.inner;
  split(
      args,
      [&](int64_t first, int64_t count) {
        table.rows(mode, in + first * args.dim, out + first * args.dim, nullptr, args.dim, count);
      },
      [&](int64_t outer, int64_t begin, int64_t end) {
        table.columns(mode, in + outer * slab, out + outer * slab, nullptr, args.dim, args.inner, begin, end);
      });
}

template <typename T>
void backward(const SoftmaxShape& args, const T* grad, const T* y, T* out) {
  const auto& table = softmax_table<T>();
  const int64_t slab = args.dim * args.inner;
  split(
      args,
      [&](int64_t first, int64_t count) {
        const int64_t at = first * args.dim;
        table.rows_backward(args.log, grad + at, y + at, out + at, args.dim, count);
      },
      [&](int64_t outer, int64_t begin, int64_t end) {
        const int64_t at = outer * slab;
        table.columns_backward(args.log, grad + at, y + at, out + at, args.dim, args.inner, begin, end);
      });
}

void softmax(const call::Softmax& call) {
  const SoftmaxShape& args = call.shape;
  if (args.dtype == DType::kFloat32) {
    return cpu::forward(args, static_cast<const float*>(call.input), static_cast<float*>(call.output));
  }
  if (args.dtype == DType::kFloat64) {
    return cpu::forward(args, static_cast<const double*>(call.input), static_cast<double*>(call.output));
  }
  const int64_t n = args.outer * args.dim * args.inner;
  const FloatScratch wide(n);
  wide.read(call.input, args.dtype, n);
  cpu::forward(args, static_cast<const float*>(wide.data()), wide.data());
  wide.write(call.output, args.dtype, n);
}

void softmax_backward(const call::SoftmaxBackward& call) {
  const SoftmaxShape& args = call.shape;
  if (args.dtype == DType::kFloat32) {
    return cpu::backward(args, static_cast<const float*>(call.grad), static_cast<const float*>(call.output),
                         static_cast<float*>(call.grad_input));
  }
  if (args.dtype == DType::kFloat64) {
    return cpu::backward(args, static_cast<const double*>(call.grad), static_cast<const double*>(call.output),
                         static_cast<double*>(call.grad_input));
  }
  const int64_t n = args.outer * args.dim * args.inner;
  const FloatScratch g(n), y(n);
  g.read(call.grad, args.dtype, n);
  y.read(call.output, args.dtype, n);
  cpu::backward(args, static_cast<const float*>(g.data()), static_cast<const float*>(y.data()), g.data());
  g.write(call.grad_input, args.dtype, n);
}

}  // namespace

void add_softmax(KernelTable& table) {
  table.add<call::Softmax>(softmax);
  table.add<call::SoftmaxBackward>(softmax_backward);
}

}  // namespace tt::cpu
#endif
