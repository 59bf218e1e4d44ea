// Softmax and what is made of it.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace tt::ops {

// Along dim, of the input converted to dtype where one is given.
Tensor softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype = std::nullopt);
Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype = std::nullopt);
Tensor softmin(const Tensor& x, int64_t dim, std::optional<DType> dtype = std::nullopt);

}  // namespace tt::ops
