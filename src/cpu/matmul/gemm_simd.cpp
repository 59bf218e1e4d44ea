// The loops of gemm_loops.h, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/matmul/gemm_simd.cpp"
#define TT_CPU_WITHOUT_SVE
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "cpu/matmul/gemm_loops.h"
#include "cpu/runtime/simd_tail.h"
#include "cpu/runtime/simd_transpose.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2

template <typename T>
using D = hn::ScalableTag<T>;
template <typename T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D<T>()));

// ---- tiles: sums that stay in registers ----

// AVX-512 has 32 registers: 14 x 2 sums, two vectors of b, and a value of a that the multiplication loads.
// AVX2 has 16.
constexpr int kTileRows = HWY_TARGET <= HWY_AVX3 ? 14 : 6;

// float has the most tiles to choose from, double, which is rare, the fewest that keep the pace.
template <typename T>
constexpr bool kManyTiles = HWY_TARGET <= HWY_AVX3 && sizeof(T) == 4;

// The rows of the next tile when so many are left.
template <typename T>
constexpr int tile_rows(int64_t left) {
  if (left >= kTileRows) return kTileRows;
  if (kManyTiles<T> && left >= 8) return 8;
  if (kManyTiles<T> && left >= 6) return 6;
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

// Columns of the next panel of b: two vectors, at the end one, which may be partial.
template <typename T>
constexpr int64_t panel_cols(int64_t left) {
  return left >= 2 * kLanes<T> ? 2 * kLanes<T> : kLanes<T>;
}

template <typename T>
struct Tile {
  const GemmBlock<T>& block;
  int64_t row, col;
  const T* a;
  int64_t a_step;
  const T* b;
  int64_t b_step;
};

// `sums`, scaled and with their bias, into a c that lies transposed.
template <typename T>
HWY_NOINLINE void store_transposed(const Tile<T>& t, const T* sums, int64_t sums_row, int64_t rows,
                                   int64_t cols) {
  const GemmBlock<T>& g = t.block;
  T* c = g.c + t.col * g.c_step + t.row;
  if (g.beta == 0) return transpose(sums, sums_row, rows, cols, c, g.c_step);
  for (int64_t j = 0; j < cols; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      c[j * g.c_step + i] = g.beta * c[j * g.c_step + i] + sums[i * sums_row + j];
    }
  }
}

// R rows by V vectors of type Tag; with one vector, `cols` of its lanes count. kRows: a lies by rows, else by
// columns.
template <class Tag, int R, int V, bool kRows, typename T = hn::TFromD<Tag>>
void tile(const Tile<T>& t, int64_t cols) {
  const Tag d;
  constexpr int64_t kL = static_cast<int64_t>(hn::MaxLanes(d));
  using Vec = hn::Vec<Tag>;
  // Too few sums do not hide the latency of an addition: several of each, over the terms in turn. Two half
  // vectors are added at once.
  constexpr int kTurns = R * V <= 2 ? 4 : R * V <= (kL < kLanes<T> ? 6 : 4) ? 2 : 1;
  const GemmBlock<T>& g = t.block;
  const auto mask = hn::FirstN(d, static_cast<size_t>(cols));

  Vec acc[kTurns][R][V];
#pragma GCC unroll 4
  for (int u = 0; u < kTurns; ++u) {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[u][i][v] = hn::Zero(d);
    }
  }

  // Three rows an address: a machine address adds a multiple of one register to another.
  const T* a[(R + 2) / 3];
#pragma GCC unroll 5
  for (int i = 0; i < (R + 2) / 3; ++i) a[i] = kRows ? t.a + 3 * i * t.a_step : t.a + 3 * i;
  const T* b = t.b;
  const int64_t a_row = kRows ? t.a_step : 1, a_term = kRows ? 1 : t.a_step;

  const auto step = [&](int u) HWY_ATTR {
    Vec x[V];
    if constexpr (V == 1) {
      x[0] = hn::MaskedLoad(mask, d, b);
    } else {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) x[v] = hn::LoadU(d, b + v * kL);
    }
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
      const Vec y = hn::Set(d, a[i / 3][i % 3 * a_row]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[u][i][v] = hn::MulAdd(y, x[v], acc[u][i][v]);
    }
