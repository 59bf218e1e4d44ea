// Reductions over any set of dimensions.
#pragma once

#include "core/loop.h"
#include "ops/op_table.h"

namespace tt {

#define TT_ENUM_ROW(name, ...) name,
enum class ReduceOp : uint16_t { TT_REDUCE_OPS(TT_ENUM_ROW) kCount };
#undef TT_ENUM_ROW

std::string_view name(ReduceOp op);

class ReduceKernels {
 public:
  virtual ~ReduceKernels() = default;
  // Operand 0 is the result (stride 0 along the reduced dimensions), operand 1 the input. The result is
  // overwritten.
  virtual void reduce(ReduceOp op, const Loop& loop) = 0;
};

}  // namespace tt
