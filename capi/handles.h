// Lists of handles for the length of a callback.
#pragma once

#include <memory>
#include <span>

#include "capi/callback.h"
#include "tensor/tensor_list.h"

namespace tt::capi {

// Room for so many handles, NULL at first: on the stack where they are few.
class Handles {
 public:
  explicit Handles(size_t count) : count_(count) {
    if (count > kFew) {
      many_ = std::make_unique<tt_tensor*[]>(count);
      data_ = many_.get();
    }
  }
  // Borrowed handles of the tensors, which somebody else must hold; NULL for undefined ones.
  explicit Handles(std::span<const Tensor> tensors) : Handles(tensors.size()) {
    for (size_t i = 0; i < count_; ++i) data_[i] = tensors[i].defined() ? borrow(tensors[i]) : nullptr;
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  tt_tensor** data() { return data_; }
  size_t size() const { return count_; }
  tt_tensor* operator[](size_t i) const { return data_[i]; }

 private:
  static constexpr size_t kFew = 16;

  size_t count_;
  tt_tensor* few_[kFew] = {};
  std::unique_ptr<tt_tensor*[]> many_;
  tt_tensor** data_ = few_;
};

// The first `made` of the handles, which a callback has set: there must be room for so many, and none may be
// NULL. `argument` and `counter` are what the callback knows them as.
TensorList take_all(const Handles& handles, size_t made, const char* what, std::string_view name,
                    const char* argument, const char* counter);

}  // namespace tt::capi
