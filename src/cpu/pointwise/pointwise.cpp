#include "cpu/runtime/kernels.h"
#include "cpu/pointwise/pointwise.h"

#include <atomic>
#include <bit>

#include "device/backend.h"
#include "base/parallel.h"
#include "cpu/pointwise/copy.h"
#include "cpu/runtime/simd.h"

namespace tt::cpu {

namespace {

constexpr int kEntries = sizeof(PointwiseTable) / sizeof(InnerLoop);

// Takes over what `from` has.
void overlay(PointwiseTable& table, const PointwiseTable& from) {
  auto* to = reinterpret_cast<InnerLoop*>(&table);
  const auto* loops = reinterpret_cast<const InnerLoop*>(&from);
  for (int i = 0; i < kEntries; ++i) {
    if (loops[i] != nullptr) to[i] = loops[i];
  }
}

PointwiseTable make_table() {
  PointwiseTable table = scalar_table();
  for (int generation = 0; generation <= static_cast<int>(kLastIsa); ++generation) {
    if (const PointwiseTable* vectors = vector_table(generation)) overlay(table, *vectors);
  }
  add_math_loops(table);
  return table;
}

// int32 holds every result of small integers up to what their own arithmetic would cut off; only the
// parameters, which saturate, have to do so at the bounds of their dtype.
PointwiseParams saturated(const PointwiseParams& params, DType dtype) {
  const double low = dtype == DType::kUInt8 ? 0 : dtype == DType::kInt8 ? -128 : -32768;
  const double high = dtype == DType::kUInt8 ? 255 : dtype == DType::kInt8 ? 127 : 32767;
  const auto limit = [=](double value) { return !(value > low) ? low : std::min(value, high); };
  return {limit(params.a), limit(params.b), limit(params.c)};
}

// Operand 1 tells the compute dtype: beside a half type, host scalars are float.
void run(const InnerLoop* row, std::string_view op, const Loop& loop, const PointwiseParams& params,
         int64_t cost) {
  const DType operand = loop.dtype[1];
  const bool small = operand == DType::kUInt8 || operand == DType::kInt8 || operand == DType::kInt16;
  const DType dtype = is_reduced_floating(operand) ? DType::kFloat32 : small ? DType::kInt32 : operand;
  const InnerLoop inner = row[static_cast<int>(dtype)];
  TT_CHECK(inner != nullptr, Status::kDtype, op, " is not implemented for ", small ? operand : dtype);
  const DType dtypes[] = {loop.dtype[0] == DType::kBool ? DType::kBool : dtype, dtype, dtype, dtype};
  run_loop(loop, inner, dtypes, small ? saturated(params, operand) : params, cost);
}

void fill(const call::Fill& call) {
  visit_dtype(call.loop.dtype[0], [&]<typename T>() {
    const T v = call.value.to<T>();
    parallel_for(call.loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
      for_each_row(call.loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
        if (strides[0] == sizeof(T)) {
          std::fill_n(reinterpret_cast<T*>(data[0]), n, v);
        } else {
          for (int64_t i = 0; i < n; ++i) *reinterpret_cast<T*>(data[0] + i * strides[0]) = v;
        }
      });
    });
  });
}

void copy(const call::Copy& call) {
  parallel_for(call.loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
    for_each_row(call.loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
      convert_row(data[0], strides[0], call.loop.dtype[0], data[1], strides[1], call.loop.dtype[1], n);
    });
  });
}

void unary(const call::Unary& call) {
  run(pointwise_table().unary[static_cast<int>(call.op)], name(call.op), call.loop, call.params, 4);
}

void binary(const call::Binary& call) {
  run(pointwise_table().binary[static_cast<int>(call.op)], name(call.op), call.loop, call.params, 1);
}

void ternary(const call::Ternary& call) {
  run(pointwise_table().ternary[static_cast<int>(call.op)], name(call.op), call.loop, call.params, 1);
}

void where(const call::Where& call) {
  const DType dtype = call.loop.dtype[0];
  const DType dtypes[] = {dtype, DType::kBool, dtype, dtype};
  run_loop(call.loop, pointwise_table().where[std::countr_zero(size_of(dtype))], dtypes, {}, 1);
}

void check_divisor(const call::CheckDivisor& call) {
  std::atomic<bool> found{false};
  visit_size(call.loop.dtype[0], [&]<typename T>() {
    parallel_for(call.loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
      for_each_row(call.loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
        const auto* from = reinterpret_cast<const T*>(data[0]);
        const int64_t step = strides[0];
        bool zero = false;
        if (step == sizeof(T)) {
          for (int64_t i = 0; i < n; ++i) zero |= from[i] == 0;
        } else {
          for (int64_t i = 0; i < n; ++i) zero |= *reinterpret_cast<const T*>(data[0] + i * step) == 0;
        }
        if (zero) found.store(true, std::memory_order_relaxed);
      });
    });
  });
  if (found.load()) fail_divisor();
}

}  // namespace

const PointwiseTable& pointwise_table() {
  static const PointwiseTable table = make_table();
  return table;
}

void add_pointwise(KernelTable& table) {
  table.add<call::Fill>(fill);
  table.add<call::Copy>(copy);
  table.add<call::Unary>(unary);
  table.add<call::Binary>(binary);
  table.add<call::Ternary>(ternary);
  table.add<call::Where>(where);
  table.add<call::CheckDivisor>(check_divisor);
}

}  // namespace tt::cpu
