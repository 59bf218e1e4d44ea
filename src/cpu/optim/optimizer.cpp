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

#include <array>
#include <cmath>
#include <utility>

#include "cpu/runtime/independent.h"
#include "device/optimizer.h"

// What the passes over this file share.
#ifndef TT_CPU_OPTIMIZER_SHARED
#define TT_CPU_OPTIMIZER_SHARED
namespace tt::cpu {
// Elements begin to end of one tensor; the group's numbers.
using OptimizerKernel = void (*)(const OptimizerTensor&, const double* numbers, int64_t begin, int64_t end);

// Of a rule, by dtype: float16, bfloat16, float32, float64.
struct RuleKernels {
  OptimizerKernel of_dtype[4];
  int64_t grain;
};

// The numbers and the mode of one tensor's step, as E computes.
template <typename Rule, typename E>
struct TensorStep {
  typename Rule::template Numbers<typename E::Number> numbers;
  typename Rule::template Step<typename E::Number> step;
  unsigned mode;

  TensorStep(const OptimizerTensor& t, const double* group) {
    const auto& given = numbers_at<typename Rule::template Numbers<double>>(group);
    const auto& given_step = numbers_at<typename Rule::template Step<double>>(t.step_numbers());
    numbers = Rule::template converted<E>(given);
    step = Rule::template converted<E>(given_step);
    void* states[Rule::kStates];
    t.states.put(states);
    bool has_state[Rule::kStates];
    for (int k = 0; k < Rule::kStates; ++k) has_state[k] = states[k] != nullptr;
    mode = Rule::reduced(Rule::template mode<E>(given) | Rule::mode(given_step, has_state));
  }
};
}  // namespace tt::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace {

// ---- float32 and float64: a loop for each mode ----

template <typename Rule, typename T>
using Element = OptimizerElement<T, Rule::kStates, HWY_NATIVE_FMA>;
template <typename Rule, typename T>
using Loop = void (*)(const Element<Rule, T>& first, const TensorStep<Rule, Element<Rule, T>>& step,
                      int64_t n);

template <typename Rule, typename T, unsigned kMode>
void step_loop(const Element<Rule, T>& first, const TensorStep<Rule, Element<Rule, T>>& step, int64_t n) {
  const Element<Rule, T> start = first;
  const auto numbers = step.numbers;
  const auto of_tensor = step.step;
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) {
    Element<Rule, T> at = start;
    at.i = i;
    Rule::apply(FixedMode<kMode>{}, at, numbers, of_tensor);
  }
}

template <typename Rule, typename T, unsigned kMode>
constexpr Loop<Rule, T> loop_of() {
  if constexpr (Rule::reduced(kMode) == kMode) {
    return step_loop<Rule, T, kMode>;
  } else {
    return nullptr;
  }
}
template <typename Rule, typename T, unsigned... kModes>
constexpr std::array<Loop<Rule, T>, sizeof...(kModes)> loops_of(std::integer_sequence<unsigned, kModes...>) {
  return {loop_of<Rule, T, kModes>()...};
}

template <typename Rule, typename T>
void step_numbers(const OptimizerTensor& t, const double* numbers, int64_t begin, int64_t end) {
  static constexpr auto kLoops = loops_of<Rule, T>(std::make_integer_sequence<unsigned, Rule::kModes>());
  const TensorStep<Rule, Element<Rule, T>> step(t, numbers);
  Element<Rule, T> first;
  first.param_at = static_cast<T*>(t.param) + begin;
  first.grad_at = static_cast<const T*>(t.grad) + begin;
  t.states.put(first.states_at);
  for (T*& state : first.states_at) state = state == nullptr ? nullptr : state + begin;
  first.i = 0;
  kLoops[step.mode](first, step, end - begin);
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
// What an element of half types is: a block of them, in float.
struct Block {
  int64_t n;
  alignas(64) float at[kBlock];
};

template <typename F>
Block block_of(int64_t n, const F& f) {
  Block out;
  out.n = n;
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out.at[i] = f(i);
  return out;
}

HWY_NOINLINE Block operator*(float x, const Block& y) {
  return block_of(y.n, [&](int64_t i) HWY_ATTR { return x * y.at[i]; });
}
Block operator*(const Block& x, float y) { return y * x; }
HWY_NOINLINE Block operator/(const Block& x, float y) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return x.at[i] / y; });
}
HWY_NOINLINE Block operator/(const Block& x, const Block& y) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return x.at[i] / y.at[i]; });
}
HWY_NOINLINE Block operator+(const Block& x, float y) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return x.at[i] + y; });
}
HWY_NOINLINE Block operator+(const Block& x, const Block& y) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return x.at[i] + y.at[i]; });
}
HWY_NOINLINE Block operator-(const Block& x, const Block& y) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return x.at[i] - y.at[i]; });
}
HWY_NOINLINE Block operator-(const Block& x) {
  return block_of(x.n, [&](int64_t i) HWY_ATTR { return -x.at[i]; });
}

