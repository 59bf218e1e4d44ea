// The losses' reduction.
#pragma once

#include "capi/guard.h"
#include "ops/loss.h"

namespace tt::capi {

inline ops::Reduction reduction_in(int32_t reduction) {
  TT_CHECK(reduction >= TT_REDUCTION_NONE && reduction <= TT_REDUCTION_SUM, Status::kInvalidArgument,
           "reduction is ", reduction,
           ", expected TT_REDUCTION_NONE (0), TT_REDUCTION_MEAN (1) or TT_REDUCTION_SUM (2)");
  return static_cast<ops::Reduction>(reduction);
}

}  // namespace tt::capi
