// Where the elements of lines (tensor/lines.h) are, and keys of elements whose dtype is known when a kernel
// runs.
#pragma once

#include "tensor/lines.h"
#include "tensor/sort_key.h"
#include "cuda/index/index_math.h"

namespace tt::cuda {

// Up to three operands. Plain data: a kernel's parameter.
struct LineMath {
  int64_t lines, size;
  OffsetMath<3> outer;
  int64_t step[3];
  char* data[3];
  DType dtype[3];

  LineMath() = default;
  // Of a part of the lines' outer loop.
  LineMath(const Lines& of, const Loop& part) : lines(part.numel), size(of.size) {
    Loop padded = part;
    for (int op = 0; op < 3; ++op) {
      if (op >= part.operands) {
        for (int d = 0; d < part.ndim; ++d) padded.strides[op][d] = 0;
        padded.data[op] = nullptr;
        padded.dtype[op] = DType::kBool;
      }
      step[op] = op < part.operands ? of.step[op] : 0;
      data[op] = padded.data[op];
      dtype[op] = padded.dtype[op];
    }
    outer = OffsetMath<3>(padded);
  }

  // The addresses of element 0 of a line.
  TT_HOST_DEVICE void start(int64_t line, char* (&at)[3]) const {
    int64_t offset[3];
    outer(static_cast<uint32_t>(line), offset);
    for (int op = 0; op < 3; ++op) at[op] = data[op] == nullptr ? nullptr : data[op] + offset[op];
  }
};

TT_HOST_DEVICE inline uint64_t load_key(const void* at, DType dtype) {
  switch (dtype) {
#define TT_CASE(enumerator, type) \
  case DType::enumerator:         \
    return sort_key(*static_cast<const type*>(at));
    TT_FORALL_DTYPES(TT_CASE)
#undef TT_CASE
  }
  return 0;
}

constexpr int key_bits(DType dtype) { return size_of(dtype) == 8 ? 64 : 32; }

// NaN's key is the greatest of all.
TT_HOST_DEVICE inline bool is_nan_key(uint64_t key, DType dtype) {
  return is_floating(dtype) && key == (key_bits(dtype) == 64 ? ~uint64_t{0} : uint64_t{0xffffffffu});
}

}  // namespace tt::cuda
