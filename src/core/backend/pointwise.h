// Pointwise kernels: one result element from the operands' elements at the same place.
#pragma once

#include "core/error.h"
#include "core/loop.h"
#include "ops/op_table.h"

namespace tt {

#define TT_ENUM_ROW(name, ...) name,
enum class UnaryOp : uint16_t { TT_UNARY_OPS(TT_ENUM_ROW) kCount };
enum class BinaryOp : uint16_t { TT_BINARY_OPS(TT_ENUM_ROW) kCount };
enum class TernaryOp : uint16_t { TT_TERNARY_OPS(TT_ENUM_ROW) kCount };
#undef TT_ENUM_ROW

std::string_view name(UnaryOp op);
std::string_view name(BinaryOp op);
std::string_view name(TernaryOp op);

// The scalars of an op that has some (a slope, a bound): meaning by op, documented at its functor.
struct PointwiseParams {
  double a = 0;
  double b = 0;
  double c = 0;
};

// Division of integers by zero.
[[noreturn]] inline void fail_divisor() { fail(Status::kInvalidArgument, "an integer is divided by zero"); }

// Loops: operand 0 is the result, the inputs follow and share one dtype, the op's compute dtype. The result's
// dtype is that, or bool where the op's row says so. Where the compute dtype is a half type, host scalars and
// inputs after the first may be float32: PyTorch rounds not all of them before the arithmetic.
class PointwiseKernels {
 public:
  static constexpr char kFamily[] = "pointwise";
  virtual ~PointwiseKernels() = default;
  virtual void fill(const Loop& loop, const Scalar& value) = 0;
  // out[0] = in[1], converting between any two dtypes as core/convert.h does.
  virtual void copy(const Loop& loop) = 0;
  virtual void unary(UnaryOp op, const Loop& loop, const PointwiseParams& params) = 0;
  virtual void binary(BinaryOp op, const Loop& loop, const PointwiseParams& params) = 0;
  virtual void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& params) = 0;
  // out[0] = in[1] ? in[2] : in[3]: in[1] is bool, the others share one dtype, any.
  virtual void where(const Loop& loop) = 0;
  // Fails with fail_divisor's error where an element of the loop's only operand, integers or bool, is zero.
  // A device does not wait: it reports the error in a later call, and what is divided by zero is zero.
  virtual void check_divisor(const Loop& loop) = 0;
};

}  // namespace tt
