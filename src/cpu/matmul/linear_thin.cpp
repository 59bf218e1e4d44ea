// All gradients in one pass over the rows: the weight and the sums stay in registers, and each value of the
// gradient is loaded once for both products.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/matmul/linear_thin.cpp"
#define TT_CPU_WITHOUT_SVE
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cpu/matmul/linear_thin.h"
#include "cpu/runtime/round.h"
#include "cpu/runtime/simd_tail.h"

#ifndef TT_CPU_LINEAR_THIN_ONCE
#define TT_CPU_LINEAR_THIN_ONCE
namespace tt::cpu {

constexpr int64_t kThinLanes = 8;  // inputs and outputs, at most

struct ThinLinear {
  const call::LinearBackward& args;
  alignas(32) float weight[kThinLanes][kThinLanes];  // of each output, with zeros behind; as are
  alignas(32) float grad_weight[kThinLanes][kThinLanes];
  alignas(32) float grad_bias[kThinLanes];
};
using ThinLinearLoop = void (*)(ThinLinear& layer);

}  // namespace tt::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2

// Sums of so many rows are added up: the error grows with the longest chain of additions.
constexpr int64_t kChain = 128;

// to = slope(grad, y) for n elements; `to` has room for whole vectors.
template <typename F>
HWY_INLINE void through(F slope, const float* grad, const float* y, int64_t n, float* to) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(slope(hn::LoadU(d, grad + i), hn::LoadU(d, y + i)), d, to + i);
  if (i == n) return;
  const auto left = static_cast<size_t>(n - i);
  hn::StoreU(slope(load_tail(d, grad + i, left, hn::Zero(d)), load_tail(d, y + i, left, hn::Zero(d))), d,
             to + i);
}

// The gradients of what went into the activation, from those of its results y.
void through_activation(UnaryOp activation, const float* grad, const float* y, int64_t n, float* to) {
  const hn::ScalableTag<float> d;
  using Vec = hn::Vec<decltype(d)>;
  const Vec zero = hn::Zero(d), one = hn::Set(d, 1.0F);
  if (activation == UnaryOp::relu) {
    // Where the result is NaN the gradient counts.
    through([&](Vec g, Vec v) HWY_ATTR { return hn::IfThenZeroElse(hn::Le(v, zero), g); }, grad, y, n, to);
  } else if (activation == UnaryOp::sigmoid) {
    through([&](Vec g, Vec v) HWY_ATTR { return hn::Mul(hn::Mul(g, hn::Sub(one, v)), v); }, grad, y, n, to);
  } else {
    through([&](Vec g, Vec v) HWY_ATTR { return hn::Mul(g, hn::Sub(one, hn::Mul(v, v))); }, grad, y, n, to);
  }
}