#pragma GCC unroll 5
    for (int i = 0; i < (R + 2) / 3; ++i) a[i] += a_term;
    b += t.b_step;
  };
  const int64_t terms = g.k;
  int64_t p = 0;
  for (; p + kTurns <= terms; p += kTurns) {
#pragma GCC unroll 4
    for (int u = 0; u < kTurns; ++u) step(u);
  }
  for (; p < terms; ++p) step(0);
#pragma GCC unroll 4
  for (int u = 1; u < kTurns; ++u) {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[0][i][v] = hn::Add(acc[0][i][v], acc[u][i][v]);
    }
  }

  if (g.alpha != 1) {
    const auto alpha = hn::Set(d, g.alpha);
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[0][i][v] = hn::Mul(acc[0][i][v], alpha);
    }
  }
  if (g.c_transposed) {
    HWY_ALIGN T sums[R * V * kL];
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
      const auto bias = hn::Set(d, g.bias == nullptr ? T(0) : g.bias[t.row + i]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) hn::Store(hn::Add(acc[0][i][v], bias), d, sums + (i * V + v) * kL);
    }
    return store_transposed(t, sums, V * kL, R, cols);
  }
  // One thing after another, over values that the stores cannot change.
  const int64_t c_step = g.c_step;
  T* const c = g.c + t.row * c_step + t.col;
  if (g.beta != 0) {
    const auto beta = hn::Set(d, g.beta);
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        const T* from = c + i * c_step + v * kL;
        const Vec old = V == 1 ? hn::MaskedLoad(mask, d, from) : hn::LoadU(d, from);
        acc[0][i][v] = hn::MulAdd(beta, old, acc[0][i][v]);
      }
    }
  }
  if (g.bias != nullptr) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      const T* from = g.bias + t.col + v * kL;
      const Vec bias = V == 1 ? hn::MaskedLoad(mask, d, from) : hn::LoadU(d, from);
#pragma GCC unroll 14
      for (int i = 0; i < R; ++i) acc[0][i][v] = hn::Add(acc[0][i][v], bias);
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      T* to = c + i * c_step + v * kL;
      if constexpr (V == 1) {
        hn::BlendedStore(acc[0][i][v], mask, d, to);
      } else {
        hn::StoreU(acc[0][i][v], d, to);
      }
    }
  }
}

template <class Tag, int V, bool kRows, typename T = hn::TFromD<Tag>>
void run_tile(const Tile<T>& t, int rows, int64_t cols) {
  if constexpr (kManyTiles<T>) {
    if (rows == 8) return tile<Tag, 8, V, kRows>(t, cols);
    if (rows == 6) return tile<Tag, 6, V, kRows>(t, cols);
  }
  switch (rows) {
    case kTileRows:
      return tile<Tag, kTileRows, V, kRows>(t, cols);
    case 4:
      return tile<Tag, 4, V, kRows>(t, cols);
    case 2:
      return tile<Tag, 2, V, kRows>(t, cols);
    default:
      return tile<Tag, 1, V, kRows>(t, cols);
  }
}

template <typename T, bool kRows>
void run_tile(const Tile<T>& t, int rows, int64_t width, int64_t cols) {
  if (width > kLanes<T>) return run_tile<D<T>, 2, kRows>(t, rows, cols);
  if constexpr (kManyTiles<T>) {
    // A half of the lanes at twice the rate, on most machines.
    if (cols <= kLanes<T> / 2) return run_tile<hn::CappedTag<T, kLanes<T> / 2>, 1, kRows>(t, rows, cols);
  }
  run_tile<D<T>, 1, kRows>(t, rows, cols);
}

