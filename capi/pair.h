// Arguments that are two values, the vertical one first.
#pragma once

#include "capi/guard.h"

namespace tt::capi {

inline void pair_in(const int64_t* values, const char* argument, int64_t* to) {
  TT_CHECK(values != nullptr, Status::kInvalidArgument, argument, " is NULL, expected two values");
  to[0] = values[0];
  to[1] = values[1];
}

}  // namespace tt::capi
