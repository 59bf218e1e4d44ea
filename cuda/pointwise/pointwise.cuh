// The two kernels of every pointwise op. The vector kernel takes dense operands of one dtype, 16 bytes a
// thread; the strided one takes everything else, its dtypes known when it runs.
#pragma once

#include <string_view>

#include "device/pointwise.h"
#include "cuda/runtime/convert.h"
#include "cuda/index/index_math.h"
#include "cuda/runtime/launch.cuh"
#include "kernels/functors.h"

namespace tt::cuda {

// The table's column.
enum class Domain : uint8_t { kAll, kNumber, kFloat, kFloatOnly, kIntegral, kInteger };
constexpr bool has_floats(Domain domain) { return domain < Domain::kIntegral; }
constexpr bool has_integers(Domain domain) {
  return domain != Domain::kFloat && domain != Domain::kFloatOnly;
}

// The values of inputs that are host scalars; bit i of `mask` is input i.
template <typename C, int kInputs>
struct HostValues {
  uint32_t mask;
  C value[kInputs];
};

template <typename F, typename C, int kInputs>
__device__ inline auto apply(const C (&x)[kInputs], const PointwiseParams& params) {
  if constexpr (kInputs == 1) {
    return F::apply(x[0], params);
  } else if constexpr (kInputs == 2) {
    return F::apply(x[0], x[1], params);
  } else {
    return F::apply(x[0], x[1], x[2], params);
  }
}

constexpr int kThreads = 256;
constexpr int kPerThread = 4;  // elements of the strided kernel

template <int kInputs>
struct StridedCall {
  uint32_t n;
  OffsetMath<kInputs + 1> math;
  char* data[kInputs + 1];
  DType dtype[kInputs + 1];
};

template <typename F, typename C, int kInputs>
__global__ void __launch_bounds__(kThreads)
    strided_kernel(const __grid_constant__ StridedCall<kInputs> call,
                   const __grid_constant__ HostValues<C, kInputs> host, const PointwiseParams params) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < call.n; ++k, i += kThreads) {
    int64_t offset[kInputs + 1];
    call.math(i, offset);
    C x[kInputs];
    for (int j = 0; j < kInputs; ++j) {
      x[j] = host.mask >> j & 1 ? host.value[j]
                                : load_as<C>(call.data[j + 1] + offset[j + 1], call.dtype[j + 1]);
    }
    const auto y = apply<F>(x, params);
    char* out = call.data[0] + offset[0];
    if constexpr (std::is_same_v<std::remove_const_t<decltype(y)>, bool>) {
      store_as<int32_t>(out, call.dtype[0], y);
    } else {
      store_as<C>(out, call.dtype[0], static_cast<C>(y));
    }
  }
}

// The result's element: bool where the functor says so.
template <typename F, typename T, int kInputs>
struct ResultOf {
  using C = ComputeOf<T>;
  static auto test() {
    const PointwiseParams params{};
    if constexpr (kInputs == 1) {
      return F::apply(C(), params);
    } else if constexpr (kInputs == 2) {
      return F::apply(C(), C(), params);
    } else {
      return F::apply(C(), C(), C(), params);
    }
  }
  using Type = std::conditional_t<std::is_same_v<decltype(test()), bool>, bool, T>;
};

template <typename T, int kInputs>
struct DenseCall {
  uint32_t n;
  void* out;
  const T* in[kInputs];
};

template <typename F, typename T, int kInputs>
__global__ void __launch_bounds__(kThreads)
    dense_kernel(const DenseCall<T, kInputs> call, const HostValues<ComputeOf<T>, kInputs> host,
                 const PointwiseParams params) {
  using C = ComputeOf<T>;
  using R = typename ResultOf<F, T, kInputs>::Type;
  constexpr int kVector = kVectorOf<T>;
  const uint32_t first = (blockIdx.x * kThreads + threadIdx.x) * kVector;
  if (first >= call.n) return;
  R* out = static_cast<R*>(call.out) + first;
  const bool whole = call.n - first >= kVector;
  const int count = whole ? kVector : static_cast<int>(call.n - first);
  Vector<T, kVector> x[kInputs];
  for (int j = 0; j < kInputs; ++j) {
    if (host.mask >> j & 1) continue;
    if (whole) {
      x[j] = *reinterpret_cast<const Vector<T, kVector>*>(call.in[j] + first);
    } else {
      for (int k = 0; k < count; ++k) x[j].at[k] = call.in[j][first + k];
    }
  }
  Vector<R, kVector> y;
#pragma unroll
  for (int k = 0; k < kVector; ++k) {
    C element[kInputs];
    for (int j = 0; j < kInputs; ++j) {
      element[j] = host.mask >> j & 1 ? host.value[j] : static_cast<C>(x[j].at[k]);
    }
    y.at[k] = convert<R>(apply<F>(element, params));
  }
  if (whole) {
    *reinterpret_cast<Vector<R, kVector>*>(out) = y;
  } else {
    for (int k = 0; k < count; ++k) out[k] = y.at[k];
  }
}

