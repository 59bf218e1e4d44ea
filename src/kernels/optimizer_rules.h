// The optimizers' rules: what a step does to one element, written once, compiled for the CPU's loops and for
// CUDA kernels. The arithmetic is that of PyTorch's single-tensor optimizers, operation by operation; half
// types round after each one, as they do there.
//
// A rule is a struct:
//   kName                     what launches are called
//   kStates                   how many tensors a parameter's state has at most
//   kGrain                    elements that are worth a thread of the CPU
//   Numbers<N>, Step<N>       the numbers of a group's step, and those that depend on how many steps a
//   parameter
//                             has made; N only. The host gives doubles; converted<E>() is what is computed
//                             with.
//   Mode                      flags, as bits: what the arithmetic depends on besides the elements. mode<E>()
//                             says which the numbers set, and which the states that there are and Step do;
//                             reduced() drops those that another flag makes meaningless.
//   apply(mode, at, n, s)     one step of the element `at`
// In a captured step the numbers are known when it runs, and so are the modes.
//
// What a rule computes with is E, the type of `at`: E::Number is a number, E::Value what an element holds: a
// number, or a block of them where loops of the CPU go by blocks. at.param(), at.grad(), at.state(k) read,
// at.set_param(x), at.set_state(k, x) write. E::rounded(x) is a result as the tensors would store it,
// E::multiply_add(x, y, z) is x * y + z rounded once (where the CPU has that). Numbers of the host become
// E::factor(x) in a product, and E::addend(x), rounded, in a sum's factor.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "base/dtype.h"
#include "kernels/inline.h"

namespace tt {

// Flags that the compiler knows, for loops of their own.
template <unsigned kFlags>
struct FixedMode {
  TT_INLINE_IN_KERNELS bool has(unsigned flag) const { return (kFlags & flag) != 0; }
};
struct ChosenMode {
  unsigned flags;
  TT_INLINE_IN_KERNELS bool has(unsigned flag) const { return (flags & flag) != 0; }
};

// One element of tensors of T, each computed by itself.
template <typename T, int kStates, bool kFused>
struct OptimizerElement {
  using Number = std::conditional_t<sizeof(T) == 2, float, T>;
  using Value = Number;

  T* param_at;
  const T* grad_at;
  T* states_at[kStates];
  int64_t i;

  TT_INLINE_IN_KERNELS Value param() const { return static_cast<Value>(param_at[i]); }
  TT_INLINE_IN_KERNELS Value grad() const { return static_cast<Value>(grad_at[i]); }
  TT_INLINE_IN_KERNELS Value state(int k) const { return static_cast<Value>(states_at[k][i]); }
  TT_INLINE_IN_KERNELS void set_param(Value x) const { param_at[i] = static_cast<T>(x); }
  TT_INLINE_IN_KERNELS void set_state(int k, Value x) const { states_at[k][i] = static_cast<T>(x); }

  TT_INLINE_IN_KERNELS static Value rounded(Value x) { return static_cast<Value>(static_cast<T>(x)); }
  TT_INLINE_IN_KERNELS static Value multiply_add(Value x, Value y, Value z) {
    if constexpr (kFused) {
      return std::fma(x, y, z);
    } else {
      return x * y + z;
    }
  }
  TT_INLINE_IN_KERNELS static Value root(Value x) { return std::sqrt(x); }
  TT_INLINE_IN_KERNELS static Value magnitude(Value x) { return std::fabs(x); }
  // The larger of two; a NaN where either is.
  TT_INLINE_IN_KERNELS static Value larger(Value before, Value now) {
    return before > now || before != before ? before : now;
  }
  TT_INLINE_IN_KERNELS static Number factor(double x) { return static_cast<Number>(x); }
  TT_INLINE_IN_KERNELS static Number addend(double x) { return rounded(static_cast<Number>(x)); }
};

namespace rules {

struct Sgd {
  static constexpr char kName[] = "sgd";
  static constexpr int kStates = 1;  // the momentum's buffer
  static constexpr int64_t kGrain = 32768;

  template <typename N>
  struct Numbers {
    N sign;       // -1 goes up the gradient
    N decay;      // of the weights
    N momentum;   // what stays of the buffer
    N fresh;      // what comes of the gradient
    N lookahead;  // Nesterov's: the momentum; else 0
    N rate;       // -lr
  };
  template <typename N>
  struct Step {
    N first;  // 1: the buffer is new, and becomes the gradient
  };

