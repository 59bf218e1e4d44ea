// The kernels of a reduction: over the elements, by threads or by blocks, and over the parts of a result.
#pragma once

#include "device/reduce.h"
#include "cuda/runtime/convert.h"
#include "cuda/index/index_math.h"
#include "cuda/runtime/launch.cuh"
#include "cuda/runtime/memory.h"
#include "cuda/reduce/reduce_math.h"

namespace tt::cuda {

// Results and their elements, each numbered from 0.
struct ReduceCall {
  int64_t results, count;
  WideOffsetMath<2> kept;  // of a result: where it goes, and its first element
  WideOffsetMath<1> reduced;
  char* out;
  const char* in;
  DType out_dtype, in_dtype;
  int64_t parts, part_size;
  int64_t together;  // elements, side by side in memory, that a thread takes at a time; 1: as they lie
  ReduceArgs args;
};

constexpr int kReduceThreads = 256;

// The block's accumulators into thread 0's, in a tree. blockDim.x is a power of two.
template <typename Op>
__device__ typename Op::Acc reduce_block(typename Op::Acc acc) {
  using Acc = typename Op::Acc;
  __shared__ __align__(16) unsigned char memory[kReduceThreads * sizeof(Acc)];
  Acc* shared = reinterpret_cast<Acc*>(memory);
  shared[threadIdx.x] = acc;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) Op::merge(shared[threadIdx.x], shared[threadIdx.x + half]);
    __syncthreads();
  }
  return shared[0];
}

template <typename Op>
__device__ void write_result(const ReduceCall& call, int64_t offset, const typename Op::Acc& acc) {
  const auto value = Op::result(acc, call.args);
  using R = std::remove_const_t<decltype(value)>;
  store_as<R>(call.out + offset, call.out_dtype, value);
}

// Whether reductions of T are those whose elements are read as C.
template <typename C, typename T>
inline constexpr bool kReadAs =
    std::is_same_v<C, double>  ? std::is_same_v<T, double>
    : std::is_same_v<C, float> ? !std::is_integral_v<T> && !std::is_same_v<T, double>
                               : std::is_integral_v<T>;

// Of the elements begin..end, which lie side by side, every `step`-th vector from the first-th on. The order
// is the same where the address does not allow loads of vectors.
template <typename Op, typename C, typename T>
__device__ void take_vectors(typename Op::Acc& acc, const T* data, int64_t begin, int64_t end, int64_t first,
                             int64_t step, const ReduceArgs& args) {
  constexpr int kCount = kVectorOf<T>;
  int64_t k = begin + first * kCount;
  if (reinterpret_cast<uintptr_t>(data + begin) % 16 == 0) {
#pragma unroll 2
    for (; k + kCount <= end; k += step * kCount) {
      const auto x = *reinterpret_cast<const Vector<T, kCount>*>(data + k);
#pragma unroll
      for (int v = 0; v < kCount; ++v) Op::step(acc, static_cast<C>(x.at[v]), args);
    }
  }
  for (; k < end; k += step * kCount) {
    const int64_t stop = k + kCount < end ? k + kCount : end;
    for (int64_t i = k; i < stop; ++i) Op::step(acc, static_cast<C>(data[i]), args);
  }
}

// Thread `first` of `step`'s share of a result's elements begin..end, which are at `in`.
template <typename Op, typename C>
__device__ typename Op::Acc take_share(const ReduceCall& call, const char* in, int64_t begin, int64_t end,
                                       int64_t first, int64_t step) {
  auto acc = Op::start();
  if constexpr (Op::kVector) {
    if (call.together > 1) {
      switch (call.in_dtype) {
#define TT_CASE(enumerator, type)                                                                      \
  case DType::enumerator:                                                                              \
    if constexpr (kReadAs<C, type>) {                                                                  \
      take_vectors<Op, C>(acc, reinterpret_cast<const type*>(in), begin, end, first, step, call.args); \
    }                                                                                                  \
    break;
        TT_FORALL_DTYPES(TT_CASE)
#undef TT_CASE
      }
      return acc;
    }
  }
  for (int64_t k = begin + first; k < end; k += step) {
    int64_t offset[1];
    call.reduced(k, offset);
    Op::step(acc, load_as<C>(in + offset[0], call.in_dtype), call.args);
  }
  return acc;
}

