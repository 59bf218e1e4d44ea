// Moving blocks, and filling by position.
#include <numeric>

#include "cuda/runtime/kernels.h"
#include "cuda/runtime/convert.h"
#include "cuda/runtime/for_each.cuh"
#include "device/index.h"
#include "cuda/runtime/memory.h"

namespace tt::cuda {

namespace {

template <typename U>
struct CopyBlocks {
  char* to;
  const char* from;
  int64_t to_step, from_step, per_block;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t block = i / per_block;
    const int64_t at = (i - block * per_block) * static_cast<int64_t>(sizeof(U));
    *reinterpret_cast<U*>(to + block * to_step + at) =
        *reinterpret_cast<const U*>(from + block * from_step + at);
  }
};

// What arange counts in.
template <typename T>
using Count =
    std::conditional_t<std::is_integral_v<T>, int64_t, std::conditional_t<kHalfType<T>, float, double>>;
// The type of linspace's step. Half types round after every operation; logspace rounds its result alone.
template <typename T>
using Step = std::conditional_t<std::is_integral_v<T>, double, std::conditional_t<kHalfType<T>, float, T>>;

template <typename T, typename S>
TT_HOST_DEVICE inline S rounded(S value) {
  if constexpr (kHalfType<T>) {
    return static_cast<float>(T(value));
  } else {
    return value;
  }
}

// Not by way of != 0 where T is bool.
template <typename T, typename S>
TT_HOST_DEVICE inline T narrow_to(S value) {
  if constexpr (std::is_integral_v<T> && std::is_floating_point_v<S>) {
    return static_cast<T>(convert<int64_t>(value));
  } else {
    return convert<T>(value);
  }
}

template <typename T>
struct Arange {
  T* out;
  Count<T> first, by;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    out[i] = narrow_to<T>(static_cast<Count<T>>(first + by * static_cast<Count<T>>(i)));
  }
};

template <typename T>
struct Linspace {
  using S = Step<T>;
  T* out;
  int64_t n;
  S first, last, by, base;
  bool power;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    // From both ends, so that both are exact.
    const bool early = i < n / 2;
    const S part = by * static_cast<S>(early ? i : n - i - 1);
    const S offset = power ? part : rounded<T>(part);
    const S value = early ? first + offset : last - offset;
    out[i] = narrow_to<T>(power ? std::pow(base, value) : value);
  }
};

template <typename U>
struct Triangle {
  U* out;
  const U* in;
  int64_t rows, columns, diagonal;
  bool upper;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t line = i / columns;
    const int64_t column = i - line * columns;
    const int64_t row = line % rows;
    const bool keep = upper ? column - row >= diagonal : column - row <= diagonal;
    out[i] = keep ? in[i] : U(0);
  }
};

void copy_blocks(const call::CopyBlocks& call) {
  if (call.bytes == 0 || call.count == 0) return;
  if (call.count == 1 || (call.to_step == call.bytes && call.from_step == call.bytes)) {
    TT_CUDA_CHECK(cudaMemcpyAsync(call.to, call.from, static_cast<size_t>(call.bytes * call.count),
                                  cudaMemcpyDeviceToDevice, current_stream()));
    return;
  }
  // The widest type that everything is a multiple of.
  uint64_t all = reinterpret_cast<uint64_t>(call.to.get()) | reinterpret_cast<uint64_t>(call.from.get());
  all |= static_cast<uint64_t>(call.to_step) | static_cast<uint64_t>(call.from_step) |
         static_cast<uint64_t>(call.bytes) | 8;
  visit_bytes(static_cast<size_t>(all & (~all + 1)), [&]<typename U>() {
    const int64_t per_block = call.bytes / static_cast<int64_t>(sizeof(U));
    for_each("copy_blocks", per_block * call.count,
             CopyBlocks<U>{call.to, call.from, call.to_step, call.from_step, per_block});
  });
}

void arange(const call::Arange& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    for_each("arange", call.n,
             Arange<T>{static_cast<T*>(call.out), call.start.to<Count<T>>(), call.step.to<Count<T>>()});
  });
}

void linspace(const call::Linspace& call) {
  visit_dtype(call.dtype, [&]<typename T>() {
    using S = Step<T>;
    Linspace<T> fill{};
    fill.out = static_cast<T*>(call.out);
    fill.n = call.n;
    fill.first = static_cast<S>(call.start.to<T>());
    fill.last = static_cast<S>(call.end.to<T>());
    fill.power = call.base.has_value();
    fill.by = fill.power ? (fill.last - fill.first) / static_cast<S>(call.n - 1)
                         : rounded<T>(rounded<T>(fill.last - fill.first) / static_cast<S>(call.n - 1));
    fill.base = fill.power ? static_cast<S>(*call.base) : S(0);
    for_each("linspace", call.n, fill);
  });
}

void triangle(const call::Triangle& call) {
  visit_bytes(call.element, [&]<typename U>() {
    for_each("triangle", call.batch * call.rows * call.columns,
             Triangle<U>{static_cast<U*>(call.out), static_cast<const U*>(call.in), call.rows, call.columns,
                         call.diagonal, call.upper});
  });
}

}  // namespace

void add_sequence(KernelTable& table) {
  table.add<call::CopyBlocks>(copy_blocks);
  table.add<call::Arange>(arange);
  table.add<call::Linspace>(linspace);
  table.add<call::Triangle>(triangle);
}

}  // namespace tt::cuda
