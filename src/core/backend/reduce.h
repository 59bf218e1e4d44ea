// Reductions over any set of dimensions, and comparisons of whole tensors.
#pragma once

#include "core/loop.h"
#include "ops/op_table.h"

namespace tt {

#define TT_ENUM_ROW(name, ...) name,
enum class ReduceOp : uint16_t { TT_REDUCE_OPS(TT_ENUM_ROW) kCount };
#undef TT_ENUM_ROW

std::string_view name(ReduceOp op);

struct ReduceParams {
  double ord = 2;         // of norm: any number, infinities included
  double correction = 1;  // of var and std: sum of squares / max(0, count - correction)
};

class ReduceKernels {
 public:
  static constexpr char kFamily[] = "reduce";
  virtual ~ReduceKernels() = default;
  // Operand 0 is the result (stride 0 along the reduced dimensions), operand 1 the input, which is not empty.
  // The result is overwritten. Dtypes, by op (input -> result):
  //   sum nansum prod    floating -> the same; integers and bool -> int64, which wraps
  //   amax amin          any -> the same; NaN wins
  //   all any            any -> bool or uint8 (0 or 1)
  //   count_nonzero      any -> int64
  //   mean norm var std logsumexp    floating -> the same
  // Half types accumulate in float or wider.
  virtual void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) = 0;

  // True when operands 0 and 1, of one dtype, hold the same values (NaN equals nothing). Waits for the
  // device.
  virtual bool equal(const Loop& loop) = 0;
  // Operand 0 (bool) = operands 1 and 2, of one dtype, lie within atol + rtol * |operand 2|, are equal, or
  // (equal_nan) are both NaN.
  virtual void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) = 0;
};

}  // namespace tt
