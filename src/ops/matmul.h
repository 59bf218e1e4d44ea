// Matrix products.
#pragma once

#include "core/tensor.h"

namespace tt::ops {

Tensor mm(const Tensor& a, const Tensor& b);  // (n, k) x (k, m)

}  // namespace tt::ops
