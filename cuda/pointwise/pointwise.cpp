#include "cuda/runtime/kernels.h"
#include "cuda/pointwise/pointwise.h"

#include <limits>
#include <type_traits>

#include "base/dtype.h"
#include "base/error.h"

namespace tt {

// The op's names, for messages; the library's own are not linked here.
#define TT_NAME_ROW(name, ...) #name,
std::string_view name(UnaryOp op) {
  static constexpr std::string_view kNames[] = {TT_UNARY_OPS(TT_NAME_ROW)};
  return kNames[static_cast<int>(op)];
}
std::string_view name(BinaryOp op) {
  static constexpr std::string_view kNames[] = {TT_BINARY_OPS(TT_NAME_ROW)};
  return kNames[static_cast<int>(op)];
}
std::string_view name(TernaryOp op) {
  static constexpr std::string_view kNames[] = {TT_TERNARY_OPS(TT_NAME_ROW)};
  return kNames[static_cast<int>(op)];
}
#undef TT_NAME_ROW

}  // namespace tt

namespace tt::cuda {

namespace {

const PointwiseTable& table() {
  static const PointwiseTable table = [] {
    PointwiseTable all{};
    add_unary_vector(all);
    add_unary_scalar(all);
    add_binary_arithmetic(all);
    add_binary_other(all);
    add_ternary(all);
    return all;
  }();
  return table;
}

// Narrow integers are computed in int32, where the functors saturate parameters to that.
PointwiseParams narrowed(const PointwiseParams& params, DType dtype) {
  PointwiseParams out = params;
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
      constexpr double kMin = std::numeric_limits<T>::min();
      constexpr double kMax = std::numeric_limits<T>::max();
      for (double* value : {&out.a, &out.b, &out.c}) {
        *value = !(*value > kMin) ? kMin
                 : *value >= kMax ? kMax
                                  : static_cast<double>(static_cast<T>(*value));
      }
    }
  });
  return out;
}

void run(PointwiseRun row, std::string_view op, const Loop& loop, const PointwiseParams& params) {
  if (loop.numel == 0) return;
  TT_CHECK(row != nullptr, Status::kNotImplemented, "the CUDA backend has no ", op);
  row(loop, narrowed(params, loop.dtype[1]));
}

void binary(const call::Binary& call) {
  run(table().binary[static_cast<int>(call.op)], name(call.op), call.loop, call.params);
}

void ternary(const call::Ternary& call) {
  run(table().ternary[static_cast<int>(call.op)], name(call.op), call.loop, call.params);
}

}  // namespace

void unary(const call::Unary& call) {
  // Of an int32, ~ is no logical negation.
  const bool negates = call.op == UnaryOp::bitwise_not && call.loop.dtype[1] == DType::kBool;
  const UnaryOp op = negates ? UnaryOp::logical_not : call.op;
  run(table().unary[static_cast<int>(op)], name(op), call.loop, call.params);
}

void add_pointwise(KernelTable& table) {
  table.add<call::Unary>(unary);
  table.add<call::Binary>(binary);
  table.add<call::Ternary>(ternary);
}

}  // namespace tt::cuda
