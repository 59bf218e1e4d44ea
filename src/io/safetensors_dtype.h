// The dtypes of safetensors files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"

namespace tt::io {

// Bits of an element; 0 for a name that the format does not have.
int safetensors_bits(std::string_view name);
// Ours, where we have it.
std::optional<DType> dtype_of_safetensors(std::string_view name);
std::string_view safetensors_name(DType dtype);
// The place of a dtype in the reference implementation's order, by which it sorts tensors: widest last.
int safetensors_rank(DType dtype);

// "[2,3]", as in a header.
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace tt::io
