// Reductions.
#pragma once

#include <optional>

#include "core/backend/reduce.h"
#include "core/tensor.h"

namespace tt::ops {

// Over `dims` (none given: all). Integers and bool add up as int64 unless a dtype is given.
Tensor sum(const Tensor& t, std::span<const int64_t> dims = {}, bool keepdim = false,
           std::optional<DType> dtype = std::nullopt);
// The sum over the dimensions along which `sizes` was broadcast; t itself where there are none.
Tensor sum_to_size(const Tensor& t, const Dims& sizes);

}  // namespace tt::ops
