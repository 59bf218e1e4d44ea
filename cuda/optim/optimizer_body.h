// Optimizer steps for many tensors in one launch: the kernel's parameters hold a table of them, and each
// block finds the tensor that its share belongs to. The arithmetic is src/cpu/optimizer.cpp's, with fused
// multiply-additions.
#pragma once

#include <span>

#include "device/optimizer.h"
#include "cuda/runtime/block.h"

namespace tt::cuda {

inline constexpr int kOptimizerThreads = 256;
inline constexpr int kOptimizerShare = 4 * kOptimizerThreads;  // elements of a block

// A result as T would store it.
template <typename T>
TT_HOST_DEVICE inline Compute<T> rounded(Compute<T> value) {
  return static_cast<Compute<T>>(static_cast<T>(value));
}

// As many entries as the parameters of a launch have room for, beside the options.
template <typename Entry>
struct TensorTable {
  static constexpr int kMost = static_cast<int>(3840 / sizeof(Entry));
  int count = 0;
  int64_t blocks = 0;
  Entry entries[kMost];

  bool full() const { return count == kMost; }
  void add(const Entry& entry) {
    entries[count] = entry;
    entries[count++].first_block = blocks;
    blocks += ceil_div(entry.n, kOptimizerShare);
  }
  // The last entry that begins at or before the block: those without elements begin where their successors
  // do.
  TT_HOST_DEVICE const Entry& of_block(int64_t block) const {
    int low = 0, high = count - 1;
    while (low < high) {
      const int middle = (low + high + 1) / 2;
      if (entries[middle].first_block <= block) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return entries[low];
  }
};

// f(i) for the elements of the entry that are the thread's.
template <typename Block, typename Entry, typename F>
TT_HOST_DEVICE inline void for_share(const Block& block, const Entry& entry, F&& f) {
  const int64_t begin = (block.index() - entry.first_block) * kOptimizerShare + block.thread();
  TT_UNROLL
  for (int k = 0; k < kOptimizerShare / kOptimizerThreads; ++k) {
    const int64_t i = begin + k * kOptimizerThreads;
    if (i < entry.n) f(i);
  }
}

// The numbers of a step as the kernels compute with them. The factor of an addition has the tensors' dtype,
// that of a product is exact to the compute type.
template <typename T>
struct SgdFactors {
  using A = Compute<T>;
  A decay, momentum, lookahead, fresh, rate;
  bool decays;

  TT_HOST_DEVICE explicit SgdFactors(const SgdNumbers& n)
      : decay(rounded<T>(static_cast<A>(n.decay))),
        momentum(static_cast<A>(n.momentum)),
        lookahead(rounded<T>(static_cast<A>(n.momentum))),
        fresh(rounded<T>(static_cast<A>(n.fresh))),
        rate(rounded<T>(static_cast<A>(n.rate))),
        decays(n.decay != 0) {}
};

struct SgdEntry {
  void* param;
  const void* grad;
  void* momentum;  // null: none
  int64_t n;
  int64_t first_block;
  const double* live_first;
  bool first;
};

template <typename T>
struct SgdBody {
  static constexpr int kThreads = kOptimizerThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  A sign;
  bool nesterov;
  const SgdNumbers* live;
  SgdFactors<T> given;
  TensorTable<SgdEntry> table;

  explicit SgdBody(const SgdOptions& o)
      : sign(o.maximize ? A(-1) : A(1)), nesterov(o.nesterov), live(o.live), given(SgdNumbers::of(o)) {}

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const SgdEntry& entry = table.of_block(block.index());
    T* const param = static_cast<T*>(entry.param);
    const T* const grad = static_cast<const T*>(entry.grad);
    T* const buffer = static_cast<T*>(entry.momentum);
    const SgdFactors<T> f = live != nullptr ? SgdFactors<T>(*live) : given;
    const bool first = entry.live_first != nullptr ? *entry.live_first != 0 : entry.first;
    for_share(block, entry, [&](int64_t i) {
      const A p = static_cast<A>(param[i]);
      A g = sign * static_cast<A>(grad[i]);
      if (f.decays) g = rounded<T>(multiply_add(f.decay, p, g));
      if (buffer != nullptr) {
        A b = g;
        if (!first) {
          b = rounded<T>(multiply_add(f.fresh, g, rounded<T>(static_cast<A>(buffer[i]) * f.momentum)));
        }
        buffer[i] = static_cast<T>(b);
        g = nesterov ? rounded<T>(multiply_add(f.lookahead, b, g)) : b;
      }
      param[i] = static_cast<T>(multiply_add(f.rate, g, p));
    });
  }
};

template <typename T>
struct AdamFactors {
  using A = Compute<T>;
  A grad_decay, param_decay, weight, beta2, fresh2, eps;
  bool decays;

