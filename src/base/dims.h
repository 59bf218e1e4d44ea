// Sizes and strides: a short array of int64 without heap memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>

#include "base/error.h"

namespace tt {

inline constexpr int kMaxDims = 16;

class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values)
      : Dims(std::span<const int64_t>(values.begin(), values.size())) {}
  explicit Dims(std::span<const int64_t> values) {
    TT_CHECK(values.size() <= kMaxDims, Status::kShape, "a tensor has at most ", kMaxDims,
             " dimensions, got ", static_cast<uint64_t>(values.size()));
    n_ = static_cast<int>(values.size());
    if (n_ != 0) std::memcpy(v_, values.data(), sizeof(int64_t) * values.size());
  }
  static Dims filled(int count, int64_t value) {
    Dims d;
    d.n_ = count;
    for (int i = 0; i < count; ++i) d.v_[i] = value;
    return d;
  }
  // Only the used entries travel.
  Dims(const Dims& other) noexcept : n_(other.n_) { std::memcpy(v_, other.v_, sizeof(int64_t) * other.n_); }
  Dims& operator=(const Dims& other) noexcept {
    n_ = other.n_;
    std::memmove(v_, other.v_, sizeof(int64_t) * other.n_);
    return *this;
  }

  int size() const { return n_; }
  bool empty() const { return n_ == 0; }
  int64_t operator[](int i) const { return v_[i]; }
  int64_t& operator[](int i) { return v_[i]; }
  const int64_t* data() const { return v_; }
  int64_t* data() { return v_; }
  const int64_t* begin() const { return v_; }
  const int64_t* end() const { return v_ + n_; }
  int64_t* begin() { return v_; }
  int64_t* end() { return v_ + n_; }
  int64_t back() const { return v_[n_ - 1]; }
  operator std::span<const int64_t>() const { return {v_, static_cast<size_t>(n_)}; }

  void push_back(int64_t value) {
    TT_CHECK(n_ < kMaxDims, Status::kShape, "a tensor has at most ", kMaxDims, " dimensions");
    v_[n_++] = value;
  }
  void insert(int at, int64_t value) {
    push_back(value);
    for (int i = n_ - 1; i > at; --i) v_[i] = v_[i - 1];
    v_[at] = value;
  }
  void erase(int at) {
    for (int i = at; i + 1 < n_; ++i) v_[i] = v_[i + 1];
    --n_;
  }
  void resize(int count, int64_t value = 0) {
    while (n_ > count) --n_;
    while (n_ < count) push_back(value);
  }
  bool operator==(const Dims& other) const {
    return n_ == other.n_ && std::memcmp(v_, other.v_, sizeof(int64_t) * n_) == 0;
  }

 private:
  int n_ = 0;
  int64_t v_[kMaxDims];
};

// "[2, 3]", as PyTorch writes sizes.
std::string to_string(const Dims& dims);

// Product of the sizes; fails on a negative size or when the product overflows int64.
int64_t checked_numel(std::span<const int64_t> sizes);

Dims contiguous_strides(const Dims& sizes);

// The broadcast of two shapes. Fails with PyTorch's message when they do not match.
Dims broadcast(const Dims& a, const Dims& b);

// A dim in [-ndim, ndim) as one in [0, ndim); 0-dim tensors take -1 and 0. Fails with PyTorch's message.
int wrap_dim(int64_t dim, int ndim);

}  // namespace tt