// What rules compute with, whatever the half type.
struct BlockMath {
  using Number = float;
  using Value = Block;
  using One = OptimizerElement<float, 1, HWY_NATIVE_FMA>;

  static HWY_NOINLINE Block multiply_add(float x, const Block& y, const Block& z) {
    return block_of(y.n, [&](int64_t i) HWY_ATTR { return One::multiply_add(x, y.at[i], z.at[i]); });
  }
  static HWY_NOINLINE Block multiply_add(const Block& x, const Block& y, const Block& z) {
    return block_of(y.n, [&](int64_t i) HWY_ATTR { return One::multiply_add(x.at[i], y.at[i], z.at[i]); });
  }
  static HWY_NOINLINE Block root(const Block& x) {
    return block_of(x.n, [&](int64_t i) HWY_ATTR { return One::root(x.at[i]); });
  }
  static HWY_NOINLINE Block magnitude(const Block& x) {
    return block_of(x.n, [&](int64_t i) HWY_ATTR { return One::magnitude(x.at[i]); });
  }
  static HWY_NOINLINE Block larger(const Block& before, const Block& now) {
    return block_of(now.n, [&](int64_t i) HWY_ATTR { return One::larger(before.at[i], now.at[i]); });
  }
  static float factor(double x) { return static_cast<float>(x); }
};

template <typename H, int kStates>
struct BlockElement : BlockMath {
  void* param_at;
  const void* grad_at;
  void* states_at[kStates];
  int64_t begin, n;

  Block get(const void* from) const {
    Block out;
    out.n = n;
    read<H>(from, begin, n, out.at);
    return out;
  }
  Block param() const { return get(param_at); }
  Block grad() const { return get(grad_at); }
  Block state(int k) const { return get(states_at[k]); }
  void set_param(const Block& x) const { write<H>(x.at, n, param_at, begin); }
  void set_state(int k, const Block& x) const { write<H>(x.at, n, states_at[k], begin); }

  static HWY_NOINLINE Block rounded(const Block& x) {
    return block_of(x.n, [&](int64_t i) HWY_ATTR { return static_cast<float>(H(x.at[i])); });
  }
  static float addend(double x) { return static_cast<float>(H(static_cast<float>(x))); }
};

template <typename Rule, typename H>
void step_blocks(const OptimizerTensor& t, const double* numbers, int64_t begin, int64_t end) {
  using Element = BlockElement<H, Rule::kStates>;
  const TensorStep<Rule, Element> step(t, numbers);
  Element at;
  at.param_at = t.param;
  at.grad_at = t.grad;
  t.states.put(at.states_at);
  for (at.begin = begin; at.begin < end; at.begin += kBlock) {
    at.n = end - at.begin < kBlock ? end - at.begin : kBlock;
    Rule::apply(ChosenMode{step.mode}, at, step.numbers, step.step);
  }
}

// By rule.
const RuleKernels kTable[] = {
#define TT_RULE(name)                                                                                     \
  {{step_blocks<rules::name, Half>, step_blocks<rules::name, BFloat16>, step_numbers<rules::name, float>, \
    step_numbers<rules::name, double>},                                                                   \
   rules::name::kGrain},
    TT_OPTIMIZER_RULES(TT_RULE)
#undef TT_RULE
};

}  // namespace

const RuleKernels* optimizer_table() { return kTable; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/parallel.h"

namespace tt::cpu {

namespace {

const RuleKernels& kernels_of(OptimizerRule rule) {
  static const RuleKernels* const chosen = TT_CPU_DISPATCH(optimizer_table)();
  return chosen[static_cast<int>(rule)];
}

int table_index(DType dtype) { return static_cast<int>(dtype) - static_cast<int>(DType::kFloat16); }

// All elements of all tensors as one range, divided among the threads.
void optimizer_step(const call::OptimizerStep& call) {
  const RuleKernels& kernels = kernels_of(call.rule);
  const double* const numbers = call.live != nullptr ? call.live.get() : call.numbers.values;
  int64_t total = 0;
  for (const OptimizerTensor& t : call.tensors) total += t.n;
  parallel_for(total, kernels.grain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (const OptimizerTensor& t : call.tensors) {
      const int64_t from = begin > start ? begin - start : 0;
      const int64_t to = end - start < t.n ? end - start : t.n;
      if (from < to) kernels.of_dtype[table_index(t.dtype)](t, numbers, from, to);
      start += t.n;
      if (start >= end) break;
    }
  });
}

}  // namespace

void add_optimizer(KernelTable& table) { table.add<call::OptimizerStep>(optimizer_step); }

}  // namespace tt::cpu
#endif
