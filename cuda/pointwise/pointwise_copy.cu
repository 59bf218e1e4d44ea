// Filling, copying with conversion, and selection.
#include "cuda/runtime/kernels.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/for_each.cuh"
#include "cuda/pointwise/pointwise.cuh"
#include "cuda/pointwise/pointwise.h"

namespace tt::cuda {

namespace {

// Elements as bytes: U is an unsigned type of their size.
template <typename U>
__global__ void __launch_bounds__(kThreads)
    fill_kernel(const uint32_t n, const __grid_constant__ OffsetMath<1> math, char* out, const U value) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < n; ++k, i += kThreads) {
    int64_t offset[1];
    math(i, offset);
    *reinterpret_cast<U*>(out + offset[0]) = value;
  }
}

template <typename U>
__global__ void __launch_bounds__(kThreads)
    move_kernel(const uint32_t n, const __grid_constant__ OffsetMath<2> math, char* out, const char* in) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < n; ++k, i += kThreads) {
    int64_t offset[2];
    math(i, offset);
    *reinterpret_cast<U*>(out + offset[0]) = *reinterpret_cast<const U*>(in + offset[1]);
  }
}

// By way of C, which holds every value of the input's dtype.
template <typename C>
__global__ void __launch_bounds__(kThreads)
    convert_kernel(const uint32_t n, const __grid_constant__ OffsetMath<2> math, char* out, const char* in,
                   const DType to, const DType from) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < n; ++k, i += kThreads) {
    int64_t offset[2];
    math(i, offset);
    store_as<C>(out + offset[0], to, load_as<C>(in + offset[1], from));
  }
}

struct WhereCall {
  uint32_t n;
  OffsetMath<4> math;
  char* data[4];
  uint32_t host;       // bit i: operand i is a host scalar
  uint64_t values[4];  // the bytes of those that are
};

template <typename U>
__global__ void __launch_bounds__(kThreads) where_kernel(const __grid_constant__ WhereCall call) {
  uint32_t i = blockIdx.x * (kThreads * kPerThread) + threadIdx.x;
  for (int k = 0; k < kPerThread && i < call.n; ++k, i += kThreads) {
    int64_t offset[4];
    call.math(i, offset);
    const bool condition =
        call.host & 2 ? call.values[1] != 0 : *reinterpret_cast<const bool*>(call.data[1] + offset[1]);
    const int chosen = condition ? 2 : 3;
    const int64_t at = condition ? offset[2] : offset[3];
    const U value = call.host >> chosen & 1
                        ? static_cast<U>(call.values[chosen])
                        : *reinterpret_cast<const U*>((condition ? call.data[2] : call.data[3]) + at);
    *reinterpret_cast<U*>(call.data[0] + offset[0]) = value;
  }
}

template <typename U>
struct CheckDivisor {
  OffsetMath<1> math;
  const char* data;
  FaultRecord* faults;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[1];
    math(static_cast<uint32_t>(i), offset);
    if (*reinterpret_cast<const U*>(data + offset[0]) == 0) raise(faults, FaultKind::kDivisor);
  }
};

// The bytes of a value of the dtype that lies in host memory.
uint64_t bytes_of(const void* value, DType dtype) {
  uint64_t bytes = 0;
  memcpy(&bytes, value, size_of(dtype));
  return bytes;
}

bool is_dense(const Loop& loop, int op) {
  return loop.flat() && loop.strides[op][0] == static_cast<int64_t>(size_of(loop.dtype[op]));
}