template <int kOut>
void backward_rows(ThinLinear& layer) {
  const hn::FixedTag<float, kThinLanes> d;
  using Vec = hn::Vec<decltype(d)>;
  const call::LinearBackward& args = layer.args;
  const int64_t rows = args.rows, in = args.in;
  const auto* grad = static_cast<const float*>(args.grad);
  const auto* result = static_cast<const float*>(args.result);
  // Without an input nobody wants the weight's gradient, which may then be anything.
  const auto* input = static_cast<const float*>(args.input != nullptr ? args.input : layer.weight);
  const int64_t input_step = args.input != nullptr ? in : 0;
  auto* grad_input = static_cast<float*>(args.grad_input);
  const auto in_mask = hn::FirstN(d, static_cast<size_t>(in)), out_mask = hn::FirstN(d, kOut);
  // Rows that can be loaded and stored with what lies behind them: that is the rows that follow at once, and
  // is not counted or is overwritten.
  const int64_t whole = rows - ceil_div(kThinLanes, std::min<int64_t>(in, kOut));
  // A sum takes one row after another only as fast as it adds: two of each, where there are registers for
  // them.
  constexpr int kTurns = HWY_TARGET <= HWY_AVX3 || kOut <= 2 ? 2 : 1;

  Vec weight[kOut];
#pragma GCC unroll 8
  for (int i = 0; i < kOut; ++i) weight[i] = hn::Load(d, layer.weight[i]);

  HWY_ALIGN float through[kChain * kOut + hn::MaxLanes(hn::ScalableTag<float>())];
  for (int64_t chain = 0; chain < rows; chain += kChain) {
    const int64_t end = std::min(rows, chain + kChain);
    const float* from = grad + chain * kOut;
    if (result != nullptr) {
      through_activation(args.epilogue.op, from, result + chain * kOut, (end - chain) * kOut, through);
      from = through;
    }
    Vec sums[kTurns][kOut], bias_sum = hn::Zero(d);
#pragma GCC unroll 2
    for (int u = 0; u < kTurns; ++u) {
#pragma GCC unroll 8
      for (int i = 0; i < kOut; ++i) sums[u][i] = hn::Zero(d);
    }
    const auto row = [&](int u, bool is_whole) HWY_ATTR __attribute__((always_inline)) {
      Vec value[kOut];  // loaded once for both products
#pragma GCC unroll 8
      for (int i = 0; i < kOut; ++i) value[i] = hn::Set(d, from[i]);
      const Vec g = kOut == 1 ? value[0] : is_whole ? hn::LoadU(d, from) : hn::MaskedLoad(out_mask, d, from);
      bias_sum = hn::Add(bias_sum, g);
      const Vec x = is_whole ? hn::LoadU(d, input) : hn::MaskedLoad(in_mask, d, input);
#pragma GCC unroll 8
      for (int i = 0; i < kOut; ++i) sums[u][i] = hn::MulAdd(value[i], x, sums[u][i]);
      input += input_step;
      if (grad_input != nullptr) {
        Vec sum = hn::Mul(value[0], weight[0]);
#pragma GCC unroll 8
        for (int i = 1; i < kOut; ++i) sum = hn::MulAdd(value[i], weight[i], sum);
        is_whole ? hn::StoreU(sum, d, grad_input) : hn::BlendedStore(sum, in_mask, d, grad_input);
        grad_input += in;
      }
      from += kOut;
    };
    int64_t i = chain;
    for (; i + kTurns <= std::min(end, whole); i += kTurns) {
#pragma GCC unroll 2
      for (int u = 0; u < kTurns; ++u) row(u, true);
    }
    for (; i < end; ++i) row(0, false);

    hn::Store(hn::Add(hn::Load(d, layer.grad_bias), bias_sum), d, layer.grad_bias);
#pragma GCC unroll 8
    for (int j = 0; j < kOut; ++j) {
      Vec sum = sums[0][j];
      if constexpr (kTurns == 2) sum = hn::Add(sum, sums[1][j]);
      hn::Store(hn::Add(hn::Load(d, layer.grad_weight[j]), sum), d, layer.grad_weight[j]);
    }
  }
}

template <int... kOutLess1>
constexpr std::array<ThinLinearLoop, kThinLanes> loops_of(std::integer_sequence<int, kOutLess1...>) {
  return {backward_rows<kOutLess1 + 1>...};
}

ThinLinearLoop thin_linear_loop(int64_t out) {
  static constexpr auto loops = loops_of(std::make_integer_sequence<int, kThinLanes>());
  return loops[static_cast<size_t>(out - 1)];
}

#else

ThinLinearLoop thin_linear_loop(int64_t) { return nullptr; }

#endif

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

bool linear_is_thin(const call::LinearBackward& layer) {
  constexpr int64_t kLeastRows = 16, kMostRows = 8192;
  return layer.dtype == DType::kFloat32 && layer.in >= 1 && layer.in <= kThinLanes &&
         layer.out <= kThinLanes && layer.rows >= kLeastRows && layer.rows <= kMostRows &&
         TT_CPU_DISPATCH(thin_linear_loop)(layer.out) != nullptr;
}

void linear_thin_backward(const call::LinearBackward& args) {
  ThinLinear layer = {.args = args, .weight = {}, .grad_weight = {}, .grad_bias = {}};
  const auto* weight = static_cast<const float*>(args.weight);
  auto* grad_weight = static_cast<float*>(args.grad_weight);
  for (int64_t i = 0; i < args.out && weight != nullptr; ++i) {
    std::copy_n(weight + i * args.in, args.in, layer.weight[i]);
  }
  TT_CPU_DISPATCH(thin_linear_loop)(args.out)(layer);
  for (int64_t i = 0; i < args.out && grad_weight != nullptr; ++i) {
    std::copy_n(layer.grad_weight[i], args.in, grad_weight + i * args.in);
  }
  if (args.grad_bias != nullptr) std::copy_n(layer.grad_bias, args.out, static_cast<float*>(args.grad_bias));
}

}  // namespace tt::cpu
#endif
