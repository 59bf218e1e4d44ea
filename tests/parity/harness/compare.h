// Whether values are those of the reference: the rule of torch.testing.assert_close.
#pragma once

#include <string>

#include "parity/vectors.h"

namespace tt::parity {

std::string to_text(const std::vector<std::int64_t>& sizes);

// "" where dtype, sizes and elements are as expected, else what is different. Floating elements may be off by
// atol + rtol * |expected|, NaN equals NaN; others are equal. `got` and `want` are row-major.
std::string difference(const Tensor& got, const Tensor& want, double rtol, double atol);
std::string difference(double got, double want, double rtol, double atol);

bool all_zero(const Tensor& values);

}  // namespace tt::parity
