// A list of tensors that takes no heap memory for a single one, which is what most modules return.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "tensor/tensor.h"

namespace tt {

// None of the tensors is undefined. It moves; whoever wants a copy says so.
class TensorList {
 public:
  TensorList() = default;
  TensorList(Tensor one) noexcept : one_(std::move(one)) {}
  explicit TensorList(Tensors many) {
    if (many.size() == 1) {
      one_ = std::move(many[0]);
    } else if (!many.empty()) {
      many_ = std::make_unique<Tensors>(std::move(many));
    }
  }
  explicit TensorList(std::span<const Tensor> tensors) {
    if (tensors.size() == 1) {
      one_ = tensors[0];
    } else if (!tensors.empty()) {
      many_ = std::make_unique<Tensors>(tensors.begin(), tensors.end());
    }
  }

  void set_single(Tensor one) {
    one_ = std::move(one);
    many_.reset();
  }

  size_t size() const { return many_ ? many_->size() : one_.defined(); }
  Tensor* data() { return many_ ? many_->data() : &one_; }
  const Tensor* data() const { return many_ ? many_->data() : &one_; }
  Tensor& operator[](size_t i) { return data()[i]; }
  const Tensor& operator[](size_t i) const { return data()[i]; }
  operator std::span<Tensor>() { return {data(), size()}; }
  operator std::span<const Tensor>() const { return {data(), size()}; }

  // The one tensor, where it is one.
  bool is_single() const { return one_.defined(); }
  Tensor take_single() { return std::move(one_); }

 private:
  Tensor one_;                     // where there is one
  std::unique_ptr<Tensors> many_;  // where there are more
};

}  // namespace tt
