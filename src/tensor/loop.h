// The geometry of a pointwise call or a reduction: what every operand's address is at every step, with
// dimensions merged and ordered so that the innermost runs along memory. Backends walk it; they never see a
// tensor.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "tensor/tensor.h"

namespace tt {

inline constexpr int kMaxOperands = 6;

struct Loop {
  int ndim = 0;               // >= 1; dimension 0 is the innermost
  int operands = 0;           // outputs first
  int64_t numel = 0;          // product of the sizes; 0: nothing to do
  uint32_t host_scalars = 0;  // bit i: operand i is one value in host memory, whatever the device
  DType dtype[kMaxOperands];
  char* data[kMaxOperands];
  int64_t sizes[kMaxDims];
  int64_t strides[kMaxOperands][kMaxDims];  // in bytes; 0 where the operand is broadcast or reduced over

  Loop() {}  // entries beyond ndim and operands stay uninitialised on purpose

  // One run along memory for every operand.
  bool flat() const { return ndim == 1; }
};

// One operand: a tensor, broadcast to the loop's shape from the right.
struct LoopOperand {
  char* data;
  DType dtype;
  const Dims* sizes;
  const Dims* strides;
  bool contiguous;
  bool host_scalar = false;

  LoopOperand(const Tensor& t)
      : data(t.raw()),
        dtype(t.dtype()),
        sizes(&t.sizes()),
        strides(&t.strides()),
        contiguous(t.is_contiguous()) {}
  // A value in host memory that outlives the call.
  LoopOperand(void* value, DType dtype_);
};

// `shape` is the shape that every operand broadcasts to (already checked).
Loop make_loop(const Dims& shape, std::initializer_list<LoopOperand> operands);

// A loop over `in` whose outputs do not move along the dimensions marked in `reduced`: operands 0..n-1 are
// the outputs, laid out with keepdim sizes (1 where reduced), the last is the input.
Loop make_reduce_loop(std::initializer_list<LoopOperand> operands);

}  // namespace tt
