// Fused optimizer steps, compiled once per instruction set: each element is read and written once.
//
// Products are not contracted with sums, so the bits do not depend on the machine or on where an element
// lies; PyTorch contracts some of them where its loop has full vectors, and so differs in the last bit there.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/optimizer.cpp"
#include "cpu/targets.h"
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include <cmath>
#include <type_traits>

#include "cpu/optimizer.h"

// What the passes over this file share.
#ifndef TT_CPU_OPTIMIZER_SHARED
#define TT_CPU_OPTIMIZER_SHARED
namespace tt::cpu {
using SgdStep = void (*)(const SgdTensor&, const SgdOptions&, int64_t begin, int64_t end);
using AdamStep = void (*)(const AdamTensor&, const AdamOptions&, int64_t begin, int64_t end);
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

// What T computes in: half types in float.
template <typename T>
using Compute = std::conditional_t<std::is_same_v<T, double>, double, float>;

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

// A result as T would store it.
template <typename T>
inline Compute<T> rounded(Compute<T> value) {
  return static_cast<Compute<T>>(static_cast<T>(value));
}

enum SgdMode { kPlain, kFirst, kMomentum };

template <typename T, SgdMode kMode, bool kDecay, bool kNesterov>
void sgd_loop(const SgdTensor& t, const SgdOptions& options, int64_t begin, int64_t end) {
  using C = Compute<T>;
  T* const param = static_cast<T*>(t.param);
  const T* const grad = static_cast<const T*>(t.grad);
  T* const buffer = static_cast<T*>(t.momentum);
  const C sign = options.maximize ? C(-1) : C(1);
  // The factor of an addition has the tensors' dtype, that of a product is exact to the compute type.
  const C decay = rounded<T>(static_cast<C>(options.weight_decay));
  const C momentum = static_cast<C>(options.momentum);
  const C lookahead = rounded<T>(momentum);
  const C fresh = rounded<T>(static_cast<C>(1 - options.dampening));
  const C rate = rounded<T>(static_cast<C>(-options.lr));
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const C p = static_cast<C>(param[i]);
    C g = sign * static_cast<C>(grad[i]);
    if constexpr (kDecay) g = rounded<T>(multiply_add(decay, p, g));
    if constexpr (kMode != kPlain) {
      C b = g;
      if constexpr (kMode == kMomentum) {
        b = rounded<T>(multiply_add(fresh, g, rounded<T>(static_cast<C>(buffer[i]) * momentum)));
      }
      buffer[i] = static_cast<T>(b);
      g = kNesterov ? rounded<T>(multiply_add(lookahead, b, g)) : b;
    }
    param[i] = static_cast<T>(multiply_add(rate, g, p));
  }
}

template <typename T, bool kDecay, bool kNesterov>
void sgd_mode(const SgdTensor& t, const SgdOptions& options, int64_t begin, int64_t end) {
  if (t.momentum == nullptr) {
    sgd_loop<T, kPlain, kDecay, false>(t, options, begin, end);
  } else if (t.first) {
    sgd_loop<T, kFirst, kDecay, kNesterov>(t, options, begin, end);
  } else {
    sgd_loop<T, kMomentum, kDecay, kNesterov>(t, options, begin, end);
  }
}

template <typename T>
void sgd_step(const SgdTensor& t, const SgdOptions& options, int64_t begin, int64_t end) {
  const bool decay = options.weight_decay != 0;
  if (decay && options.nesterov) {
    sgd_mode<T, true, true>(t, options, begin, end);
  } else if (decay) {
    sgd_mode<T, true, false>(t, options, begin, end);
  } else if (options.nesterov) {
    sgd_mode<T, false, true>(t, options, begin, end);
  } else {
    sgd_mode<T, false, false>(t, options, begin, end);
  }
}

enum AdamDecay { kNoDecay, kGradDecay, kParamDecay };

