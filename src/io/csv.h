// Tables of numbers as text: one row a line, values between delimiters.
#pragma once

#include "io/file.h"

namespace tt::io {

struct CsvOptions {
  char delimiter = ',';
  int64_t skip_rows = 0;
  DType dtype = DType::kFloat32;
};

// A tensor [rows, columns]. Numbers are read as in the C locale, whatever the process's; floating ones in
// double, then rounded to the dtype, as NumPy's loadtxt does. Rows and columns in messages count from 1;
// skipped rows count.
Tensor read_csv(const std::string& path, const CsvOptions& options);

}  // namespace tt::io
