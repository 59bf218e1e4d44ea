// The inner loops of the pointwise ops, compiled once per instruction set from the shared functors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/pointwise_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "cpu/targets.h"

#include "cpu/pointwise.h"
#include "ops/functors.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

enum Domain : uint8_t { kAll, kNumber, kFloat, kIntegral };

template <typename T>
constexpr bool in_domain(Domain domain) {
  if (domain == kFloat) return std::is_floating_point_v<T>;
  if (domain == kNumber) return !std::is_same_v<T, bool>;
  if (domain == kIntegral) return std::is_integral_v<T>;
  return true;
}

template <typename F, typename T>
void unary_loop(char* const* data, const int64_t* strides, int64_t n, const PointwiseParams& params) {
  using R = decltype(F::apply(T(), params));
  char* out = data[0];
  const char* in = data[1];
  if (strides[0] == sizeof(R) && strides[1] == sizeof(T)) {
    auto* o = reinterpret_cast<R*>(out);
    const auto* x = reinterpret_cast<const T*>(in);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) o[i] = F::apply(x[i], params);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    *reinterpret_cast<R*>(out + i * strides[0]) =
        F::apply(*reinterpret_cast<const T*>(in + i * strides[1]), params);
  }
}

template <typename F, typename T>
void binary_loop(char* const* data, const int64_t* strides, int64_t n, const PointwiseParams& params) {
  using R = decltype(F::apply(T(), T(), params));
  char* out = data[0];
  const char* a = data[1];
  const char* b = data[2];
  if (strides[0] == sizeof(R)) {
    auto* o = reinterpret_cast<R*>(out);
    const auto* x = reinterpret_cast<const T*>(a);
    const auto* y = reinterpret_cast<const T*>(b);
    if (strides[1] == sizeof(T) && strides[2] == sizeof(T)) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) o[i] = F::apply(x[i], y[i], params);
      return;
    }
    if (strides[1] == sizeof(T) && strides[2] == 0) {
      const T v = *y;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) o[i] = F::apply(x[i], v, params);
      return;
    }
    if (strides[1] == 0 && strides[2] == sizeof(T)) {
      const T v = *x;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) o[i] = F::apply(v, y[i], params);
      return;
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    *reinterpret_cast<R*>(out + i * strides[0]) =
        F::apply(*reinterpret_cast<const T*>(a + i * strides[1]),
                 *reinterpret_cast<const T*>(b + i * strides[2]), params);
  }
}

template <typename F, typename T, Domain kDomain>
constexpr InnerLoop unary_entry() {
  if constexpr (in_domain<T>(kDomain) && !std::is_same_v<T, Half> && !std::is_same_v<T, BFloat16>) {
    return unary_loop<F, T>;
  } else {
    return nullptr;
  }
}
template <typename F, typename T, Domain kDomain>
constexpr InnerLoop binary_entry() {
  if constexpr (in_domain<T>(kDomain) && !std::is_same_v<T, Half> && !std::is_same_v<T, BFloat16>) {
    return binary_loop<F, T>;
  } else {
    return nullptr;
  }
}

#define TT_UNARY_ROW(name, domain, ...)            \
  {unary_entry<functors::name, bool, domain>(),    \
   unary_entry<functors::name, uint8_t, domain>(), \
   unary_entry<functors::name, int8_t, domain>(),  \
   unary_entry<functors::name, int16_t, domain>(), \
   unary_entry<functors::name, int32_t, domain>(), \
   unary_entry<functors::name, int64_t, domain>(), \
   nullptr,                                        \
   nullptr,                                        \
   unary_entry<functors::name, float, domain>(),   \
   unary_entry<functors::name, double, domain>()},
#define TT_BINARY_ROW(name, domain, ...)            \
  {binary_entry<functors::name, bool, domain>(),    \
   binary_entry<functors::name, uint8_t, domain>(), \
   binary_entry<functors::name, int8_t, domain>(),  \
   binary_entry<functors::name, int16_t, domain>(), \
   binary_entry<functors::name, int32_t, domain>(), \
   binary_entry<functors::name, int64_t, domain>(), \
   nullptr,                                         \
   nullptr,                                         \
   binary_entry<functors::name, float, domain>(),   \
   binary_entry<functors::name, double, domain>()},

const InnerTable kUnaryTable[] = {TT_UNARY_OPS(TT_UNARY_ROW)};
const InnerTable kBinaryTable[] = {TT_BINARY_OPS(TT_BINARY_ROW)};

const InnerTable* get_unary_table() { return kUnaryTable; }
const InnerTable* get_binary_table() { return kBinaryTable; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

const InnerTable* unary_table() {
  static const InnerTable* const table = TT_CPU_DISPATCH(get_unary_table)();
  return table;
}
const InnerTable* binary_table() {
  static const InnerTable* const table = TT_CPU_DISPATCH(get_binary_table)();
  return table;
}

}  // namespace tt::cpu
#endif
