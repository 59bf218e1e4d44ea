#include "cpu/pointwise.h"

#include "core/backend.h"
#include "core/parallel.h"
#include "cpu/copy.h"

namespace tt::cpu {

namespace {

void run(const InnerTable& row, std::string_view op, const Loop& loop, const PointwiseParams& params,
         int64_t cost) {
  const DType dtype = loop.dtype[1];
  const bool half = is_reduced_floating(dtype);
  const InnerLoop inner = row[static_cast<int>(half ? DType::kFloat32 : dtype)];
  TT_CHECK(inner != nullptr, Status::kDtype, op, " is not implemented for ", dtype);
  if (half) {
    run_loop_as_float(loop, inner, params, cost);
  } else {
    run_loop(loop, inner, params, cost);
  }
}

}  // namespace

void CpuPointwise::fill(const Loop& loop, const Scalar& value) {
  visit_dtype(loop.dtype[0], [&]<typename T>() {
    const T v = value.to<T>();
    parallel_for(loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
      for_each_row(loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
        if (strides[0] == sizeof(T)) {
          std::fill_n(reinterpret_cast<T*>(data[0]), n, v);
        } else {
          for (int64_t i = 0; i < n; ++i) *reinterpret_cast<T*>(data[0] + i * strides[0]) = v;
        }
      });
    });
  });
}

void CpuPointwise::copy(const Loop& loop) {
  parallel_for(loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
    for_each_row(loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
      convert_row(data[0], strides[0], loop.dtype[0], data[1], strides[1], loop.dtype[1], n);
    });
  });
}

void CpuPointwise::unary(UnaryOp op, const Loop& loop, const PointwiseParams& params) {
  run(unary_table()[static_cast<int>(op)], name(op), loop, params, 4);
}

void CpuPointwise::binary(BinaryOp op, const Loop& loop, const PointwiseParams& params) {
  run(binary_table()[static_cast<int>(op)], name(op), loop, params, 1);
}

void CpuPointwise::ternary(TernaryOp op, const Loop&, const PointwiseParams&) {
  fail(Status::kNotImplemented, name(op), " is not implemented on the CPU");
}

}  // namespace tt::cpu
