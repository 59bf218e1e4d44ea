// Arguments that come in more shapes than one: lists of results, optional numbers.
#pragma once

#include <optional>

#include "capi/guard.h"

namespace tt::capi {

// Room for several results; see the top of view.h.
class Outs {
 public:
  Outs(tt_tensor** outs, size_t capacity, size_t* count)
      : outs_(outs), capacity_(capacity), count_(out_value(count, "count")) {
    TT_CHECK(outs != nullptr || capacity == 0, Status::kInvalidArgument, "outs is NULL, but its capacity is ",
             static_cast<uint64_t>(capacity));
    for (size_t i = 0; i < capacity; ++i) outs[i] = nullptr;
  }
  // False when the caller only asks for the number.
  bool wants(size_t needed) {
    count_ = needed;
    if (outs_ == nullptr) return false;
    TT_CHECK(needed <= capacity_, Status::kInvalidArgument, "outs has room for ",
             static_cast<uint64_t>(capacity_), " tensors, expected at least ", static_cast<uint64_t>(needed));
    return true;
  }
  void operator=(Tensors tensors) { give_all(tensors, outs_); }

 private:
  tt_tensor** outs_;
  size_t capacity_;
  size_t& count_;
};

// An optional number: none where the pointer is NULL.
inline std::optional<int64_t> optional_value(const int64_t* value) {
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

}  // namespace tt::capi