  TT_HOST_DEVICE explicit AdamFactors(const AdamNumbers& n)
      : grad_decay(rounded<T>(static_cast<A>(n.grad_decay))),
        param_decay(static_cast<A>(n.param_decay)),
        weight(static_cast<A>(n.weight)),
        beta2(static_cast<A>(n.beta2)),
        fresh2(static_cast<A>(n.fresh2)),
        eps(static_cast<A>(n.eps)),
        decays(n.grad_decay != 0) {}
};

struct AdamEntry {
  void* param;
  const void* grad;
  void* exp_avg;
  void* exp_avg_sq;
  void* max_exp_avg_sq;  // null without amsgrad
  int64_t n;
  int64_t first_block;
  AdamStep step;
  const AdamStep* live_step;
};

template <typename T>
struct AdamBody {
  static constexpr int kThreads = kOptimizerThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  A sign;
  bool decoupled, amsgrad;
  const AdamNumbers* live;
  AdamFactors<T> given;
  TensorTable<AdamEntry> table;

  explicit AdamBody(const AdamOptions& o)
      : sign(o.maximize ? A(-1) : A(1)),
        decoupled(o.decoupled),
        amsgrad(o.amsgrad),
        live(o.live),
        given(AdamNumbers::of(o)) {}

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const AdamEntry& entry = table.of_block(block.index());
    T* const param = static_cast<T*>(entry.param);
    const T* const grad = static_cast<const T*>(entry.grad);
    T* const exp_avg = static_cast<T*>(entry.exp_avg);
    T* const exp_avg_sq = static_cast<T*>(entry.exp_avg_sq);
    T* const max_exp_avg_sq = static_cast<T*>(entry.max_exp_avg_sq);
    const AdamFactors<T> f = live != nullptr ? AdamFactors<T>(*live) : given;
    const AdamStep step = entry.live_step != nullptr ? *entry.live_step : entry.step;
    const A correction = static_cast<A>(step.bias_correction2_sqrt);
    const A rate = static_cast<A>(-step.step_size);
    for_share(block, entry, [&](int64_t i) {
      A p = static_cast<A>(param[i]);
      A g = sign * static_cast<A>(grad[i]);
      if (f.decays && !decoupled) g = rounded<T>(multiply_add(f.grad_decay, p, g));
      if (f.decays && decoupled) p = rounded<T>(p * f.param_decay);
      // exp_avg.lerp_(grad, 1 - beta1), in the form that is exact at the nearer end.
      const A m = static_cast<A>(exp_avg[i]);
      const A average = rounded<T>(f.weight < A(0.5) ? multiply_add(f.weight, g - m, m)
                                                     : multiply_add(-(g - m), A(1) - f.weight, g));
      A square =
          rounded<T>(multiply_add(f.fresh2 * g, g, rounded<T>(static_cast<A>(exp_avg_sq[i]) * f.beta2)));
      exp_avg[i] = static_cast<T>(average);
      exp_avg_sq[i] = static_cast<T>(square);
      if (amsgrad) {
        const A before = static_cast<A>(max_exp_avg_sq[i]);
        square = before > square || before != before ? before : square;  // a NaN stays
        max_exp_avg_sq[i] = static_cast<T>(square);
      }
      const A root = rounded<T>(std::sqrt(square));
      const A denominator = rounded<T>(rounded<T>(root / correction) + f.eps);
      param[i] = static_cast<T>(p + rate * average / denominator);
    });
  }
};

