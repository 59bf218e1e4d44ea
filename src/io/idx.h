// IDX, the format of MNIST: a magic number that tells type and number of dimensions, the sizes, the values,
// all big-endian. Format: the "THE IDX FILE FORMAT" section of the MNIST page.
#pragma once

#include "io/file.h"

namespace tt::io {

Tensor read_idx(const std::string& path);

}  // namespace tt::io
