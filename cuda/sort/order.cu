// Selection, scans and index moves along lines.
#include "cuda/runtime/kernels.h"
#include "device/order.h"

#include "cuda/runtime/convert.h"
#include "cuda/runtime/for_each.cuh"
#include "cuda/sort/line_math.h"
#include "cuda/reduce/reduce.cuh"

namespace tt::cuda {

namespace {

constexpr int kThreads = 256;

// A line's best element so far: the greatest rank, and among equals the first.
struct Best {
  uint64_t rank;
  int64_t where;
};
struct BestReduce {
  using Acc = Best;
  TT_HOST_DEVICE static Acc start() { return {0, INT64_MAX}; }
  TT_HOST_DEVICE static void merge(Acc& acc, const Acc& other) {
    if (other.rank > acc.rank || (other.rank == acc.rank && other.where < acc.where)) acc = other;
  }
};

struct ArgReduce {
  LineMath math;
  bool largest;

  TT_HOST_DEVICE void step(Best& best, const char* in, int64_t k) const {
    const uint64_t key = load_key(in + k * math.step[2], math.dtype[2]);
    const uint64_t mask = key_bits(math.dtype[2]) == 64 ? ~uint64_t{0} : uint64_t{0xffffffffu};
    // NaN is the greatest and the least.
    BestReduce::merge(best, {largest || is_nan_key(key, math.dtype[2]) ? key : ~key & mask, k});
  }
  TT_HOST_DEVICE void write(char* const* at, const Best& best) const {
    *reinterpret_cast<int64_t*>(at[1]) = best.where;
    if (at[0] == nullptr) return;
    const char* in = at[2] + best.where * math.step[2];
    const auto bytes = static_cast<int>(size_of(math.dtype[2]));
    for (int i = 0; i < bytes; ++i) at[0][i] = in[i];
  }
  // A thread a line.
  TT_HOST_DEVICE void operator()(int64_t line) const {
    char* at[3];
    math.start(line, at);
    Best best = BestReduce::start();
    for (int64_t k = 0; k < math.size; ++k) step(best, at[2], k);
    write(at, best);
  }
};

// A block a line.
__global__ void __launch_bounds__(kThreads) arg_reduce_blocks(const __grid_constant__ ArgReduce call) {
  char* at[3];
  call.math.start(blockIdx.x, at);
  Best best = BestReduce::start();
  for (int64_t k = threadIdx.x; k < call.math.size; k += kThreads) call.step(best, at[2], k);
  best = reduce_block<BestReduce>(best);
  if (threadIdx.x == 0) call.write(at, best);
}

// The type that running sums and products are kept in, and the one that elements are read as.
template <typename T>
using ScanType = std::conditional_t<
    std::is_integral_v<T>, uint64_t,
    std::conditional_t<std::is_same_v<T, float> || std::is_same_v<T, double>, double, float>>;

template <ScanOp kOp, typename A>
TT_HOST_DEVICE inline A scan_merge(A a, A b) {
  return kOp == ScanOp::kSum ? a + b : a * b;
}

template <ScanOp kOp, typename T>
struct Scan {
  using A = ScanType<T>;
  LineMath math;
  bool reverse;

  TT_HOST_DEVICE static A identity() { return kOp == ScanOp::kSum ? A(0) : A(1); }
  TT_HOST_DEVICE int64_t place(int64_t k) const { return reverse ? math.size - 1 - k : k; }
  TT_HOST_DEVICE A load(char* const* at, int64_t k) const {
    return static_cast<A>(*reinterpret_cast<const T*>(at[1] + place(k) * math.step[1]));
  }
  TT_HOST_DEVICE void store(char* const* at, int64_t k, A value) const {
    *reinterpret_cast<T*>(at[0] + place(k) * math.step[0]) = static_cast<T>(value);
  }
  // A thread a line.
  TT_HOST_DEVICE void operator()(int64_t line) const {
    char* at[3];
    math.start(line, at);
    A total = identity();
    for (int64_t k = 0; k < math.size; ++k) {
      total = scan_merge<kOp>(total, load(at, k));
      store(at, k, total);
    }
  }
};

// A block a line, a tile of as many elements as threads at a time.
template <ScanOp kOp, typename T>
__global__ void __launch_bounds__(kThreads) scan_blocks(const __grid_constant__ Scan<kOp, T> call) {
  using A = ScanType<T>;
  __shared__ A shared[kThreads];
  char* at[3];
  call.math.start(blockIdx.x, at);
  const int thread = static_cast<int>(threadIdx.x);
  A carry = Scan<kOp, T>::identity();
  for (int64_t tile = 0; tile < call.math.size; tile += kThreads) {
    const int64_t k = tile + thread;
    A value = k < call.math.size ? call.load(at, k) : Scan<kOp, T>::identity();
    shared[thread] = value;
    __syncthreads();
    for (int apart = 1; apart < kThreads; apart *= 2) {
      if (thread >= apart) value = scan_merge<kOp>(shared[thread - apart], value);
      __syncthreads();
      shared[thread] = value;
      __syncthreads();
    }
    if (k < call.math.size) call.store(at, k, scan_merge<kOp>(carry, value));
    carry = scan_merge<kOp>(carry, shared[kThreads - 1]);
    __syncthreads();
  }
}

template <typename T>
struct AffineScan {
  using A = ScanType<T>;
  LineMath math;
  bool reverse;