void fill(const call::Fill& call) {
  if (call.loop.numel == 0) return;
  uint64_t bytes = 0;
  visit_dtype(call.loop.dtype[0], [&]<typename T>() {
    const T v = call.value.to<T>();
    memcpy(&bytes, &v, sizeof v);
  });
  const size_t size = size_of(call.loop.dtype[0]);
  if (is_dense(call.loop, 0) && (bytes == 0 || size == 1)) {
    TT_CUDA_CHECK(cudaMemsetAsync(call.loop.data[0], static_cast<int>(bytes & 0xff),
                                  static_cast<size_t>(call.loop.numel) * size, current_stream()));
    return;
  }
  visit_bytes(size, [&]<typename U>() {
    for_each_part(call.loop, [&](const Loop& part) {
      launch("fill", fill_kernel<U>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
             static_cast<uint32_t>(part.numel), OffsetMath<1>(part), part.data[0], static_cast<U>(bytes));
    });
  });
}

void copy(const call::Copy& call) {
  if (call.loop.numel == 0) return;
  const DType to = call.loop.dtype[0];
  const DType from = call.loop.dtype[1];
  if (call.loop.host_scalars >> 1 & 1) {
    // A value of the host: it fills.
    const Loop out = call.loop;
    return visit_dtype(from, [&]<typename T>() {
      T value;
      memcpy(&value, call.loop.data[1], sizeof value);
      visit_dtype(to, [&]<typename To>() {
        const To converted = convert<To, T>(value);
        uint64_t bytes = 0;
        memcpy(&bytes, &converted, sizeof converted);
        visit_bytes(sizeof(To), [&]<typename U>() {
          for_each_part(out, [&](const Loop& part) {
            launch("fill", fill_kernel<U>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
                   static_cast<uint32_t>(part.numel), OffsetMath<1>(part), part.data[0],
                   static_cast<U>(bytes));
          });
        });
      });
    });
  }
  if (to == from) {
    if (is_dense(call.loop, 0) && is_dense(call.loop, 1)) {
      TT_CUDA_CHECK(cudaMemcpyAsync(call.loop.data[0], call.loop.data[1],
                                    static_cast<size_t>(call.loop.numel) * size_of(to),
                                    cudaMemcpyDeviceToDevice, current_stream()));
      return;
    }
    return visit_bytes(size_of(to), [&]<typename U>() {
      for_each_part(call.loop, [&](const Loop& part) {
        launch("copy", move_kernel<U>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
               static_cast<uint32_t>(part.numel), OffsetMath<2>(part), part.data[0], part.data[1]);
      });
    });
  }
  const auto run = [&]<typename C>() {
    for_each_part(call.loop, [&](const Loop& part) {
      launch("copy", convert_kernel<C>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0,
             static_cast<uint32_t>(part.numel), OffsetMath<2>(part), part.data[0], part.data[1], to, from);
    });
  };
  visit_compute(from, run);
}

void where(const call::Where& call) {
  if (call.loop.numel == 0) return;
  WhereCall body{};
  body.host = call.loop.host_scalars;
  for (int op = 1; op < 4; ++op) {
    if (body.host >> op & 1) body.values[op] = bytes_of(call.loop.data[op], call.loop.dtype[op]);
  }
  visit_bytes(size_of(call.loop.dtype[0]), [&]<typename U>() {
    for_each_part(call.loop, [&](const Loop& part) {
      body.n = static_cast<uint32_t>(part.numel);
      body.math = OffsetMath<4>(part);
      for (int op = 0; op < 4; ++op) body.data[op] = part.data[op];
      launch("where", where_kernel<U>, blocks_for(part.numel, kThreads * kPerThread), kThreads, 0, body);
    });
  });
}

void check_divisor(const call::CheckDivisor& call) {
  FaultRecord* faults = fault_record();
  visit_bytes(size_of(call.loop.dtype[0]), [&]<typename U>() {
    for_each_part(call.loop, [&](const Loop& part) {
      for_each("check_divisor", part.numel, CheckDivisor<U>{OffsetMath<1>(part), part.data[0], faults});
    });
  });
}

}  // namespace

void add_pointwise_copy(KernelTable& table) {
  table.add<call::Fill>(fill);
  table.add<call::Copy>(copy);
  table.add<call::Where>(where);
  table.add<call::CheckDivisor>(check_divisor);
}

}  // namespace tt::cuda
