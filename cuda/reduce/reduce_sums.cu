// Sums, means, products and counts.
#include "device/reduce.h"
#include "cuda/reduce/reduce.cuh"

namespace tt::cuda {

namespace {

template <template <typename> typename Op>
bool run_any(const ReduceCall& call, bool across) {
  if (call.in_dtype == DType::kFloat64) {
    run_reduce<Op<double>, double>(call, across);
  } else if (is_floating(call.in_dtype)) {
    run_reduce<Op<float>, float>(call, across);
  } else {
    run_reduce<Op<int64_t>, int64_t>(call, across);
  }
  return true;
}

}  // namespace

bool reduce_sums(ReduceOp op, const ReduceCall& call, bool across) {
  const bool floating = is_floating(call.in_dtype);
  const bool wide = call.in_dtype == DType::kFloat64;
  switch (op) {
    case ReduceOp::sum:
      return run_any<SumReduce>(call, across);
    case ReduceOp::prod:
      return run_any<ProdReduce>(call, across);
    case ReduceOp::count_nonzero:
      return run_any<CountReduce>(call, across);
    case ReduceOp::any:
      return run_any<AnyReduce>(call, across);
    case ReduceOp::all:
      return run_any<AllReduce>(call, across);
    case ReduceOp::nansum:
      if (!floating) return run_any<SumReduce>(call, across);
      if (wide) {
        run_reduce<NanSumReduce<double>, double>(call, across);
      } else {
        run_reduce<NanSumReduce<float>, float>(call, across);
      }
      return true;
    case ReduceOp::mean:
      if (!floating) return false;
      if (wide) {
        run_reduce<MeanReduce<double>, double>(call, across);
      } else {
        run_reduce<MeanReduce<float>, float>(call, across);
      }
      return true;
    default:
      return false;
  }
}

}  // namespace tt::cuda
