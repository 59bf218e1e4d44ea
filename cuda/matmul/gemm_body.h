// Matrix products that cuBLAS does not do: those of integers, and what is left where there is nothing to
// multiply.
#pragma once

#include "device/gemm.h"
#include "cuda/runtime/block.h"

namespace tt::cuda {

// Integers wrap around: unsigned arithmetic has no undefined overflow.
template <typename T>
using Unsigned = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

// Tiles of 32 x 32 results, 4 a thread, over the depth in pieces of 32.
template <typename T>
struct IntegerGemm {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  static constexpr int kTile = 32;
  static constexpr int kRows = kThreads / kTile;  // that threads stand in
  static constexpr int kEach = kTile / kRows;
  using U = Unsigned<T>;
  struct Shared {
    U a[kTile][kTile + 1];
    U b[kTile][kTile + 1];
  };

  call::Gemm g;
  U alpha, beta;
  int64_t tiles_m, tiles_n;

  explicit IntegerGemm(const call::Gemm& args)
      : g(args),
        alpha(static_cast<U>(static_cast<int64_t>(args.alpha))),
        beta(static_cast<U>(static_cast<int64_t>(args.beta))),
        tiles_m(ceil_div(args.m, kTile)),
        tiles_n(ceil_div(args.n, kTile)) {}
  int64_t blocks() const { return tiles_m * tiles_n * g.batch; }

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const int64_t tile_n = block.index() % tiles_n;
    const int64_t tile_m = block.index() / tiles_n % tiles_m;
    const int64_t batch = block.index() / tiles_n / tiles_m;
    const T* a = static_cast<const T*>(g.a) + batch * g.stride_a;
    const T* b = static_cast<const T*>(g.b) + batch * g.stride_b;
    T* c = static_cast<T*>(g.c) + batch * g.stride_c;
    const int column = block.thread() % kTile, row = block.thread() / kTile;
    U sums[kEach] = {};
    for (int64_t k0 = 0; k0 < g.k; k0 += kTile) {
      for (int i = 0; i < kEach; ++i) {
        const int r = row + i * kRows;
        // Neighbouring threads read along memory, whichever way the matrix lies.
        if (g.transpose_a) {
          const int64_t m = tile_m * kTile + column, k = k0 + r;
          shared.a[column][r] = m < g.m && k < g.k ? static_cast<U>(a[k * g.lda + m]) : U(0);
        } else {
          const int64_t m = tile_m * kTile + r, k = k0 + column;
          shared.a[r][column] = m < g.m && k < g.k ? static_cast<U>(a[m * g.lda + k]) : U(0);
        }
        if (g.transpose_b) {
          const int64_t n = tile_n * kTile + r, k = k0 + column;
          shared.b[column][r] = n < g.n && k < g.k ? static_cast<U>(b[n * g.ldb + k]) : U(0);
        } else {
          const int64_t n = tile_n * kTile + column, k = k0 + r;
          shared.b[r][column] = n < g.n && k < g.k ? static_cast<U>(b[k * g.ldb + n]) : U(0);
        }
      }
      block.sync();
      for (int k = 0; k < kTile; ++k) {
        const U y = shared.b[k][column];
        for (int i = 0; i < kEach; ++i) sums[i] += shared.a[row + i * kRows][k] * y;
      }
      block.sync();
    }
    const int64_t n = tile_n * kTile + column;
    for (int i = 0; i < kEach; ++i) {
      const int64_t m = tile_m * kTile + row + i * kRows;
      if (m >= g.m || n >= g.n) continue;
      T& out = c[m * g.ldc + n];
      U value = alpha * sums[i];
      if (g.beta != 0) value += beta * static_cast<U>(out);
      if (g.bias != nullptr) value += static_cast<U>(static_cast<const T*>(g.bias)[n]);
      out = static_cast<T>(value);
    }
  }
};

// c = beta * c + bias, what a product starts from; beta 0 does not read c.
template <typename T>
struct GemmStart {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  call::Gemm g;
  A beta;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t n = g.batch * g.m * g.n;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t column = i % g.n, row = i / g.n % g.m, batch = i / g.n / g.m;
      T& out = static_cast<T*>(g.c)[batch * g.stride_c + row * g.ldc + column];
      A value = g.beta == 0 ? A(0) : beta * static_cast<A>(out);
      if (g.bias != nullptr) value += static_cast<A>(static_cast<const T*>(g.bias)[column]);
      out = static_cast<T>(value);
    }
  }
};

template <typename Launcher>
void gemm_integer(const Launcher& launcher, const call::Gemm& args) {
  visit_dtype(args.dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      const IntegerGemm<T> body(args);
      launcher.launch("gemm", body, body.blocks());
    } else {
      fail(Status::kDtype, "a matrix product is not implemented for ", args.dtype);
    }
  });
}

template <typename Launcher>
void gemm_start(const Launcher& launcher, const call::Gemm& args) {
  visit_floating(args.dtype, "a matrix product", [&]<typename T>() {
    const GemmStart<T> body{args, static_cast<Compute<T>>(args.beta)};
    launcher.launch("gemm", body, stride_blocks(args.batch * args.m * args.n, 1024));
  });
}

}  // namespace tt::cuda
