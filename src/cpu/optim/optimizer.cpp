// Fused optimizer steps, compiled once per instruction set: each element is read and written once.
//
// Products are not contracted with sums, so the bits do not depend on the machine or on where an element
// lies; PyTorch contracts some of them where its loop has full vectors, and so differs in the last bit there.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/optim/optimizer.cpp"
#define TT_CPU_WITHOUT_SSE4
#include "cpu/runtime/kernels.h"
#include "cpu/runtime/targets.h"
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include <cmath>
#include <cstring>
#include <type_traits>

#include "cpu/runtime/independent.h"
#include "device/optimizer.h"

// What the passes over this file share.
#ifndef TT_CPU_OPTIMIZER_SHARED
#define TT_CPU_OPTIMIZER_SHARED
namespace tt::cpu {
using SgdStep = void (*)(const SgdTensor&, const SgdOptions&, const SgdNumbers&, int64_t begin, int64_t end);
using AdamStep = void (*)(const AdamTensor&, const AdamOptions&, const AdamNumbers&, int64_t begin,
                          int64_t end);

// In a captured step what the numbers are is known when it runs.
inline bool is_first(const SgdTensor& t) { return t.live_first != nullptr ? *t.live_first != 0 : t.first; }
inline const tt::AdamStep& step_of(const AdamTensor& t) {
  return t.live_step != nullptr ? *t.live_step : t.step;
}

// By dtype: float16, bfloat16, float32, float64.
struct OptimizerTable {
  SgdStep sgd[4];
  AdamStep adam[4];
};
}  // namespace tt::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace {

// x * y + z.
template <typename C>
inline C multiply_add(C x, C y, C z) {
#if HWY_NATIVE_FMA
  if constexpr (std::is_same_v<C, double>) {
    return __builtin_fma(x, y, z);
  } else {
    return __builtin_fmaf(x, y, z);
  }
#else
  return x * y + z;
#endif
}

template <typename C>
inline C larger_or_nan(C before, C now) {
  return before > now || before != before ? before : now;
}

enum SgdMode { kPlain, kFirst, kMomentum };

template <typename T, SgdMode kMode, bool kDecay, bool kNesterov>
void sgd_loop(const SgdTensor& t, const SgdOptions& options, const SgdNumbers& numbers, int64_t begin,
              int64_t end) {
  T* const param = static_cast<T*>(t.param);
  const T* const grad = static_cast<const T*>(t.grad);
  T* const buffer = static_cast<T*>(t.momentum);
  const T sign = options.maximize ? T(-1) : T(1);
  const T decay = static_cast<T>(numbers.decay);
  const T momentum = static_cast<T>(numbers.momentum);
  const T lookahead = momentum;
  const T fresh = static_cast<T>(numbers.fresh);
  const T rate = static_cast<T>(numbers.rate);
  TT_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T p = param[i];
    T g = sign * grad[i];
    if constexpr (kDecay) g = multiply_add(decay, p, g);
    if constexpr (kMode != kPlain) {
      T b = g;
      if constexpr (kMode == kMomentum) {
        b = multiply_add(fresh, g, buffer[i] * momentum);
      }
      buffer[i] = b;
      g = kNesterov ? multiply_add(lookahead, b, g) : b;
    }
    param[i] = multiply_add(rate, g, p);
  }
}

template <typename T, bool kDecay, bool kNesterov>
void sgd_mode(const SgdTensor& t, const SgdOptions& options, const SgdNumbers& numbers, int64_t begin,
              int64_t end) {
  if (t.momentum == nullptr) {
    sgd_loop<T, kPlain, kDecay, false>(t, options, numbers, begin, end);
  } else if (is_first(t)) {
    sgd_loop<T, kFirst, kDecay, kNesterov>(t, options, numbers, begin, end);
  } else {
    sgd_loop<T, kMomentum, kDecay, kNesterov>(t, options, numbers, begin, end);
  }
}

template <typename T>
void sgd_step(const SgdTensor& t, const SgdOptions& options, const SgdNumbers& numbers, int64_t begin,
              int64_t end) {
  const bool decay = numbers.decay != 0;
  if (decay && options.nesterov) {
    sgd_mode<T, true, true>(t, options, numbers, begin, end);
  } else if (decay) {
    sgd_mode<T, true, false>(t, options, numbers, begin, end);
  } else if (options.nesterov) {
    sgd_mode<T, false, true>(t, options, numbers, begin, end);
  } else {
    sgd_mode<T, false, false>(t, options, numbers, begin, end);
  }
}

enum AdamDecay { kNoDecay, kGradDecay, kParamDecay };

