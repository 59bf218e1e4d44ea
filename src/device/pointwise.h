// Pointwise kernels: one result element from the operands' elements at the same place.
#pragma once

#include "base/error.h"
#include "tensor/loop.h"
#include "device/call.h"
#include "kernels/op_params.h"
#include "kernels/op_table.h"

namespace tt {

#define TT_ENUM_ROW(name, ...) name,
enum class UnaryOp : uint16_t { TT_UNARY_OPS(TT_ENUM_ROW) kCount };
enum class BinaryOp : uint16_t { TT_BINARY_OPS(TT_ENUM_ROW) kCount };
enum class TernaryOp : uint16_t { TT_TERNARY_OPS(TT_ENUM_ROW) kCount };
#undef TT_ENUM_ROW

std::string_view name(UnaryOp op);
std::string_view name(BinaryOp op);
std::string_view name(TernaryOp op);

// What a kernel of any family does to each element of its result before it is written, after rounding to the
// dtype. Which ones a device can do, supports() says.
struct Epilogue {
  UnaryOp op = UnaryOp::kCount;  // kCount: nothing
  PointwiseParams params;

  constexpr bool some() const { return op != UnaryOp::kCount; }
  constexpr bool is(UnaryOp what) const { return op == what; }
  // max(x, 0), where NaN stays.
  constexpr bool is_relu() const { return is(UnaryOp::relu); }
  // Nothing, or a ReLU: what most kernels can do.
  constexpr bool at_most_relu() const { return !some() || is_relu(); }
};
inline constexpr Epilogue kRelu{UnaryOp::relu, {}};

// Division of integers by zero.
[[noreturn]] inline void fail_divisor() { fail(Status::kInvalidArgument, "an integer is divided by zero"); }

namespace call {

// Loops: operand 0 is the result, the inputs follow and share one dtype, the op's compute dtype. The result's
// dtype is that, or bool where the op's row says so. Where the compute dtype is a half type, host scalars and
// inputs after the first may be float32: PyTorch rounds not all of them before the arithmetic.

struct Fill {
  static constexpr char kName[] = "fill";
  Loop loop;
  Scalar value;
};
// out[0] = in[1], converting between any two dtypes as base/convert.h does.
struct Copy {
  static constexpr char kName[] = "copy";
  Loop loop;
};
struct Unary {
  static constexpr char kName[] = "unary";
  UnaryOp op;
  Loop loop;
  PointwiseParams params;
};
struct Binary {
  static constexpr char kName[] = "binary";
  BinaryOp op;
  Loop loop;
  PointwiseParams params;
};
struct Ternary {
  static constexpr char kName[] = "ternary";
  TernaryOp op;
  Loop loop;
  PointwiseParams params;
};
// out[0] = in[1] ? in[2] : in[3]: in[1] is bool, the others share one dtype, any.
struct Where {
  static constexpr char kName[] = "where";
  Loop loop;
};
// Fails with fail_divisor's error where an element of the loop's only operand, integers or bool, is zero. A
// device does not wait: it reports the error in a later call, and what is divided by zero is zero.
struct CheckDivisor {
  static constexpr char kName[] = "check_divisor";
  Loop loop;
};

using PointwiseCalls = CallList<Fill, Copy, Unary, Binary, Ternary, Where, CheckDivisor>;

}  // namespace call

}  // namespace tt