template <typename T>
void multiply(const GemmBlock<T>& g) {
  const bool packed = g.a_layout == LeftLayout::kPacked, by_rows = g.a_layout == LeftLayout::kRows;
  const int64_t a_row = packed ? g.k : by_rows ? g.a_step : 1;  // elements from one row to the next
  for (int64_t col = 0; col < g.cols;) {
    const int64_t width = panel_cols<T>(g.cols - col);
    const int64_t cols = std::min(width, g.cols - col);
    Tile<T> t{g,
              0,
              col,
              nullptr,
              g.a_step,
              g.b_packed ? g.b + col * g.k : g.b + col,
              g.b_packed ? width : g.b_step};
    for (int64_t row = 0; row < g.rows;) {
      const int rows = tile_rows<T>(g.rows - row);
      t.row = row;
      t.a = g.a + row * a_row;
      if (packed) t.a_step = rows;
      by_rows ? run_tile<T, true>(t, rows, width, cols) : run_tile<T, false>(t, rows, width, cols);
      row += rows;
    }
    col += width;
  }
}

// `count` elements of each of n rows, at most two vectors.
template <typename T>
void copy_rows(const T* from, int64_t from_step, int64_t n, int64_t count, T* to, int64_t to_step) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  const auto low = hn::FirstN(d, static_cast<size_t>(std::min(count, kL)));
  const auto high = hn::FirstN(d, static_cast<size_t>(std::max(count - kL, int64_t{0})));
  if (count == 2 * kL) {
    for (int64_t i = 0; i < n; ++i, from += from_step, to += to_step) {
      hn::StoreU(hn::LoadU(d, from), d, to);
      hn::StoreU(hn::LoadU(d, from + kL), d, to + kL);
    }
  } else if (count <= kL) {
    for (int64_t i = 0; i < n; ++i, from += from_step, to += to_step) {
      hn::BlendedStore(hn::MaskedLoad(low, d, from), low, d, to);
    }
  } else {
    for (int64_t i = 0; i < n; ++i, from += from_step, to += to_step) {
      hn::StoreU(hn::LoadU(d, from), d, to);
      hn::BlendedStore(hn::MaskedLoad(high, d, from + kL), high, d, to + kL);
    }
  }
}

template <typename T>
void pack_left(const T* a, int64_t step, bool transposed, int64_t rows, int64_t k, T* to) {
  for (int64_t row = 0; row < rows;) {
    const int count = tile_rows<T>(rows - row);
    if (transposed) {
      copy_rows(a + row, step, k, count, to, count);
    } else {
      transpose(a + row * step, step, count, k, to, count);
    }
    row += count;
    to += count * k;
  }
}

// Panels copied together: what the machine fetches ahead by itself lies in the same page of a row, and of the
// rows that follow it is told.
constexpr int kPanelsTogether = 4;
constexpr int64_t kRowsAhead = 8;

template <typename T>
void copy_panels(const T* b, int64_t step, int64_t k, T* to) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  for (int64_t p = 0; p < k; ++p, b += step, to += 2 * kL) {
#pragma GCC unroll 4
    for (int i = 0; i < kPanelsTogether; ++i) {
      const T* const from = b + i * 2 * kL;
      T* const panel = to + i * 2 * kL * k;
      __builtin_prefetch(from + kRowsAhead * step);
      __builtin_prefetch(from + kRowsAhead * step + kL);
      hn::StoreU(hn::LoadU(d, from), d, panel);
      hn::StoreU(hn::LoadU(d, from + kL), d, panel + kL);
    }
  }
}