template <typename T, AdamDecay kDecay, bool kAmsgrad, bool kSmallWeight>
void adam_loop(const AdamTensor& t, const AdamOptions& options, const AdamNumbers& numbers, int64_t begin,
               int64_t end) {
  T* const param = static_cast<T*>(t.param);
  const T* const grad = static_cast<const T*>(t.grad);
  T* const exp_avg = static_cast<T*>(t.exp_avg);
  T* const exp_avg_sq = static_cast<T*>(t.exp_avg_sq);
  T* const max_exp_avg_sq = static_cast<T*>(t.max_exp_avg_sq);
  const T sign = options.maximize ? T(-1) : T(1);
  const T grad_decay = static_cast<T>(numbers.grad_decay);
  const T param_decay = static_cast<T>(numbers.param_decay);
  const T weight = static_cast<T>(numbers.weight);
  const T beta2 = static_cast<T>(numbers.beta2);
  const T fresh2 = static_cast<T>(numbers.fresh2);
  const T eps = static_cast<T>(numbers.eps);
  const T correction = static_cast<T>(step_of(t).bias_correction2_sqrt);
  const T rate = static_cast<T>(-step_of(t).step_size);
  TT_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    T p = param[i];
    T g = sign * grad[i];
    if constexpr (kDecay == kGradDecay) g = multiply_add(grad_decay, p, g);
    if constexpr (kDecay == kParamDecay) p = p * param_decay;
    // exp_avg.lerp_(grad, 1 - beta1), in the form that is exact at the nearer end.
    const T m = exp_avg[i];
    const T average =
        kSmallWeight ? multiply_add(weight, g - m, m) : multiply_add(-(g - m), T(1) - weight, g);
    T square = multiply_add(fresh2 * g, g, exp_avg_sq[i] * beta2);
    exp_avg[i] = average;
    exp_avg_sq[i] = square;
    if constexpr (kAmsgrad) {
      const T before = max_exp_avg_sq[i];
      square = larger_or_nan(before, square);
      max_exp_avg_sq[i] = square;
    }
    const T root = std::sqrt(square);
    const T denominator = root / correction + eps;
    param[i] = p + rate * average / denominator;
  }
}

template <typename T, AdamDecay kDecay>
void adam_mode(const AdamTensor& t, const AdamOptions& options, const AdamNumbers& numbers, int64_t begin,
               int64_t end) {
  const bool small_weight = static_cast<T>(numbers.weight) < T(0.5);
  if (options.amsgrad && small_weight) {
    adam_loop<T, kDecay, true, true>(t, options, numbers, begin, end);
  } else if (options.amsgrad) {
    adam_loop<T, kDecay, true, false>(t, options, numbers, begin, end);
  } else if (small_weight) {
    adam_loop<T, kDecay, false, true>(t, options, numbers, begin, end);
  } else {
    adam_loop<T, kDecay, false, false>(t, options, numbers, begin, end);
  }
}

template <typename T>
void adam_step(const AdamTensor& t, const AdamOptions& options, const AdamNumbers& numbers, int64_t begin,
               int64_t end) {
  if (numbers.grad_decay == 0) {
    adam_mode<T, kNoDecay>(t, options, numbers, begin, end);
  } else if (options.decoupled) {
    adam_mode<T, kParamDecay>(t, options, numbers, begin, end);
  } else {
    adam_mode<T, kGradDecay>(t, options, numbers, begin, end);
  }
}

// ---- half types: blocks in float, each result rounded as the tensor's dtype would store it ----

constexpr int64_t kBlock = 256;

// The conversions are what takes time and code: each stands once, whatever the options.
template <typename H>
HWY_NOINLINE void read(const void* from, int64_t begin, int64_t n, float* to) {
  const H* const in = static_cast<const H*>(from) + begin;
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<float>(in[i]);
}
template <typename H>
HWY_NOINLINE void write(const float* from, int64_t n, void* to, int64_t begin) {
  H* const out = static_cast<H*>(to) + begin;
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = H(from[i]);
}
template <typename H>
HWY_NOINLINE void round_all(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>(H(x[i]));
}
template <typename H>
float rounded(double value) {
  return static_cast<float>(H(static_cast<float>(value)));
}

// x = x * factor; out = factor * x + y.
void scale(float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = x[i] * factor;
}
void add_scaled(float* out, float factor, const float* x, const float* y, int64_t n) {
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = multiply_add(factor, x[i], y[i]);
}

// The factor of an addition has the tensors' dtype, that of a product is exact to float.
template <typename H>
void sgd_half(const SgdTensor& t, const SgdOptions& options, const SgdNumbers& numbers, int64_t begin,
              int64_t end) {
  alignas(64) float p[kBlock], g[kBlock], b[kBlock];
  for (int64_t at = begin; at < end; at += kBlock) {
    const int64_t n = end - at < kBlock ? end - at : kBlock;
    read<H>(t.param, at, n, p);
    read<H>(t.grad, at, n, g);
    scale(g, options.maximize ? -1.0f : 1.0f, n);
    if (numbers.decay != 0) {
      add_scaled(g, rounded<H>(numbers.decay), p, g, n);
      round_all<H>(g, n);
    }
    const float* step = g;
    if (t.momentum != nullptr) {
      if (is_first(t)) {
        std::memcpy(b, g, sizeof(float) * static_cast<size_t>(n));
      } else {
        read<H>(t.momentum, at, n, b);
        scale(b, static_cast<float>(numbers.momentum), n);
        round_all<H>(b, n);
        add_scaled(b, rounded<H>(numbers.fresh), g, b, n);
        round_all<H>(b, n);
      }
      write<H>(b, n, t.momentum, at);
      step = b;
      if (options.nesterov) {
        add_scaled(g, rounded<H>(numbers.momentum), b, g, n);
        round_all<H>(g, n);
        step = g;
      }
    }
    add_scaled(p, rounded<H>(numbers.rate), step, p, n);
    write<H>(p, n, t.param, at);
  }
}

