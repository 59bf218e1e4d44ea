// Working memory of a kernel: allocated before the parallel part, gone with the call.
#pragma once

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/memory.h"

namespace tt::cpu {

template <typename T>
class Scratch {
 public:
  Scratch() = default;
  // Not initialised; aligned to kAlignment. Throws Error(kOutOfMemory).
  explicit Scratch(int64_t count) {
    TT_CHECK(!__builtin_mul_overflow(static_cast<size_t>(count), sizeof(T), &bytes_), Status::kOutOfMemory,
             "working memory for ", count, " elements overflows");
    data_ = static_cast<T*>(allocate_block(bytes_));
  }
  Scratch(Scratch&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Scratch& operator=(Scratch&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Scratch() {
    if (data_ != nullptr) free_block(data_, bytes_);
  }
  T* data() const { return data_; }
  T& operator[](int64_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace tt::cpu