  TT_HOST_DEVICE void operator()(int64_t line) const {
    char* at[3];
    math.start(line, at);
    A value = 0;
    for (int64_t i = 0; i < math.size; ++i) {
      const int64_t k = reverse ? math.size - 1 - i : i;
      const A add = static_cast<A>(*reinterpret_cast<const T*>(at[2] + k * math.step[2]));
      value =
          i == 0 ? add : add + static_cast<A>(*reinterpret_cast<const T*>(at[1] + k * math.step[1])) * value;
      *reinterpret_cast<T*>(at[0] + k * math.step[0]) = static_cast<T>(value);
    }
  }
};

// out[k] = in[indices[k]], or out[indices[k]] = in[k].
template <typename U, bool kPick>
struct MoveByIndex {
  LineMath math;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t line = i / math.size;
    const int64_t k = i - line * math.size;
    char* at[3];
    math.start(line, at);
    const int64_t index = *reinterpret_cast<const int64_t*>(at[2] + k * math.step[2]);
    *reinterpret_cast<U*>(at[0] + (kPick ? k : index) * math.step[0]) =
        *reinterpret_cast<const U*>(at[1] + (kPick ? index : k) * math.step[1]);
  }
};

// Whether a thread a line keeps the device busy: the lines are short, or there are many of them.
bool by_threads(int64_t lines, int64_t size) { return size <= 32 || lines >= 65536; }

template <ScanOp kOp>
void run_scan(const Lines& lines, bool reverse) {
  visit_dtype(lines.outer.dtype[1], [&]<typename T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      for_each_part(lines.outer, [&](const Loop& part) {
        const Scan<kOp, T> call{LineMath(lines, part), reverse};
        if (by_threads(part.numel, lines.size)) {
          for_each("scan", part.numel, call);
        } else {
          launch("scan", scan_blocks<kOp, T>, static_cast<unsigned>(part.numel), kThreads, 0, call);
        }
      });
    } else {
      fail(Status::kDtype, "scans are not implemented for bool");
    }
  });
}

void arg_reduce(const call::ArgReduce& call) {
  for_each_part(call.lines.outer, [&](const Loop& loop) {
    Loop part = loop;
    if (call.lines.outer.data[0] == nullptr) part.data[0] = nullptr;  // no memory: nothing to move in
    const ArgReduce body{LineMath(call.lines, part), call.largest};
    if (by_threads(part.numel, call.lines.size)) {
      for_each("arg_reduce", part.numel, body);
    } else {
      launch("arg_reduce", arg_reduce_blocks, static_cast<unsigned>(part.numel), kThreads, 0, body);
    }
  });
}

void scan(const call::Scan& call) {
  if (call.op == ScanOp::kSum) {
    run_scan<ScanOp::kSum>(call.lines, call.reverse);
  } else {
    run_scan<ScanOp::kProd>(call.lines, call.reverse);
  }
}

void affine_scan(const call::AffineScan& call) {
  visit_dtype(call.lines.outer.dtype[2], [&]<typename T>() {
    if constexpr (is_floating(DTypeOf<T>::value)) {
      for_each_part(call.lines.outer, [&](const Loop& part) {
        for_each("affine_scan", part.numel, AffineScan<T>{LineMath(call.lines, part), call.reverse});
      });
    } else {
      fail(Status::kDtype, "affine_scan is not implemented for ", DTypeOf<T>::value);
    }
  });
}

void pick(const call::Pick& call) {
  visit_bytes(size_of(call.lines.outer.dtype[0]), [&]<typename U>() {
    for_each_part(call.lines.outer, [&](const Loop& part) {
      for_each("pick", part.numel * call.lines.size, MoveByIndex<U, true>{LineMath(call.lines, part)});
    });
  });
}

void place(const call::Place& call) {
  visit_bytes(size_of(call.lines.outer.dtype[0]), [&]<typename U>() {
    for_each_part(call.lines.outer, [&](const Loop& part) {
      for_each("place", part.numel * call.lines.size, MoveByIndex<U, false>{LineMath(call.lines, part)});
    });
  });
}

}  // namespace

void add_order(KernelTable& table) {
  table.add<call::ArgReduce>(arg_reduce);
  table.add<call::Scan>(scan);
  table.add<call::AffineScan>(affine_scan);
  table.add<call::Pick>(pick);
  table.add<call::Place>(place);
}

}  // namespace tt::cuda