template <typename H>
void adam_half(const AdamTensor& t, const AdamOptions& options, const AdamNumbers& numbers, int64_t begin,
               int64_t end) {
  alignas(64) float p[kBlock], g[kBlock], average[kBlock], square[kBlock], before[kBlock];
  const auto weight = static_cast<float>(numbers.weight);
  const auto fresh2 = static_cast<float>(numbers.fresh2);
  const auto eps = static_cast<float>(numbers.eps);
  const auto correction = static_cast<float>(step_of(t).bias_correction2_sqrt);
  const auto rate = static_cast<float>(-step_of(t).step_size);
  for (int64_t at = begin; at < end; at += kBlock) {
    const int64_t n = end - at < kBlock ? end - at : kBlock;
    read<H>(t.param, at, n, p);
    read<H>(t.grad, at, n, g);
    scale(g, options.maximize ? -1.0f : 1.0f, n);
    if (numbers.grad_decay != 0 && options.decoupled) {
      scale(p, static_cast<float>(numbers.param_decay), n);
      round_all<H>(p, n);
    } else if (numbers.grad_decay != 0) {
      add_scaled(g, rounded<H>(numbers.grad_decay), p, g, n);
      round_all<H>(g, n);
    }
    read<H>(t.exp_avg, at, n, average);
    if (weight < 0.5f) {
      for (int64_t i = 0; i < n; ++i) average[i] = multiply_add(weight, g[i] - average[i], average[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) average[i] = multiply_add(-(g[i] - average[i]), 1 - weight, g[i]);
    }
    round_all<H>(average, n);
    write<H>(average, n, t.exp_avg, at);
    read<H>(t.exp_avg_sq, at, n, square);
    scale(square, static_cast<float>(numbers.beta2), n);
    round_all<H>(square, n);
    for (int64_t i = 0; i < n; ++i) square[i] = multiply_add(fresh2 * g[i], g[i], square[i]);
    round_all<H>(square, n);
    write<H>(square, n, t.exp_avg_sq, at);
    if (options.amsgrad) {
      read<H>(t.max_exp_avg_sq, at, n, before);
      for (int64_t i = 0; i < n; ++i) square[i] = larger_or_nan(before[i], square[i]);
      write<H>(square, n, t.max_exp_avg_sq, at);
    }
    for (int64_t i = 0; i < n; ++i) square[i] = std::sqrt(square[i]);
    round_all<H>(square, n);
    for (int64_t i = 0; i < n; ++i) square[i] = square[i] / correction;
    round_all<H>(square, n);
    for (int64_t i = 0; i < n; ++i) square[i] = square[i] + eps;
    round_all<H>(square, n);
    for (int64_t i = 0; i < n; ++i) p[i] = p[i] + rate * average[i] / square[i];
    write<H>(p, n, t.param, at);
  }
}

const OptimizerTable kTable = {
    {sgd_half<Half>, sgd_half<BFloat16>, sgd_step<float>, sgd_step<double>},
    {adam_half<Half>, adam_half<BFloat16>, adam_step<float>, adam_step<double>},
};

}  // namespace

const OptimizerTable* optimizer_table() { return &kTable; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/parallel.h"

namespace tt::cpu {

namespace {

const OptimizerTable& table() {
  static const OptimizerTable* const chosen = TT_CPU_DISPATCH(optimizer_table)();
  return *chosen;
}

int table_index(DType dtype) { return static_cast<int>(dtype) - static_cast<int>(DType::kFloat16); }

// All elements of all tensors as one range, divided among the threads.
template <typename Numbers, typename Tensor, typename Options, typename Step>
void run(std::span<const Tensor> tensors, const Options& options, const Step* steps, int64_t grain) {
  const Numbers numbers = options.live != nullptr ? *options.live : Numbers::of(options);
  int64_t total = 0;
  for (const Tensor& t : tensors) total += t.n;
  parallel_for(total, grain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (const Tensor& t : tensors) {
      const int64_t from = begin > start ? begin - start : 0;
      const int64_t to = end - start < t.n ? end - start : t.n;
      if (from < to) steps[table_index(t.dtype)](t, options, numbers, from, to);
      start += t.n;
      if (start >= end) break;
    }
  });
}

void sgd(const call::Sgd& call) { run<SgdNumbers>(call.tensors, call.options, table().sgd, 32768); }

void adam(const call::Adam& call) { run<AdamNumbers>(call.tensors, call.options, table().adam, 8192); }

}  // namespace

void add_optimizer(KernelTable& table) {
  table.add<call::Sgd>(sgd);
  table.add<call::Adam>(adam);
}

}  // namespace tt::cpu
#endif
