// In which order the dimensions of a result lie in memory. PyTorch's rules: a pointwise result takes the
// order of its operands (TensorIterator), a copy that of its source ("preserve_format"). They decide where
// random fills put their numbers, so that the same seed gives the same tensors.
#pragma once

#include <initializer_list>

#include "tensor/tensor.h"

namespace tt {

// Whether the elements fill a block of memory without gaps and overlaps, in some order of the dimensions.
bool dense_in_some_order(const Dims& sizes, const Dims& strides);

// The dimensions by their strides, innermost first. A stride of 0 tells nothing about the order.
Dims memory_order(const Dims& sizes, const Dims& strides);

// The strides of a copy: those given where they are dense, else dense ones in the same order.
Dims preserved_strides(const Dims& sizes, const Dims& strides);

// New memory, not initialised, laid out as a copy of t is.
Tensor empty_preserving(const Tensor& t, DType dtype, Device device);
inline Tensor empty_preserving(const Tensor& t) { return empty_preserving(t, t.dtype(), t.device()); }

// Whether the strides ask for channels-last results of ops on images (N, C, H, W), as PyTorch's
// suggest_memory_format reads them.
bool suggests_channels_last(const Tensor& t);
// New memory, not initialised, with the channels last. `sizes`: four.
Tensor empty_channels_last(const Dims& sizes, DType dtype, Device device);

// An operand of a pointwise op. Undefined: a number.
struct LayoutOperand {
  const Tensor* tensor;
  bool converted = false;  // computed from a copy in another dtype, and laid out as that copy is

  LayoutOperand(const Tensor& t) : tensor(&t) {}
  LayoutOperand(const Tensor& t, DType computed)
      : tensor(&t), converted(t.defined() && t.dtype() != computed) {}
};

// New memory, not initialised, for the result of a pointwise op on at most kMaxLayoutOperands operands, which
// broadcast to `shape`.
inline constexpr int kMaxLayoutOperands = 3;
Tensor empty_pointwise(const Dims& shape, DType dtype, Device device,
                       std::initializer_list<LayoutOperand> operands);

}  // namespace tt
