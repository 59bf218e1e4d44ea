// An operand of a pointwise op: a tensor or a number. Numbers take part in type promotion as Python's do.
#pragma once

#include <span>

#include "autograd/node.h"
#include "tensor/tensor.h"

namespace tt {

class Arg {
 public:
  Arg(const Tensor& tensor) : tensor_(&tensor), scalar_(0) {}
  Arg(const Scalar& scalar) : scalar_(scalar) {}
  template <typename T>
  requires std::is_arithmetic_v<T> Arg(T value) : scalar_(value) {}

  bool is_tensor() const { return tensor_ != nullptr; }
  const Tensor& tensor() const { return *tensor_; }  // borrowed: an Arg lives no longer than the call
  const Scalar& scalar() const { return scalar_; }
  Dims sizes() const { return is_tensor() ? tensor_->sizes() : Dims(); }

 private:
  const Tensor* tensor_ = nullptr;
  Scalar scalar_;
};

// PyTorch's result_type: tensors with dimensions decide first, then 0-dim tensors, then numbers, a later
// group only where its category (bool < integer < float) is higher.
DType result_type(std::span<const Arg> args);
inline DType result_type(const Arg& a, const Arg& b) {
  if (a.is_tensor() && b.is_tensor() && a.tensor().dtype() == b.tensor().dtype()) return a.tensor().dtype();
  const Arg both[] = {a, b};
  return result_type(both);
}

// The device the tensors share; 0-dim CPU tensors may join another device. Fails naming both.
Device common_device(std::span<const Arg> args);

// An operand kept for backward.
struct SavedArg {
  SavedTensor tensor;
  Scalar scalar = 0;
  bool is_tensor = false;

  SavedArg() = default;
  explicit SavedArg(const Arg& arg) : scalar(arg.scalar()), is_tensor(arg.is_tensor()) {
    if (is_tensor) tensor = SavedTensor::input(arg.tensor());
  }
};

}  // namespace tt
