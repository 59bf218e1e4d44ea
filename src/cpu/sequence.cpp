// Filling by position: arange, linspace and logspace.
#include <cmath>

#include "core/parallel.h"
#include "cpu/index.h"
#include "cpu/inner_loop.h"

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

}  // namespace

void CpuIndex::arange(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& step) {
  visit_dtype(dtype, [&]<typename T>() {
    auto* values = static_cast<T*>(out);
    const auto first = start.to<Count<T>>();
    const auto by = step.to<Count<T>>();
    parallel_for(n, kParallelGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        values[i] = narrow_to<T>(static_cast<Count<T>>(first + by * static_cast<Count<T>>(i)));
      }
    });
  });
}

void CpuIndex::linspace(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& end,
                        const double* base) {
  visit_dtype(dtype, [&]<typename T>() {
    using S = Step<T>;
    auto* values = static_cast<T*>(out);
    const S first = static_cast<S>(start.to<T>());
    const S last = static_cast<S>(end.to<T>());
    const S by = base != nullptr ? (last - first) / static_cast<S>(n - 1)
                                 : rounded<T>(rounded<T>(last - first) / static_cast<S>(n - 1));
    const int64_t halfway = n / 2;
    const S b = base != nullptr ? static_cast<S>(*base) : S(0);
    parallel_for(n, kParallelGrain / 4, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        // From both ends, so that both are exact.
        const S part = by * static_cast<S>(i < halfway ? i : n - i - 1);
        const S offset = base != nullptr ? part : rounded<T>(part);
        const S value = i < halfway ? first + offset : last - offset;
        values[i] = narrow_to<T>(base != nullptr ? std::pow(b, value) : value);
      }
    });
  });
}

}  // namespace tt::cpu
