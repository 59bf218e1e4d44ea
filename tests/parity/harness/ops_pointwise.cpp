// Pointwise ops: those of the library's own op table, and those that are put together from it.
#include "harness/ops.h"
#include "kernels/op_table.h"

namespace tt::parity {

void add_pointwise_ops(Table& table) {
#define TT_ADD_OUT(name, ...) TT_OP(name);
#define TT_ADD_INPLACE(name, ...) TT_OP_INPLACE(name);
#define TT_ADD_SCALAR(name, ...) \
  TT_OP_INPLACE(name);           \
  TT_OP_INPLACE(name##_scalar);
  TT_UNARY_INPLACE(TT_ADD_INPLACE)
  TT_UNARY_OUT(TT_ADD_OUT)
  TT_BINARY_SCALAR(TT_ADD_SCALAR)
  TT_BINARY_INPLACE(TT_ADD_INPLACE)
  TT_BINARY_OUT(TT_ADD_OUT)
#undef TT_ADD_OUT
#undef TT_ADD_INPLACE
#undef TT_ADD_SCALAR
  TT_OP_INPLACE(logit);
  TT_OP_INPLACE(round);
  TT_OP_INPLACE(nan_to_num);
  TT_OP(rsub_scalar);
  TT_OP(rdiv_scalar);
  TT_OP(rpow_scalar);
  TT_OP_INPLACE(add_alpha);
  TT_OP_INPLACE(sub_alpha);
  // rounding_mode None is TT_ROUNDING_NONE.
  table["div_mode"] = {box<TT_ROUNDING_NONE>(tt_div_mode), ""};
  table["div_mode_"] = {box<TT_ROUNDING_NONE>(tt_div_mode_), ""};
  table["div_mode_scalar"] = {box<TT_ROUNDING_NONE>(tt_div_mode_scalar), ""};
  TT_OP_INPLACE(lerp);
  TT_OP_INPLACE(lerp_scalar);
  TT_OP_INPLACE(clamp);
  TT_OP_INPLACE(clamp_tensor);
  TT_OP_INPLACE(addcmul);
  TT_OP_INPLACE(addcdiv);
}

}  // namespace tt::parity
