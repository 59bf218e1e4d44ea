// Reductions, and comparisons of whole tensors.
#include "cuda/runtime/kernels.h"
#include "device/reduce.h"

#include <cmath>

#include "cuda/reduce/reduce.cuh"

namespace tt {

std::string_view name(ReduceOp op) {
#define TT_NAME_ROW(name, ...) #name,
  static constexpr std::string_view kNames[] = {TT_REDUCE_OPS(TT_NAME_ROW)};
#undef TT_NAME_ROW
  return kNames[static_cast<int>(op)];
}

}  // namespace tt

namespace tt::cuda {

namespace {

int64_t length(int64_t stride) { return stride < 0 ? -stride : stride; }

// The loop's dimensions apart. It comes with its dimensions in order of growing strides.
ReduceCall make_call(const Loop& loop, bool* across) {
  ReduceCall call{};
  call.results = call.count = 1;
  call.kept.clear();
  call.reduced.clear();
  for (int d = 0; d < loop.ndim; ++d) {
    if (loop.sizes[d] == 1) continue;
    if (loop.strides[0][d] == 0) {
      call.reduced.add(loop.sizes[d], {loop.strides[1][d]});
      call.count *= loop.sizes[d];
    } else {
      call.kept.add(loop.sizes[d], {loop.strides[0][d], loop.strides[1][d]});
      call.results *= loop.sizes[d];
    }
  }
  call.kept.finish(call.results);
  call.reduced.finish(call.count);
  *across = call.results > 1 && length(call.kept.stride[1][0]) < length(call.reduced.stride[0][0]);
  call.out = loop.data[0];
  call.in = loop.data[1];
  call.out_dtype = loop.dtype[0];
  call.in_dtype = loop.dtype[1];
  return call;
}

constexpr int kThreads = 256;
constexpr int kPerThread = 4;

template <typename C>
__global__ void __launch_bounds__(kThreads)
    equal_kernel(const uint32_t n, const __grid_constant__ OffsetMath<2> math, const char* a, const char* b,
                 const DType dtype, int* different) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  bool same = true;
  for (int k = 0; k < kPerThread && i < n; ++k, i += kThreads) {
    int64_t offset[2];
    math(i, offset);
    same = same && load_as<C>(a + offset[0], dtype) == load_as<C>(b + offset[1], dtype);
  }
  if (!same) *different = 1;  // whoever writes writes the same
}

template <typename C>
__global__ void __launch_bounds__(kThreads)
    isclose_kernel(const uint32_t n, const __grid_constant__ OffsetMath<3> math, char* out, const char* a,
                   const char* b, const DType dtype, const double rtol, const double atol,
                   const bool equal_nan) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < n; ++k, i += kThreads) {
    int64_t offset[3];
    math(i, offset);
    const C x = load_as<C>(a + offset[1], dtype);
    const C y = load_as<C>(b + offset[2], dtype);
    bool close = x == y;
    if (!close) {
      const auto wide_x = static_cast<double>(x), wide_y = static_cast<double>(y);
      const double error = fabs(wide_x - wide_y);
      const double allowed = atol + fabs(rtol * wide_y);
      // Without any tolerance, int64 values that double cannot tell apart stay different.
      close = (allowed > 0 && isfinite(error) && error <= allowed) ||
              (equal_nan && isnan(wide_x) && isnan(wide_y));
    }
    *reinterpret_cast<bool*>(out + offset[0]) = close;
  }
}

void reduce(const call::Reduce& call) {
  bool across = false;
  ReduceCall made = make_call(call.loop, &across);
  made.args = {static_cast<double>(made.count), call.params.ord, call.params.correction,
               call.op == ReduceOp::std};
  const bool done = reduce_sums(call.op, made, across) || reduce_extremes(call.op, made, across) ||
                    reduce_norms(call.op, made, across);
  TT_CHECK(done, Status::kDtype, name(call.op), " is not implemented for ", call.loop.dtype[1]);
}

void equal(const call::Equal& call) {
  const Workspace workspace(sizeof(int));
  int* different = workspace.data<int>();
  TT_CUDA_CHECK(cudaMemsetAsync(different, 0, sizeof(int), current_stream()));
  visit_holding(call.loop.dtype[0], [&]<typename C>() {
    for_each_part(call.loop, [&](const Loop& part) {
      launch("equal", equal_kernel<C>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
             static_cast<uint32_t>(part.numel), OffsetMath<2>(part), part.data[0], part.data[1],
             part.dtype[0], different);
    });
  });
  int result = 0;
  to_host(&result, different, sizeof result);
  *call.equal.at = result == 0;
}

void isclose(const call::IsClose& call) {
  visit_holding(call.loop.dtype[1], [&]<typename C>() {
    for_each_part(call.loop, [&](const Loop& part) {
      launch("isclose", isclose_kernel<C>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
             static_cast<uint32_t>(part.numel), OffsetMath<3>(part), part.data[0], part.data[1], part.data[2],
             part.dtype[1], call.rtol, call.atol, call.equal_nan);
    });
  });
}

}  // namespace

void add_reduce(KernelTable& table) {
  table.add<call::Reduce>(reduce);
  table.add<call::Equal>(equal);
  table.add<call::IsClose>(isclose);
}

}  // namespace tt::cuda