  enum Mode : unsigned { kDecays = 1, kMomentum = 2, kFirst = 4, kNesterov = 8, kModes = 16 };
  template <typename E>
  TT_HOST_DEVICE static unsigned mode(const Numbers<double>& n) {
    return (n.decay != 0 ? kDecays : 0u) | (n.lookahead != 0 ? kNesterov : 0u);
  }
  TT_HOST_DEVICE static unsigned mode(const Step<double>& s, const bool (&has_state)[kStates]) {
    return (has_state[0] ? kMomentum : 0u) | (s.first != 0 ? kFirst : 0u);
  }
  TT_HOST_DEVICE static constexpr unsigned reduced(unsigned mode) {
    return (mode & kMomentum) != 0 ? mode : mode & ~unsigned{kFirst | kNesterov};
  }

  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Numbers<N> converted(const Numbers<double>& n) {
    return {E::factor(n.sign),  E::addend(n.decay),     E::factor(n.momentum),
            E::addend(n.fresh), E::addend(n.lookahead), E::addend(n.rate)};
  }
  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Step<N> converted(const Step<double>& s) {
    return {E::factor(s.first)};
  }

  template <typename M, typename E, typename N = typename E::Number>
  TT_INLINE_IN_KERNELS static void apply(M mode, const E& at, const Numbers<N>& n, const Step<N>&) {
    using V = typename E::Value;
    const V p = at.param();
    V g = n.sign * at.grad();
    if (mode.has(kDecays)) g = E::rounded(E::multiply_add(n.decay, p, g));
    if (mode.has(kMomentum)) {
      V b = g;
      if (!mode.has(kFirst)) {
        b = E::rounded(E::multiply_add(n.fresh, g, E::rounded(at.state(0) * n.momentum)));
      }
      at.set_state(0, b);
      g = mode.has(kNesterov) ? E::rounded(E::multiply_add(n.lookahead, b, g)) : b;
    }
    at.set_param(E::multiply_add(n.rate, g, p));
  }
};

// exp_avg.lerp_(grad, weight), in the form that is exact at the nearer end.
template <typename E, typename M>
TT_INLINE_IN_KERNELS typename E::Value moving_average(M mode, unsigned small_weight,
                                                      typename E::Number weight,
                                                      const typename E::Value& average,
                                                      const typename E::Value& g) {
  return E::rounded(mode.has(small_weight)
                        ? E::multiply_add(weight, g - average, average)
                        : E::multiply_add(typename E::Number(1) - weight, -(g - average), g));
}

// AdamW as well.
struct Adam {
  static constexpr char kName[] = "adam";
  static constexpr int kStates = 3;  // both averages, and with amsgrad the largest of the second
  static constexpr int64_t kGrain = 8192;

  template <typename N>
  struct Numbers {
    N sign;         // -1 goes up the gradient
    N grad_decay;   // Adam's, into the gradient; else 0
    N param_decay;  // AdamW's, what stays of the parameter; else 1
    N weight;       // 1 - beta1
    N beta2;
    N fresh2;  // 1 - beta2
    N eps;
  };
  template <typename N>
  struct Step {
    N rate;                   // -lr / (1 - beta1^steps)
    N bias_correction2_sqrt;  // sqrt(1 - beta2^steps)
  };

  enum Mode : unsigned { kDecaysGrad = 1, kDecaysParam = 2, kAmsgrad = 4, kSmallWeight = 8, kModes = 16 };
  template <typename E>
  TT_HOST_DEVICE static unsigned mode(const Numbers<double>& n) {
    return (n.grad_decay != 0 ? kDecaysGrad : 0u) | (n.param_decay != 1 ? kDecaysParam : 0u) |
           (E::factor(n.weight) < typename E::Number(0.5) ? kSmallWeight : 0u);
  }
  TT_HOST_DEVICE static unsigned mode(const Step<double>&, const bool (&has_state)[kStates]) {
    return has_state[2] ? kAmsgrad : 0u;
  }
  TT_HOST_DEVICE static constexpr unsigned reduced(unsigned mode) {
    return (mode & kDecaysGrad) != 0 ? mode & ~unsigned{kDecaysParam} : mode;
  }

  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Numbers<N> converted(const Numbers<double>& n) {
    return {E::factor(n.sign),  E::addend(n.grad_decay), E::factor(n.param_decay), E::factor(n.weight),
            E::factor(n.beta2), E::factor(n.fresh2),     E::factor(n.eps)};
  }
  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Step<N> converted(const Step<double>& s) {
    return {E::factor(s.rate), E::factor(s.bias_correction2_sqrt)};
  }