template <typename T, AdamDecay kDecay, bool kAmsgrad, bool kSmallWeight>
void adam_loop(const AdamTensor& t, const AdamOptions& options, int64_t begin, int64_t end) {
  using C = Compute<T>;
  T* const param = static_cast<T*>(t.param);
  const T* const grad = static_cast<const T*>(t.grad);
  T* const exp_avg = static_cast<T*>(t.exp_avg);
  T* const exp_avg_sq = static_cast<T*>(t.exp_avg_sq);
  T* const max_exp_avg_sq = static_cast<T*>(t.max_exp_avg_sq);
  const C sign = options.maximize ? C(-1) : C(1);
  const C grad_decay = rounded<T>(static_cast<C>(options.weight_decay));
  const C param_decay = static_cast<C>(1 - options.lr * options.weight_decay);
  const C weight = static_cast<C>(1 - options.beta1);
  const C beta2 = static_cast<C>(options.beta2);
  const C fresh2 = static_cast<C>(1 - options.beta2);
  const C eps = static_cast<C>(options.eps);
  const C correction = static_cast<C>(t.bias_correction2_sqrt);
  const C rate = static_cast<C>(-t.step_size);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    C p = static_cast<C>(param[i]);
    C g = sign * static_cast<C>(grad[i]);
    if constexpr (kDecay == kGradDecay) g = rounded<T>(multiply_add(grad_decay, p, g));
    if constexpr (kDecay == kParamDecay) p = rounded<T>(p * param_decay);
    // exp_avg.lerp_(grad, 1 - beta1), in the form that is exact at the nearer end.
    const C m = static_cast<C>(exp_avg[i]);
    const C average =
        rounded<T>(kSmallWeight ? multiply_add(weight, g - m, m) : multiply_add(-(g - m), C(1) - weight, g));
    C square = rounded<T>(multiply_add(fresh2 * g, g, rounded<T>(static_cast<C>(exp_avg_sq[i]) * beta2)));
    exp_avg[i] = static_cast<T>(average);
    exp_avg_sq[i] = static_cast<T>(square);
    if constexpr (kAmsgrad) {
      const C before = static_cast<C>(max_exp_avg_sq[i]);
      square = before > square || before != before ? before : square;  // a NaN stays
      max_exp_avg_sq[i] = static_cast<T>(square);
    }
    const C root = rounded<T>(std::sqrt(square));
    const C denominator = rounded<T>(rounded<T>(root / correction) + eps);
    param[i] = static_cast<T>(p + rate * average / denominator);
  }
}

template <typename T, AdamDecay kDecay>
void adam_mode(const AdamTensor& t, const AdamOptions& options, int64_t begin, int64_t end) {
  const bool small_weight = static_cast<Compute<T>>(1 - options.beta1) < Compute<T>(0.5);
  if (options.amsgrad && small_weight) {
    adam_loop<T, kDecay, true, true>(t, options, begin, end);
  } else if (options.amsgrad) {
    adam_loop<T, kDecay, true, false>(t, options, begin, end);
  } else if (small_weight) {
    adam_loop<T, kDecay, false, true>(t, options, begin, end);
  } else {
    adam_loop<T, kDecay, false, false>(t, options, begin, end);
  }
}

template <typename T>
void adam_step(const AdamTensor& t, const AdamOptions& options, int64_t begin, int64_t end) {
  if (options.weight_decay == 0) {
    adam_mode<T, kNoDecay>(t, options, begin, end);
  } else if (options.decoupled) {
    adam_mode<T, kParamDecay>(t, options, begin, end);
  } else {
    adam_mode<T, kGradDecay>(t, options, begin, end);
  }
}

const OptimizerTable kTable = {
    {sgd_step<Half>, sgd_step<BFloat16>, sgd_step<float>, sgd_step<double>},
    {adam_step<Half>, adam_step<BFloat16>, adam_step<float>, adam_step<double>},
};

}  // namespace

const OptimizerTable* optimizer_table() { return &kTable; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/parallel.h"

namespace tt::cpu {

namespace {

const OptimizerTable& table() {
  static const OptimizerTable* const chosen = TT_CPU_DISPATCH(optimizer_table)();
  return *chosen;
}

int table_index(DType dtype) { return static_cast<int>(dtype) - static_cast<int>(DType::kFloat16); }

// All elements of all tensors as one range, divided among the threads.
template <typename Tensor, typename Options, typename Step>
void run(std::span<const Tensor> tensors, const Options& options, const Step* steps, int64_t grain) {
  int64_t total = 0;
  for (const Tensor& t : tensors) total += t.n;
  parallel_for(total, grain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (const Tensor& t : tensors) {
      const int64_t from = begin > start ? begin - start : 0;
      const int64_t to = end - start < t.n ? end - start : t.n;
      if (from < to) steps[table_index(t.dtype)](t, options, from, to);
      start += t.n;
      if (start >= end) break;
    }
  });
}

}  // namespace

void CpuOptimizer::sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) {
  run(tensors, options, table().sgd, 32768);
}

void CpuOptimizer::adam(std::span<const AdamTensor> tensors, const AdamOptions& options) {
  run(tensors, options, table().adam, 8192);
}

}  // namespace tt::cpu
#endif
