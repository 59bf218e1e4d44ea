// Reductions over any set of dimensions, and comparisons of whole tensors.
#pragma once

#include "tensor/loop.h"
#include "device/call.h"
#include "kernels/op_table.h"

namespace tt {

#define TT_ENUM_ROW(name, ...) name,
enum class ReduceOp : uint16_t { TT_REDUCE_OPS(TT_ENUM_ROW) kCount };
#undef TT_ENUM_ROW

std::string_view name(ReduceOp op);

struct ReduceParams {
  double ord = 2;         // of norm: any number, infinities included
  double correction = 1;  // of var and std: sum of squares / max(0, count - correction)
};

namespace call {

// Operand 0 is the result (stride 0 along the reduced dimensions), operand 1 the input, which is not empty.
// The result is overwritten. Dtypes, by op (input -> result):
//   sum nansum prod    floating -> the same; integers and bool -> int64, which wraps
//   amax amin          any -> the same; NaN wins
//   all any            any -> bool or uint8 (0 or 1)
//   count_nonzero      any -> int64
//   mean norm var std logsumexp    floating -> the same
// Half types accumulate in float or wider.
struct Reduce {
  static constexpr char kName[] = "reduce";
  ReduceOp op;
  Loop loop;
  ReduceParams params;
};
// True when operands 0 and 1, of one dtype, hold the same values (NaN equals nothing).
struct Equal {
  static constexpr char kName[] = "equal";
  Loop loop;
  ToHost<bool> equal;
};
// Operand 0 (bool) = operands 1 and 2, of one dtype, lie within atol + rtol * |operand 2|, are equal, or
// (equal_nan) are both NaN.
struct IsClose {
  static constexpr char kName[] = "isclose";
  Loop loop;
  double rtol, atol;
  bool equal_nan;
};

using ReduceCalls = CallList<Reduce, Equal, IsClose>;

}  // namespace call

}  // namespace tt