template <typename T>
void pack_right(const T* b, int64_t step, bool transposed, int64_t k, int64_t cols, T* to) {
  int64_t col = 0;
  if (!transposed) {
    constexpr int64_t kTogether = kPanelsTogether * 2 * kLanes<T>;
    for (; col + kTogether <= cols; col += kTogether, to += kTogether * k) {
      copy_panels(b + col, step, k, to);
    }
  }
  while (col < cols) {
    const int64_t width = panel_cols<T>(cols - col);
    const int64_t count = std::min(width, cols - col);
    if (transposed) {
      transpose(b + col * step, step, count, k, to, width);
    } else {
      copy_rows(b + col, step, k, count, to, width);
    }
    if (count < width) {
      for (int64_t p = 0; p < k; ++p) std::fill_n(to + p * width + count, width - count, T(0));
    }
    col += width;
    to += width * k;
  }
}

// ---- dot products ----

// I rows of a with J columns of b.
template <typename T, int I, int J>
void dot_tile(const GemmBlock<T>& g, int64_t row, int64_t col) {
  const D<T> d;
  constexpr int64_t kL = kLanes<T>;
  hn::Vec<D<T>> acc[I][J];
#pragma GCC unroll 4
  for (int i = 0; i < I; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < J; ++j) acc[i][j] = hn::Zero(d);
  }
  const T* a = g.a + row * g.a_step;
  const T* b = g.b + col * g.b_step;
  for (int64_t p = 0; p < g.k; p += kL) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kL, g.k - p)));
    hn::Vec<D<T>> y[J];
#pragma GCC unroll 4
    for (int j = 0; j < J; ++j) y[j] = hn::MaskedLoad(mask, d, b + j * g.b_step + p);
#pragma GCC unroll 4
    for (int i = 0; i < I; ++i) {
      const auto x = hn::MaskedLoad(mask, d, a + i * g.a_step + p);
#pragma GCC unroll 4
      for (int j = 0; j < J; ++j) acc[i][j] = hn::MulAdd(x, y[j], acc[i][j]);
    }
  }
  const int64_t c_row = g.c_transposed ? 1 : g.c_step, c_col = g.c_transposed ? g.c_step : 1;
#pragma GCC unroll 4
  for (int i = 0; i < I; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < J; ++j) {
      T& out = g.c[(row + i) * c_row + (col + j) * c_col];
      T value = g.alpha * hn::GetLane(hn::SumOfLanes(d, acc[i][j]));
      if (g.beta != 0) value += g.beta * out;
      if (g.bias != nullptr) value += g.bias[g.c_transposed ? row + i : col + j];
      out = value;
    }
  }
}

template <typename T>
void dots(const GemmBlock<T>& g) {
  constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
  int64_t row = 0;
  for (; row + kRows <= g.rows; row += kRows) {
    int64_t col = 0;
    for (; col + 4 <= g.cols; col += 4) dot_tile<T, kRows, 4>(g, row, col);
    for (; col < g.cols; ++col) dot_tile<T, kRows, 1>(g, row, col);
  }
  for (; row < g.rows; ++row) {
    int64_t col = 0;
    for (; col + 4 <= g.cols; col += 4) dot_tile<T, 1, 4>(g, row, col);
    for (; col < g.cols; ++col) dot_tile<T, 1, 1>(g, row, col);
  }
}

template <typename T>
const GemmLoops<T>* get_gemm_loops() {
  static constexpr GemmLoops<T> loops = {kLanes<T>, kTileRows,    multiply<T>,
                                         dots<T>,   pack_left<T>, pack_right<T>};
  return &loops;
}

#else

template <typename T>
const GemmLoops<T>* get_gemm_loops() {
  return nullptr;
}

#endif

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

template <typename T>
const GemmLoops<T>* gemm_loops() {
  static const GemmLoops<T>* const loops = TT_CPU_DISPATCH(get_gemm_loops<T>)();
  return loops;
}
template const GemmLoops<float>* gemm_loops<float>();
template const GemmLoops<double>* gemm_loops<double>();

}  // namespace tt::cpu
#endif