// Both in the device's memory.
struct UnscaleOptions {
  const float* inverse_scale;
  float* found_inf;
};

struct UnscaleEntry {
  void* grad;
  int64_t n;
  int64_t first_block;
};

template <typename T>
struct UnscaleBody {
  static constexpr int kThreads = kOptimizerThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  UnscaleOptions numbers;
  TensorTable<UnscaleEntry> table;

  explicit UnscaleBody(const UnscaleOptions& o) : numbers(o) {}

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const UnscaleEntry& entry = table.of_block(block.index());
    T* const grad = static_cast<T*>(entry.grad);
    const A inverse = static_cast<A>(*numbers.inverse_scale);
    bool finite = true;
    for_share(block, entry, [&](int64_t i) {
      const A value = static_cast<A>(grad[i]);
      finite = finite && value - value == A(0);
      grad[i] = static_cast<T>(value * inverse);
    });
    if (!finite) *numbers.found_inf = 1;  // whoever writes writes the same
  }
};

// The tensors of one dtype, in as few launches as their number allows.
template <typename Body, typename Launcher, typename Tensor, typename Options, typename Entry>
void step_tensors(const Launcher& launcher, const char* name, std::span<const Tensor> tensors, DType dtype,
                  const Options& options, Entry&& entry) {
  Body body(options);
  const auto flush = [&] {
    launcher.launch(name, body, body.table.blocks);
    body.table.count = 0;
    body.table.blocks = 0;
  };
  for (const Tensor& t : tensors) {
    if (t.dtype != dtype || t.n == 0) continue;
    const int64_t blocks = ceil_div(t.n, kOptimizerShare);
    if (body.table.full() || body.table.blocks + blocks > kMostBlocks) flush();
    body.table.add(entry(t));
  }
  if (body.table.count > 0) flush();
}

template <typename Tensor>
bool has_dtype(std::span<const Tensor> tensors, DType dtype) {
  for (const Tensor& t : tensors) {
    if (t.dtype == dtype) return true;
  }
  return false;
}

inline constexpr DType kOptimizerDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16,
                                             DType::kBFloat16};

template <typename Launcher>
void sgd_step(const Launcher& launcher, std::span<const SgdTensor> tensors, const SgdOptions& options) {
  for (const DType dtype : kOptimizerDTypes) {
    if (!has_dtype(tensors, dtype)) continue;
    visit_floating(dtype, "sgd", [&]<typename T>() {
      step_tensors<SgdBody<T>>(launcher, "sgd", tensors, dtype, options, [](const SgdTensor& t) {
        return SgdEntry{t.param, t.grad, t.momentum, t.n, 0, t.live_first, t.first};
      });
    });
  }
}

template <typename Launcher>
void unscale_grads(const Launcher& launcher, std::span<const GradTensor> grads,
                   const UnscaleOptions& options) {
  for (const DType dtype : kOptimizerDTypes) {
    if (!has_dtype(grads, dtype)) continue;
    visit_floating(dtype, "unscale", [&]<typename T>() {
      step_tensors<UnscaleBody<T>>(launcher, "unscale", grads, dtype, options, [](const GradTensor& g) {
        return UnscaleEntry{g.grad, g.n, 0};
      });
    });
  }
}

template <typename Launcher>
void adam_step(const Launcher& launcher, std::span<const AdamTensor> tensors, const AdamOptions& options) {
  for (const DType dtype : kOptimizerDTypes) {
    if (!has_dtype(tensors, dtype)) continue;
    visit_floating(dtype, "adam", [&]<typename T>() {
      step_tensors<AdamBody<T>>(launcher, "adam", tensors, dtype, options, [](const AdamTensor& t) {
        return AdamEntry{t.param, t.grad, t.exp_avg, t.exp_avg_sq, t.max_exp_avg_sq,
                         t.n,     0,      t.step,    t.live_step};
      });
    });
  }
}

}  // namespace tt::cuda
