// Making tensors, indexing them, and views.
#include "harness/ops.h"

namespace tt::parity {

namespace {

// As many results as inputs.
tt_status meshgrid(Frame& frame) {
  std::vector<tt_tensor*> tensors;
  for (const Handle& item : frame.take().list) tensors.push_back(item.get());
  const std::int32_t indexing = as_int32(frame.value(), -1);
  std::vector<tt_tensor*> outs(tensors.size(), kUntouched);
  const tt_status status =
      watched([&] { return tt_meshgrid(tensors.data(), tensors.size(), indexing, outs.data()); });
  frame.outputs.assign(outs.begin(), outs.end());
  return status;
}

}  // namespace

void add_shape_ops(Table& table) {
  TT_OP(empty);
  TT_OP(zeros);
  TT_OP(ones);
  TT_OP(full);
  TT_OP(empty_like);
  TT_OP(zeros_like);
  TT_OP(ones_like);
  TT_OP(full_like);
  TT_OP(arange);
  TT_OP(linspace);
  TT_OP(logspace);
  TT_OP(eye);
  TT_OP_INPLACE(tril);
  TT_OP_INPLACE(triu);
  TT_OP(diag);
  TT_OP(one_hot);
  table["meshgrid"] = {meshgrid, ""};
  TT_OP(clone);
  TT_OP(to);
  TT_OP(copy_);
  TT_OP(fill_);
  TT_OP(zero_);

  TT_OP(gather);
  TT_OP(take_along_dim);
  TT_OP(index_select);
  TT_OP(masked_select);
  TT_OP(index);
  TT_OP_INPLACE(scatter);
  TT_OP(scatter_value);
  TT_OP_INPLACE(scatter_add);
  TT_OP_INPLACE(scatter_reduce);
  TT_OP_INPLACE(index_add);
  TT_OP_INPLACE(index_put);
  TT_OP_INPLACE(masked_fill);
  TT_OP(where);
  TT_OP(pad);

  TT_OP(view);
  TT_OP(reshape);
  TT_OP(flatten);
  TT_OP(unflatten);
  TT_OP_INPLACE(squeeze);
  TT_OP_INPLACE(unsqueeze);
  TT_OP_INPLACE(transpose);
  TT_OP_INPLACE(t);
  TT_OP(permute);
  TT_OP(movedim);
  TT_OP(expand);
  TT_OP(narrow);
  TT_OP(select);
  TT_OP(slice);
  TT_OP(diagonal);
  TT_OP(unfold);
  TT_OP(as_strided);
  TT_OP(chunk);
  TT_OP(split);
  TT_OP(split_with_sizes);
  TT_OP(unbind);
  TT_OP(detach);
  TT_OP(contiguous);
  TT_OP(resize_);
}

}  // namespace tt::parity
