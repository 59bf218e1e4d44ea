// Arguments that come in more shapes than one: lists of results, optional numbers.
#pragma once

#include <optional>

#include "capi/guard.h"

namespace tt::capi {

// Room for several results; see the top of view.h.
class Outs {
 public:
  Outs(tt_tensor** outs, size_t capacity, size_t* count, const char* argument = "outs")
      : outs_(outs), capacity_(capacity), count_(count), argument_(argument) {
    clear_list(outs, capacity, argument);
    (void)out_value(count, "count");
  }
  // False when the caller only asks for the number. Everything else about the call must have been checked.
  bool wants(size_t needed) {
    if (outs_ != nullptr && needed <= capacity_) return true;
    *count_ = needed;
    TT_CHECK(outs_ == nullptr, Status::kInvalidArgument, argument_, " has room for ",
             static_cast<uint64_t>(capacity_), " tensors, expected at least ", static_cast<uint64_t>(needed));
    return false;
  }
  void operator=(Tensors tensors) {
    give_all(tensors, outs_);
    *count_ = tensors.size();
  }

 private:
  tt_tensor** outs_;
  size_t capacity_;
  size_t* count_;
  const char* argument_;
};

// An optional number: none where the pointer is NULL.
inline std::optional<int64_t> optional_value(const int64_t* value) {
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

}  // namespace tt::capi
