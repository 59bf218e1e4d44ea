// Runs bodies (cuda/runtime/block.h) on the thread's device and stream.
#pragma once

#include "cuda/runtime/block.h"
#include "cuda/runtime/convert.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/launch.cuh"
#include "cuda/runtime/memory.h"

namespace tt::cuda {

// The members are for the device, be it an emulated one; what nvcc compiles for the host is never called.
class DeviceBlock {
 public:
  TT_HOST_DEVICE explicit DeviceBlock(void* shared) : shared_(shared) {}

#if defined(__CUDA_ARCH__) || !defined(__CUDACC__)
  __host__ __device__ int64_t index() const { return blockIdx.x; }
  __host__ __device__ int64_t blocks() const { return gridDim.x; }
  __host__ __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __host__ __device__ void sync() { __syncthreads(); }
  template <typename T>
  __host__ __device__ T shuffle_xor(T value, int mask) {
    return __shfl_xor_sync(0xffffffffu, value, mask);
  }
#else
  __host__ __device__ int64_t index() const { return 0; }
  __host__ __device__ int64_t blocks() const { return 0; }
  __host__ __device__ int thread() const { return 0; }
  __host__ __device__ void sync() {}
  template <typename T>
  __host__ __device__ T shuffle_xor(T value, int) {
    return value;
  }
#endif
  // c += a * b of a warp's 16 x 8 and 8 x 8 numbers, whose lower 13 bits do not count.
  TT_HOST_DEVICE void mma_tf32([[maybe_unused]] float (&c)[4], [[maybe_unused]] const float (&a)[4],
                               [[maybe_unused]] const float (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
          "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
#elif defined(__CUDA_ARCH__) || !defined(__CUDACC__)
    emulate_mma(
        thread() % 32, c, [&](int lane, int i) { return __shfl_sync(0xffffffffu, a[i], lane); },
        [&](int lane, int i) { return __shfl_sync(0xffffffffu, b[i], lane); });
#endif
  }
  // c += a * b of a warp's 16 x 16 and 16 x 8 numbers of a half type.
  template <typename T>
  TT_HOST_DEVICE void mma_half([[maybe_unused]] float (&c)[4], [[maybe_unused]] const uint32_t (&a)[4],
                               [[maybe_unused]] const uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    if constexpr (std::is_same_v<T, Half>) {
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%0, %1, %2, %3};"
          : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    } else {
      static_assert(std::is_same_v<T, BFloat16>);
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%0, %1, %2, %3};"
          : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }
#elif defined(__CUDA_ARCH__) || !defined(__CUDACC__)
    // Also what was compiled for older devices, where a newer one runs it.
    emulate_mma_half<T>(
        thread() % 32, c, [&](int lane, int i) { return __shfl_sync(0xffffffffu, a[i], lane); },
        [&](int lane, int i) { return __shfl_sync(0xffffffffu, b[i], lane); });
#endif
  }
  TT_HOST_DEVICE void copy_16([[maybe_unused]] void* to, [[maybe_unused]] const void* from,
                              [[maybe_unused]] bool inside) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(to))),
                 "l"(__cvta_generic_to_global(from)), "r"(inside ? 16 : 0)
                 : "memory");
#elif defined(__CUDA_ARCH__) || !defined(__CUDACC__)
    using Bytes = Vector<uint32_t, 4>;
    *static_cast<Bytes*>(to) = inside ? *static_cast<const Bytes*>(from) : Bytes{};
#endif
  }
  TT_HOST_DEVICE void end_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
  }
  template <int kLeft>
  TT_HOST_DEVICE void wait_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
#endif
  }
  template <bool kTransposed>
  TT_HOST_DEVICE void load_matrices([[maybe_unused]] uint32_t (&words)[4], [[maybe_unused]] const void* row) {
#if defined(__CUDA_ARCH__)
    const auto at = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    if constexpr (kTransposed) {
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                   : "r"(at)
                   : "memory");
    } else {
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                   : "r"(at)
                   : "memory");
    }
#elif !defined(__CUDACC__)
    emulate_load_matrices<kTransposed>(thread() % 32, words,
                                       [&](int lane) { return __shfl_sync(0xffffffffu, row, lane); });
#endif
  }
  template <typename T>
  TT_HOST_DEVICE T& shared() {
    return *static_cast<T*>(shared_);
  }

 private:
  void* shared_;
};

template <typename Body>
__global__ void __launch_bounds__(Body::kThreads, Body::kBlocksResident)
    run_body(const __grid_constant__ Body body) {
  using Shared = typename Body::Shared;
  static_assert(sizeof(Shared) <= 48 * 1024, "what a block may have without asking");
  static_assert(sizeof(Body) <= 4096, "what fits a launch's parameters");
  constexpr size_t kAlignment = alignof(Shared) < 16 ? 16 : alignof(Shared);
  alignas(kAlignment) __shared__ unsigned char memory[sizeof(Shared)];
  DeviceBlock block(memory);
  body(block);
}

class CudaLauncher {
 public:
  template <typename Body>
  void launch(const char* name, const Body& body, int64_t blocks) const {
    if (blocks == 0) return;
    TT_CHECK(blocks > 0 && blocks <= INT32_MAX, Status::kCuda, name, " needs ", blocks,
             " blocks, more than a launch can have");
    cuda::launch(name, run_body<Body>, dim3(static_cast<unsigned>(blocks)), dim3(Body::kThreads), 0, body);
  }

  template <typename T>
  class Buffer {
   public:
    explicit Buffer(int64_t n) : memory_(static_cast<size_t>(n) * sizeof(T)) {}
    T* data() { return memory_.data<T>(); }

   private:
    Workspace memory_;
  };
  template <typename T>
  Buffer<T> buffer(int64_t n) const {
    return Buffer<T>(n);
  }

  bool tensor_cores() const { return device_properties().major >= 8; }

  // Also reports what earlier kernels found.
  FaultRecord* fault() const { return fault_record(); }
};

}  // namespace tt::cuda
