// Reductions, scans, sorting and counting.
#include "harness/ops.h"

namespace tt::parity {
namespace {

// In place the dtype is the tensor's own.
template <tt_status (*Function)(tt_tensor*, std::int64_t)>
tt_status scan_inplace(Frame& frame) {
  tt_tensor* input = frame.take().tensor.get();
  const std::int64_t dim = as_int(frame.value());
  if (!is_none(frame.value())) throw NotExpressible();
  return Function(input, dim);
}

// Recorded with the correction first.
template <auto Function>
tt_status deviation(const tt_tensor* input, const std::int64_t* dim, std::size_t dim_count, double correction,
                    std::int32_t keepdim, tt_tensor** out) {
  return Function(input, dim, dim_count, keepdim, correction, out);
}

// NULL for the results that are not asked for.
tt_status unique(Frame& frame, bool along_dim) {
  const tt_tensor* input = frame.take().tensor.get();
  const std::int64_t dim = along_dim ? as_int(frame.value()) : 0;
  const std::int32_t sorted = as_int32(frame.value(), 0);
  const bool inverse = as_int32(frame.value(), 0) != 0;
  const bool counts = as_int32(frame.value(), 0) != 0;
  tt_tensor** out = &frame.outputs.emplace_back(kUntouched);
  tt_tensor** inverse_out = inverse ? &frame.outputs.emplace_back(kUntouched) : nullptr;
  tt_tensor** counts_out = counts ? &frame.outputs.emplace_back(kUntouched) : nullptr;
  return along_dim ? tt_unique_dim(input, dim, sorted, out, inverse_out, counts_out)
                   : tt_unique(input, sorted, out, inverse_out, counts_out);
}

}  // namespace

void add_reduce_ops(Table& table) {
  TT_OP(sum);
  TT_OP(mean);
  TT_OP(nansum);
  TT_OP(prod);
  TT_OP(prod_dim);
  table["var"] = {box(deviation<tt_var>), ""};
  table["std"] = {box(deviation<tt_std>), ""};
  TT_OP(amax);
  TT_OP(amin);
  TT_OP(max);
  TT_OP(min);
  TT_OP(max_dim);
  TT_OP(min_dim);
  TT_OP(argmax);
  TT_OP(argmin);
  TT_OP(all);
  TT_OP(any);
  TT_OP(vector_norm);
  TT_OP(logsumexp);
  TT_OP(count_nonzero);
  TT_OP(cumsum);
  TT_OP(cumprod);
  table["cumsum_"] = {scan_inplace<tt_cumsum_>, ""};
  table["cumprod_"] = {scan_inplace<tt_cumprod_>, ""};
  TT_OP(equal);
  TT_OP(allclose);

  TT_OP(sort);
  TT_OP(argsort);
  TT_OP(topk);
  TT_OP(kthvalue);
  TT_OP(median);
  TT_OP(median_dim);
  table["unique"] = {[](Frame& frame) { return unique(frame, false); }, ""};
  table["unique_dim"] = {[](Frame& frame) { return unique(frame, true); }, ""};
  TT_OP(bincount);
  TT_OP(histc);
}

}  // namespace tt::parity
