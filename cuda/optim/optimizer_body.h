// Optimizer steps for many tensors in one launch: the kernel's parameters hold a table of them, and each
// block finds the tensor that its share belongs to. The arithmetic is the rules'
// (kernels/optimizer_rules.h), with fused multiply-additions.
#pragma once

#include <span>

#include "device/optimizer.h"
#include "cuda/runtime/block.h"

namespace tt::cuda {

inline constexpr int kOptimizerThreads = 256;
inline constexpr int kOptimizerShare = 4 * kOptimizerThreads;  // elements of a block

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

template <typename Rule>
struct StepEntry {
  void* param;
  const void* grad;
  void* states[Rule::kStates];  // null: none
  int64_t n;
  int64_t first_block;
  StepNumbers step;
  const double* live_step;
};

template <typename Rule, typename T>
struct StepBody {
  static constexpr int kThreads = kOptimizerThreads;
  static constexpr int kBlocksResident = 4;
  using Element = OptimizerElement<T, Rule::kStates, true>;
  using Number = typename Element::Number;
  using GivenNumbers = typename Rule::template Numbers<double>;
  using GivenStep = typename Rule::template Step<double>;
  using Shared = Nothing;

  const double* live;
  typename Rule::template Numbers<Number> given;
  unsigned given_mode;
  TensorTable<StepEntry<Rule>> table;

  explicit StepBody(const call::OptimizerStep& call)
      : live(call.live),
        given(Rule::template converted<Element>(numbers_at<GivenNumbers>(call.numbers.values))),
        given_mode(Rule::template mode<Element>(numbers_at<GivenNumbers>(call.numbers.values))) {}

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const StepEntry<Rule>& entry = table.of_block(block.index());
    typename Rule::template Numbers<Number> numbers = given;
    unsigned mode = given_mode;
    if (live != nullptr) {
      const auto& now = numbers_at<GivenNumbers>(live);
      numbers = Rule::template converted<Element>(now);
      mode = Rule::template mode<Element>(now);
    }
    const GivenStep given_step =
        numbers_at<GivenStep>(entry.live_step != nullptr ? entry.live_step : entry.step.values);
    const auto step = Rule::template converted<Element>(given_step);
    Element at;
    at.param_at = static_cast<T*>(entry.param);
    at.grad_at = static_cast<const T*>(entry.grad);
    bool has_state[Rule::kStates];
    TT_UNROLL
    for (int k = 0; k < Rule::kStates; ++k) {
      at.states_at[k] = static_cast<T*>(entry.states[k]);
      has_state[k] = at.states_at[k] != nullptr;
    }
    const ChosenMode chosen{Rule::reduced(mode | Rule::mode(given_step, has_state))};
    for_share(block, entry, [&](int64_t i) {
      Element here = at;
      here.i = i;
      Rule::apply(chosen, here, numbers, step);
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
void optimizer_step(const Launcher& launcher, const call::OptimizerStep& call) {
  for (const DType dtype : kOptimizerDTypes) {
    if (!has_dtype(call.tensors, dtype)) continue;
    visit_rule(call.rule, [&]<typename Rule>() {
      visit_floating(dtype, Rule::kName, [&]<typename T>() {
        step_tensors<StepBody<Rule, T>>(
            launcher, Rule::kName, call.tensors, dtype, call, [](const OptimizerTensor& t) {
              StepEntry<Rule> entry{t.param, t.grad, {}, t.n, 0, t.step, t.live_step};
              t.states.put(entry.states);
              return entry;
            });
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

}  // namespace tt::cuda
