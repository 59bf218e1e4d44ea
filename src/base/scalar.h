// A number that has not met a tensor yet: exact as a bool, an int64 or a double.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/convert.h"
#include "base/dtype.h"

namespace tt {

class Scalar {
 public:
  enum class Type : uint8_t { kBool, kInt, kDouble };

  template <typename T>
  requires std::is_arithmetic_v<T> Scalar(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      type_ = Type::kDouble;
      d_ = value;
    } else {
      type_ = std::is_same_v<T, bool> ? Type::kBool : Type::kInt;
      i_ = static_cast<int64_t>(value);
    }
  }

  Type type() const { return type_; }
  bool is_floating() const { return type_ == Type::kDouble; }
  double to_double() const { return is_floating() ? d_ : static_cast<double>(i_); }
  int64_t to_int() const { return is_floating() ? convert<int64_t>(d_) : i_; }
  template <typename T>
  T to() const {
    if constexpr (std::is_same_v<T, bool>) {
      return is_floating() ? d_ != 0 : i_ != 0;
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(to_int());
    } else if constexpr (std::is_same_v<T, double>) {
      return to_double();
    } else {
      return T(static_cast<float>(to_double()));
    }
  }

 private:
  Type type_;
  union {
    double d_;
    int64_t i_;
  };
};

// The dtype that a tensor of `tensor` takes when it meets the scalar: PyTorch's rule for Python numbers.
inline DType promote_with_scalar(DType tensor, const Scalar& scalar) {
  switch (scalar.type()) {
    case Scalar::Type::kDouble:
      return is_floating(tensor) ? tensor : default_dtype();
    case Scalar::Type::kInt:
      return tensor == DType::kBool ? DType::kInt64 : tensor;
    case Scalar::Type::kBool:
      return tensor;
  }
  return tensor;
}

}  // namespace tt