template <typename C, int kInputs>
HostValues<C, kInputs> host_values(const Loop& loop) {
  HostValues<C, kInputs> host{};
  host.mask = loop.host_scalars >> 1;
  for (int j = 0; j < kInputs; ++j) {
    if ((host.mask >> j & 1) == 0) continue;
    visit_dtype(loop.dtype[j + 1], [&]<typename T>() {
      host.value[j] = convert<C, T>(*reinterpret_cast<const T*>(loop.data[j + 1]));
    });
  }
  return host;
}

template <typename F, typename C, int kInputs>
void run_strided(const char* name, const Loop& loop, const PointwiseParams& params) {
  const HostValues<C, kInputs> host = host_values<C, kInputs>(loop);
  for_each_part(loop, [&](const Loop& part) {
    StridedCall<kInputs> call;
    call.n = static_cast<uint32_t>(part.numel);
    call.math = OffsetMath<kInputs + 1>(part);
    for (int op = 0; op <= kInputs; ++op) {
      call.data[op] = part.data[op];
      call.dtype[op] = part.dtype[op];
    }
    launch(name, strided_kernel<F, C, kInputs>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
           call, host, params);
  });
}

// Whether the dense kernel of element type T does.
template <typename T, typename R, int kInputs>
bool is_dense(const Loop& loop) {
  if (!loop.flat() || loop.dtype[0] != DTypeOf<R>::value || loop.strides[0][0] != sizeof(R) ||
      reinterpret_cast<uintptr_t>(loop.data[0]) % (sizeof(R) * kVectorOf<T>) != 0) {
    return false;
  }
  for (int op = 1; op <= kInputs; ++op) {
    if (loop.host_scalars >> op & 1) continue;
    if (loop.dtype[op] != DTypeOf<T>::value || loop.strides[op][0] != sizeof(T) ||
        reinterpret_cast<uintptr_t>(loop.data[op]) % 16 != 0) {
      return false;
    }
  }
  return true;
}

template <typename F, typename T, int kInputs>
bool run_dense(const char* name, const Loop& loop, const PointwiseParams& params) {
  using C = ComputeOf<T>;
  using R = typename ResultOf<F, T, kInputs>::Type;
  if (!is_dense<T, R, kInputs>(loop)) return false;
  const HostValues<C, kInputs> host = host_values<C, kInputs>(loop);
  for (int64_t at = 0; at < loop.numel; at += kMaxPart) {
    const int64_t n = loop.numel - at < kMaxPart ? loop.numel - at : kMaxPart;
    DenseCall<T, kInputs> call{};
    call.n = static_cast<uint32_t>(n);
    call.out = reinterpret_cast<R*>(loop.data[0]) + at;
    for (int j = 0; j < kInputs; ++j) {
      if ((host.mask >> j & 1) == 0) call.in[j] = reinterpret_cast<const T*>(loop.data[j + 1]) + at;
    }
    launch(name, dense_kernel<F, T, kInputs>, blocks_for(n, kThreads * kVectorOf<T>), kThreads, 0, call, host,
           params);
  }
  return true;
}

[[noreturn]] inline void no_kernel(const char* name, DType dtype) {
  fail(Status::kDtype, name, " is not implemented for ", dtype);
}

// A row of the table; kDense: whether it has dense kernels (ops that take long for an element do not need
// them).
template <typename F, Domain kDomain, int kInputs, bool kDense>
void run_row(const char* name, const Loop& loop, const PointwiseParams& params) {
  // Beside a half type, host scalars are float32: the compute dtype is that of an operand in memory.
  DType dtype = loop.dtype[1];
  for (int op = kInputs; op >= 1; --op) {
    if ((loop.host_scalars >> op & 1) == 0) dtype = loop.dtype[op];
  }
  for (int op = 1; op <= kInputs; ++op) {
    const bool wider = op > 1 && is_reduced_floating(dtype) && loop.dtype[op] == DType::kFloat32;
    TT_CHECK((loop.host_scalars >> op & 1) != 0 || loop.dtype[op] == dtype || wider, Status::kInternal, name,
             ": operands of ", dtype, " and ", loop.dtype[op]);
  }
  if constexpr (has_floats(kDomain)) {
    if constexpr (kDense) {
      if (dtype == DType::kFloat32 && run_dense<F, float, kInputs>(name, loop, params)) return;
      if (dtype == DType::kFloat16 && run_dense<F, Half, kInputs>(name, loop, params)) return;
      if (dtype == DType::kBFloat16 && run_dense<F, BFloat16, kInputs>(name, loop, params)) return;
      if (dtype == DType::kFloat64 && run_dense<F, double, kInputs>(name, loop, params)) return;
    }
    if (dtype == DType::kFloat64) return run_strided<F, double, kInputs>(name, loop, params);
    if (is_floating(dtype)) return run_strided<F, float, kInputs>(name, loop, params);
  }
  if constexpr (has_integers(kDomain)) {
    if (dtype == DType::kInt64) return run_strided<F, int64_t, kInputs>(name, loop, params);
    if (is_integral(dtype)) return run_strided<F, int32_t, kInputs>(name, loop, params);
  }
  no_kernel(name, dtype);
}

}  // namespace tt::cuda
