// Working memory of floats for kernels that compute half types in float.
#pragma once

#include "cpu/pointwise/copy.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

class FloatScratch : public Scratch<float> {
 public:
  using Scratch::Scratch;
  // n dense elements from or to memory of another dtype.
  void read(const void* from, DType dtype, int64_t n) const {
    convert_row(reinterpret_cast<char*>(data()), sizeof(float), DType::kFloat32,
                static_cast<const char*>(from), static_cast<int64_t>(size_of(dtype)), dtype, n);
  }
  void write(void* to, DType dtype, int64_t n) const {
    convert_row(static_cast<char*>(to), static_cast<int64_t>(size_of(dtype)), dtype,
                reinterpret_cast<const char*>(data()), sizeof(float), DType::kFloat32, n);
  }
};

}  // namespace tt::cpu
