// Enum arguments.
#pragma once

#include <initializer_list>

#include "capi/guard.h"

namespace tt::capi {

// Fails, saying which values there are.
[[noreturn]] void refuse_enum(int32_t value, const char* argument, std::initializer_list<const char*> names);

// The library's own enum for one of the C ABI, whose values are those of `names`, from 0 on.
template <typename Enum>
Enum enum_in(int32_t value, const char* argument, std::initializer_list<const char*> names) {
  if (value < 0 || static_cast<size_t>(value) >= names.size()) refuse_enum(value, argument, names);
  return static_cast<Enum>(value);
}

// Whether it is the approximation by tanh.
inline bool gelu_tanh_in(tt_gelu_approximate approximate) {
  return enum_in<int32_t>(approximate, "approximate", {"TT_GELU_NONE", "TT_GELU_TANH"}) == TT_GELU_TANH;
}

}  // namespace tt::capi
