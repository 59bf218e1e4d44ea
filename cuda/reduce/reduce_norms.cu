// Extremes, norms, variances and logsumexp.
#include <cmath>

#include "device/reduce.h"
#include "cuda/reduce/reduce.cuh"

namespace tt::cuda {

bool reduce_extremes(ReduceOp op, const ReduceCall& call, bool across) {
  const auto run = [&]<typename C>() {
    if (op == ReduceOp::amax) {
      run_reduce<MaxReduce<C>, C>(call, across);
    } else {
      run_reduce<MinReduce<C>, C>(call, across);
    }
  };
  if (op != ReduceOp::amax && op != ReduceOp::amin) return false;
  if (call.in_dtype == DType::kFloat64) {
    run.operator()<double>();
  } else if (is_floating(call.in_dtype)) {
    run.operator()<float>();
  } else {
    run.operator()<int64_t>();
  }
  return true;
}

namespace {

template <typename C>
bool run_norms(ReduceOp op, const ReduceCall& call, bool across) {
  switch (op) {
    case ReduceOp::norm:
      if (call.args.ord == 2) {
        run_reduce<Norm2Reduce<C>, C>(call, across);
      } else if (call.args.ord == 1) {
        run_reduce<Norm1Reduce<C>, C>(call, across);
      } else if (call.args.ord == 0) {
        run_reduce<CountReduce<C>, C>(call, across);
      } else if (std::isinf(call.args.ord) && call.args.ord > 0) {
        run_reduce<NormMaxReduce<C>, C>(call, across);
      } else if (std::isinf(call.args.ord)) {
        run_reduce<NormMinReduce<C>, C>(call, across);
      } else {
        run_reduce<NormReduce<C>, C>(call, across);
      }
      return true;
    case ReduceOp::var:
    case ReduceOp::std:
      run_reduce<VarReduce<C>, C>(call, across);
      return true;
    case ReduceOp::logsumexp:
      run_reduce<LogSumExpReduce<C>, C>(call, across);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool reduce_norms(ReduceOp op, const ReduceCall& call, bool across) {
  if (!is_floating(call.in_dtype)) return false;
  return call.in_dtype == DType::kFloat64 ? run_norms<double>(op, call, across)
                                          : run_norms<float>(op, call, across);
}

}  // namespace tt::cuda
