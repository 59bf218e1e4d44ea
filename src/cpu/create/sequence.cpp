// Filling by position: arange, linspace and logspace.
#include <cmath>

#include "cpu/runtime/kernels.h"
#include "base/parallel.h"
#include "device/index.h"
#include "cpu/pointwise/inner_loop.h"

namespace tt::cpu {

namespace {

template <typename T>
inline constexpr bool kIsHalf = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// The type that arange counts in.
template <typename T>
using Count =
    std::conditional_t<std::is_integral_v<T>, int64_t, std::conditional_t<kIsHalf<T>, float, double>>;

// The type of linspace's step. Half types round after every operation, as PyTorch's arithmetic on them does;
// logspace rounds its result alone.
template <typename T>
using Step = std::conditional_t<std::is_integral_v<T>, double, std::conditional_t<kIsHalf<T>, float, T>>;

template <typename T, typename S>
S rounded(S value) {
  if constexpr (kIsHalf<T>) {
    return static_cast<float>(T(value));
  } else {
    return value;
  }
}

template <typename T, typename S>
T narrow_to(S value) {
  if constexpr (kIsHalf<T>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<T> && std::is_floating_point_v<S>) {
    // Beyond int64 a conversion would be undefined.
    return static_cast<T>(value > -9.2e18 && value < 9.2e18 ? static_cast<int64_t>(value) : INT64_MIN);
  } else {
    return static_cast<T>(value);
  }
}

void arange(const call::Arange& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    auto* values = static_cast<T*>(call.out);
    const auto first = call.start.to<Count<T>>();
    const auto by = call.step.to<Count<T>>();
    parallel_for(call.n, kParallelGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        values[i] = narrow_to<T>(static_cast<Count<T>>(first + by * static_cast<Count<T>>(i)));
      }
    });
  });
}

void linspace(const call::Linspace& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    using S = Step<T>;
    auto* values = static_cast<T*>(call.out);
    const S first = static_cast<S>(call.start.to<T>());
    const S last = static_cast<S>(call.end.to<T>());
    const S by = call.base.has_value() ? (last - first) / static_cast<S>(call.n - 1)
                                       : rounded<T>(rounded<T>(last - first) / static_cast<S>(call.n - 1));
    const int64_t halfway = call.n / 2;
    const S b = call.base.has_value() ? static_cast<S>(*call.base) : S(0);
    parallel_for(call.n, kParallelGrain / 4, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        // From both ends, so that both are exact.
        const S part = by * static_cast<S>(i < halfway ? i : call.n - i - 1);
        const S offset = call.base.has_value() ? part : rounded<T>(part);
        const S value = i < halfway ? first + offset : last - offset;
        values[i] = narrow_to<T>(call.base.has_value() ? std::pow(b, value) : value);
      }
    });
  });
}

}  // namespace

void add_sequence(KernelTable& table) {
  table.add<call::Arange>(arange);
  table.add<call::Linspace>(linspace);
}

}  // namespace tt::cpu