// A thread a result and part. `partial`: [part][result]; null where there is one part.
template <typename Op, typename C>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_threads(const __grid_constant__ ReduceCall call, typename Op::Acc* partial) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kReduceThreads + threadIdx.x;
  if (i >= call.results * call.parts) return;
  const int64_t part = i / call.results;
  const int64_t result = i - part * call.results;
  int64_t kept[2];
  call.kept(result, kept);
  const int64_t begin = part * call.part_size;
  const int64_t end = begin + call.part_size < call.count ? begin + call.part_size : call.count;
  const auto acc = take_share<Op, C>(call, call.in + kept[1], begin, end, 0, 1);
  if (partial != nullptr) {
    partial[i] = acc;
  } else {
    write_result<Op>(call, kept[0], acc);
  }
}

// Adds up the parts that reduce_threads has left.
template <typename Op>
__global__ void __launch_bounds__(kReduceThreads)
    finish_threads(const __grid_constant__ ReduceCall call, const typename Op::Acc* partial) {
  const int64_t result = static_cast<int64_t>(blockIdx.x) * kReduceThreads + threadIdx.x;
  if (result >= call.results) return;
  auto acc = Op::start();
  for (int64_t part = 0; part < call.parts; ++part) Op::merge(acc, partial[part * call.results + result]);
  int64_t kept[2];
  call.kept(result, kept);
  write_result<Op>(call, kept[0], acc);
}

// A block a result and part. `partial`: [result][part].
template <typename Op, typename C>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_blocks(const __grid_constant__ ReduceCall call, typename Op::Acc* partial) {
  const int64_t i = blockIdx.x;
  const int64_t result = i / call.parts;
  const int64_t part = i - result * call.parts;
  int64_t kept[2];
  call.kept(result, kept);
  const int64_t begin = part * call.part_size;
  const int64_t end = begin + call.part_size < call.count ? begin + call.part_size : call.count;
  const auto acc =
      reduce_block<Op>(take_share<Op, C>(call, call.in + kept[1], begin, end, threadIdx.x, blockDim.x));
  if (threadIdx.x != 0) return;
  if (partial != nullptr) {
    partial[i] = acc;
  } else {
    write_result<Op>(call, kept[0], acc);
  }
}

template <typename Op>
__global__ void __launch_bounds__(kReduceThreads)
    finish_blocks(const __grid_constant__ ReduceCall call, const typename Op::Acc* partial) {
  const int64_t result = blockIdx.x;
  auto acc = Op::start();
  for (int64_t part = threadIdx.x; part < call.parts; part += blockDim.x) {
    Op::merge(acc, partial[result * call.parts + part]);
  }
  acc = reduce_block<Op>(acc);
  if (threadIdx.x != 0) return;
  int64_t kept[2];
  call.kept(result, kept);
  write_result<Op>(call, kept[0], acc);
}

template <typename Op, typename C>
void run_reduce(ReduceCall call, bool across) {
  using Acc = typename Op::Acc;
  static_assert(sizeof(Acc) <= 32);
  const auto size = static_cast<int64_t>(size_of(call.in_dtype));
  const bool dense = call.reduced.ndim == 1 && call.reduced.stride[0][0] == size;
  call.together = Op::kVector && dense ? 16 / size : 1;
  const ReducePlan plan = plan_reduce(call.results, call.count, across, call.together,
                                      resident_blocks(kReduceThreads) * kReduceThreads);
  call.parts = plan.parts;
  call.part_size = plan.part_size;
  const int64_t total = call.results * plan.parts;
  TT_CHECK(total <= INT32_MAX || plan.threads, Status::kNotImplemented, "a reduction to ", call.results,
           " results is too large for the device");
  const Workspace workspace(plan.parts > 1 ? static_cast<size_t>(total) * sizeof(Acc) : 1);
  Acc* partial = plan.parts > 1 ? workspace.data<Acc>() : nullptr;
  if (plan.threads) {
    launch("reduce", reduce_threads<Op, C>, blocks_for(total, kReduceThreads), kReduceThreads, 0, call,
           partial);
    if (partial == nullptr) return;
    launch("reduce", finish_threads<Op>, blocks_for(call.results, kReduceThreads), kReduceThreads, 0, call,
           static_cast<const Acc*>(partial));
  } else {
    launch("reduce", reduce_blocks<Op, C>, static_cast<unsigned>(total), plan.block, 0, call, partial);
    if (partial == nullptr) return;
    launch("reduce", finish_blocks<Op>, static_cast<unsigned>(call.results), kReduceThreads, 0, call,
           static_cast<const Acc*>(partial));
  }
}

// The files share out the ops: false where another one has it.
bool reduce_sums(ReduceOp op, const ReduceCall& call, bool across);
bool reduce_extremes(ReduceOp op, const ReduceCall& call, bool across);
bool reduce_norms(ReduceOp op, const ReduceCall& call, bool across);

}  // namespace tt::cuda