  template <typename M, typename E, typename N = typename E::Number>
  TT_INLINE_IN_KERNELS static void apply(M mode, const E& at, const Numbers<N>& n, const Step<N>& s) {
    using V = typename E::Value;
    V p = at.param();
    V g = n.sign * at.grad();
    if (mode.has(kDecaysGrad)) g = E::rounded(E::multiply_add(n.grad_decay, p, g));
    if (mode.has(kDecaysParam)) p = E::rounded(p * n.param_decay);
    const V average = moving_average<E>(mode, kSmallWeight, n.weight, at.state(0), g);
    V square = E::rounded(E::multiply_add(n.fresh2 * g, g, E::rounded(at.state(1) * n.beta2)));
    at.set_state(0, average);
    at.set_state(1, square);
    if (mode.has(kAmsgrad)) {
      square = E::larger(at.state(2), square);
      at.set_state(2, square);
    }
    const V denominator =
        E::rounded(E::rounded(E::rounded(E::root(square)) / s.bias_correction2_sqrt) + n.eps);
    at.set_param(p + s.rate * average / denominator);
  }
};

struct Adamax {
  static constexpr char kName[] = "adamax";
  static constexpr int kStates = 2;  // the average, and the largest gradient, which decays
  static constexpr int64_t kGrain = 8192;

  template <typename N>
  struct Numbers {
    N sign;    // -1 goes up the gradient
    N decay;   // of the weights, into the gradient
    N weight;  // 1 - beta1
    N beta2;
    N eps;
  };
  template <typename N>
  struct Step {
    N rate;  // -lr / (1 - beta1^steps)
  };

  enum Mode : unsigned { kDecays = 1, kSmallWeight = 2, kModes = 4 };
  template <typename E>
  TT_HOST_DEVICE static unsigned mode(const Numbers<double>& n) {
    return (n.decay != 0 ? kDecays : 0u) |
           (E::factor(n.weight) < typename E::Number(0.5) ? kSmallWeight : 0u);
  }
  TT_HOST_DEVICE static unsigned mode(const Step<double>&, const bool (&)[kStates]) { return 0; }
  TT_HOST_DEVICE static constexpr unsigned reduced(unsigned mode) { return mode; }

  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Numbers<N> converted(const Numbers<double>& n) {
    return {E::factor(n.sign), E::addend(n.decay), E::factor(n.weight), E::factor(n.beta2), E::factor(n.eps)};
  }
  template <typename E, typename N = typename E::Number>
  TT_HOST_DEVICE static Step<N> converted(const Step<double>& s) {
    return {E::factor(s.rate)};
  }

  template <typename M, typename E, typename N = typename E::Number>
  TT_INLINE_IN_KERNELS static void apply(M mode, const E& at, const Numbers<N>& n, const Step<N>& s) {
    using V = typename E::Value;
    const V p = at.param();
    V g = n.sign * at.grad();
    if (mode.has(kDecays)) g = E::rounded(E::multiply_add(n.decay, p, g));
    const V average = moving_average<E>(mode, kSmallWeight, n.weight, at.state(0), g);
    const V largest = E::larger(E::rounded(at.state(1) * n.beta2), E::rounded(E::magnitude(g) + n.eps));
    at.set_state(0, average);
    at.set_state(1, largest);
    at.set_param(p + s.rate * average / largest);
  }
};

}  // namespace rules

// X(name of a rule) for each: the tables of all devices follow.
#define TT_OPTIMIZER_RULES(X) \
  X(Sgd)                      \
  X(Adam)                     \
  X(Adamax)

enum class OptimizerRule : int32_t {
#define TT_RULE(name) k##name,
  TT_OPTIMIZER_RULES(TT_RULE)
#undef TT_RULE
};

// visit.template operator()<the rule>().
template <typename Visit>
void visit_rule(OptimizerRule rule, Visit&& visit) {
  switch (rule) {
#define TT_RULE(name)          \
  case OptimizerRule::k##name: \
    return visit.template operator()<rules::name>();
    TT_OPTIMIZER_RULES(TT_RULE)
#undef TT_RULE
  }
}

}  // namespace tt
