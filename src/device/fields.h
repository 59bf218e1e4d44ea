// The fields of a kernel call, for what treats all calls alike.
#pragma once

#include <span>
#include <type_traits>

#include "tensor/lines.h"
#include "tensor/loop.h"
#include "device/call.h"

namespace tt::call {

namespace detail {

inline constexpr size_t kMostFields = 22;

struct AnyField {
  template <typename T>
  operator T() const;
};

// The most fields that T can be made of: fewer may be too few, where some have no default.
template <typename T, typename... Fields>
constexpr size_t count_fields() {
  if constexpr (sizeof...(Fields) < kMostFields) {
    constexpr size_t more = count_fields<T, Fields..., AnyField>();
    if constexpr (more != 0) return more;
  }
  if constexpr (requires { T{Fields{}...}; }) {
    return sizeof...(Fields);
  } else {
    return 0;
  }
}

}  // namespace detail

// visit(field) for each member of a plain struct, in order. Structs with arrays, which bind as one member but
// are counted as many, have no address in them and are not taken apart.
template <typename T, typename Visit>
void each_field(T& of, Visit&& visit) {
  constexpr size_t kCount = detail::count_fields<std::remove_const_t<T>>();
  const auto all = [&visit](auto&... fields) { (visit(fields), ...); };
  static_assert(kCount >= 1, "not a plain struct, or one of more fields than there are lines below");
#define TT_FIELDS(count, ...)      \
  if constexpr (kCount == count) { \
    auto& [__VA_ARGS__] = of;      \
    all(__VA_ARGS__);              \
  }
  TT_FIELDS(1, a)
  TT_FIELDS(2, a, b)
  TT_FIELDS(3, a, b, c)
  TT_FIELDS(4, a, b, c, d)
  TT_FIELDS(5, a, b, c, d, e)
  TT_FIELDS(6, a, b, c, d, e, f)
  TT_FIELDS(7, a, b, c, d, e, f, g)
  TT_FIELDS(8, a, b, c, d, e, f, g, h)
  TT_FIELDS(9, a, b, c, d, e, f, g, h, i)
  TT_FIELDS(10, a, b, c, d, e, f, g, h, i, j)
  TT_FIELDS(11, a, b, c, d, e, f, g, h, i, j, k)
  TT_FIELDS(12, a, b, c, d, e, f, g, h, i, j, k, l)
  TT_FIELDS(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
  TT_FIELDS(14, a, b, c, d, e, f, g, h, i, j, k, l, m, n)
  TT_FIELDS(15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
  TT_FIELDS(16, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
  TT_FIELDS(17, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)
  TT_FIELDS(18, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)
  TT_FIELDS(19, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
  TT_FIELDS(20, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
  TT_FIELDS(21, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)
  TT_FIELDS(22, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)
#undef TT_FIELDS
}

template <typename Field>
concept HasAddresses = requires {
  requires Field::kHasAddresses;
};

template <typename T>
inline constexpr bool kIsAddress = false;
template <typename T>
inline constexpr bool kIsAddress<In<T>> = true;
template <typename T>
inline constexpr bool kIsAddress<Out<T>> = true;
template <typename T>
inline constexpr bool kIsAddress<InOut<T>> = true;
template <typename T>
inline constexpr bool kIsToHost = false;
template <typename T>
inline constexpr bool kIsToHost<ToHost<T>> = true;
template <typename T>
inline constexpr bool kIsSpan = false;
template <typename T>
inline constexpr bool kIsSpan<std::span<const T>> = true;

// visit(field) for each field that is no number: addresses, loops, spans; those within structs too.
template <typename T, typename Visit>
void each_memory(T& of, Visit& visit) {
  each_field(of, [&visit]<typename Field>(Field& field) {
    using Plain = std::remove_const_t<Field>;
    if constexpr (kIsAddress<Plain> || kIsSpan<Plain> || std::is_same_v<Plain, Loop>) {
      visit(field);
    } else if constexpr (std::is_same_v<Plain, Lines>) {
      visit(field.outer);
    } else if constexpr (HasAddresses<Plain>) {
      each_memory(field, visit);
    } else {
      static_assert(!std::is_pointer_v<Plain>, "an address says what becomes of it: In, Out, InOut, ToHost");
    }
  });
}

}  // namespace tt::call
