// NumPy's .npy files, versions 1 to 3. Format: numpy.lib.format.
#pragma once

#include "io/file.h"

namespace tt::io {

Tensor read_npy(const std::string& path);
// Version 1.0, in C order; replaces the file whole or not at all.
void save_npy(const std::string& path, const Tensor& t);

}  // namespace tt::io
