// The implicit matrix product: tiles of kTileRows x 128 results, in registers, over the depth in pieces of 16
// that go through shared memory. The depth may be split among blocks; their sums are then added in order.
#pragma once

#include "cuda/block.h"
#include "cuda/conv_math.h"

namespace tt::cuda {

template <typename A>
struct alignas(4 * sizeof(A)) Quad {
  A at[4];
};

// How a problem is cut into blocks.
struct GemmTiles {
  int64_t rows, cols, groups, splits, split_depth;

  int64_t blocks() const { return rows * cols * groups * splits; }
};

template <typename Problem>
GemmTiles tiles_of(const Problem& problem, int64_t tile_rows, int64_t tile_cols, int64_t piece) {
  // Enough blocks for a large device, as long as each has work that is worth it.
  constexpr int64_t kBlocksWanted = 512, kPiecesWorth = 8;
  GemmTiles t;
  t.rows = ceil_div(problem.rows(), tile_rows);
  t.cols = ceil_div(problem.cols(), tile_cols);
  t.groups = problem.groups();
  const int64_t blocks = t.rows * t.cols * t.groups, pieces = ceil_div(problem.depth(), piece);
  t.splits = blocks == 0 ? 1 : kBlocksWanted / blocks;
  if (t.splits > pieces / kPiecesWorth) t.splits = pieces / kPiecesWorth;
  if (t.splits < 1) t.splits = 1;
  const int64_t pieces_each = ceil_div(pieces, t.splits);
  t.split_depth = pieces_each * piece;
  // No split without work.
  if (pieces_each > 0) t.splits = ceil_div(pieces, pieces_each);
  return t;
}

// A block's place among the tiles.
struct GemmPlace {
  int64_t row, col, group, split;
  TT_HOST_DEVICE GemmPlace(const GemmTiles& t, int64_t block)
      : row(block % t.rows),
        col(block / t.rows % t.cols),
        group(block / t.rows / t.cols % t.groups),
        split(block / t.rows / t.cols / t.groups) {}
};

template <typename Problem, int kEachRows>
struct ConvGemm {
  using T = typename Problem::Element;
  using A = typename Problem::A;
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = sizeof(A) == 8 ? 1 : 2;
  static constexpr int kPiece = 16;
  static constexpr int kEachCols = 4;
  static constexpr int kThreadCols = 32, kThreadRows = kThreads / kThreadCols;
  static constexpr int kTileRows = kThreadRows * kEachRows, kTileCols = kThreadCols * kEachCols;
  static_assert(kEachRows % 4 == 0);
  // What a thread loads of each piece.
  static constexpr int kLoadsA = kTileRows * kPiece / kThreads, kLoadsB = kTileCols * kPiece / kThreads;
  static constexpr int kPad = 4;  // spreads columns over the banks, and keeps rows aligned
  struct Shared {
    alignas(4 * sizeof(A)) A a[kPiece][kTileRows + kPad];
    alignas(4 * sizeof(A)) A b[kPiece][kTileCols + kPad];
  };

  Problem problem;
  GemmTiles tiles;
  A* partial;  // (splits, groups, rows, cols); null: the results are stored

  // The row of a, or the column of b, of a thread's j-th load; and its depth.
  TT_HOST_DEVICE static int row_of(int thread, int j) { return thread / kPiece + j * (kThreads / kPiece); }
  TT_HOST_DEVICE static int depth_of(int thread) { return thread % kPiece; }
  TT_HOST_DEVICE static int b_col(int thread, int j) {
    return Problem::kDepthFirst ? row_of(thread, j) : thread % kTileCols;
  }
  TT_HOST_DEVICE static int b_depth(int thread, int j) {
    return Problem::kDepthFirst ? depth_of(thread) : thread / kTileCols + j * (kThreads / kTileCols);
  }

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const int thread = block.thread();
    const GemmPlace place(tiles, block.index());
    const int64_t first_row = place.row * kTileRows, first_col = place.col * kTileCols;
    const int64_t begin = place.split * tiles.split_depth;
    const int64_t end =
        begin + tiles.split_depth < problem.depth() ? begin + tiles.split_depth : problem.depth();

    constexpr int kColumns = Problem::kDepthFirst ? kLoadsB : 1;
    typename Problem::Column columns[kColumns];
    for (int j = 0; j < kColumns; ++j) {
      columns[j] = problem.column(place.group, first_col + b_col(thread, j));
    }

    A load_a[kLoadsA], load_b[kLoadsB];
    const auto load = [&](int64_t k0) {
      const int64_t k = k0 + depth_of(thread);
      if (k < end) {
        const auto depth = problem.depth_a(place.group, k);
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
        for (int j = 0; j < kLoadsA; ++j) {
          const int64_t row = first_row + row_of(thread, j);
          load_a[j] = row < problem.rows() ? static_cast<A>(problem.load_a(place.group, row, depth)) : A(0);
        }
      } else {
        for (int j = 0; j < kLoadsA; ++j) load_a[j] = A(0);
      }
      if constexpr (Problem::kDepthFirst) {
        if (k < end) {
          const auto depth = problem.depth_b(place.group, k);
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
          for (int j = 0; j < kLoadsB; ++j)
            load_b[j] = static_cast<A>(problem.load_b(columns[j % kColumns], depth));
        } else {
          for (int j = 0; j < kLoadsB; ++j) load_b[j] = A(0);
        }
      } else {
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
        for (int j = 0; j < kLoadsB; ++j) {
          const int64_t at = k0 + b_depth(thread, j);
          load_b[j] =
              at < end ? static_cast<A>(problem.load_b(columns[0], problem.depth_b(place.group, at))) : A(0);
        }
      }
    };

    A sums[kEachRows][kEachCols] = {};
    const int my_row = thread / kThreadCols * kEachRows, my_col = thread % kThreadCols * kEachCols;
    if (begin < end) load(begin);
    for (int64_t k0 = begin; k0 < end; k0 += kPiece) {
      for (int j = 0; j < kLoadsA; ++j) shared.a[depth_of(thread)][row_of(thread, j)] = load_a[j];
      for (int j = 0; j < kLoadsB; ++j) shared.b[b_depth(thread, j)][b_col(thread, j)] = load_b[j];
      block.sync();
      // While this piece is worked on.
      if (k0 + kPiece < end) load(k0 + kPiece);
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
      for (int k = 0; k < kPiece; ++k) {
        Quad<A> a[kEachRows / 4];
        for (int i = 0; i < kEachRows / 4; ++i) {
          a[i] = *reinterpret_cast<const Quad<A>*>(&shared.a[k][my_row + 4 * i]);
        }
        const Quad<A> b = *reinterpret_cast<const Quad<A>*>(&shared.b[k][my_col]);
        for (int i = 0; i < kEachRows; ++i) {
          for (int j = 0; j < kEachCols; ++j)
            sums[i][j] = multiply_add(a[i / 4].at[i % 4], b.at[j], sums[i][j]);
        }
      }
      block.sync();
    }

    for (int i = 0; i < kEachRows; ++i) {
      const int64_t row = first_row + my_row + i;
      for (int j = 0; j < kEachCols; ++j) {
        const int64_t col = first_col + my_col + j;
        if (row >= problem.rows() || col >= problem.cols()) continue;
        if (partial == nullptr) {
          problem.store(place.group, row, col, sums[i][j]);
        } else {
          partial[((place.split * tiles.groups + place.group) * problem.rows() + row) * problem.cols() +
                  col] = sums[i][j];
        }
      }
    }
  }
};

// Adds up what the splits have left and stores it; a thread for each result.
template <typename Problem>
struct ConvGemmFinish {
  using A = typename Problem::A;
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using Shared = Nothing;

  Problem problem;
  GemmTiles tiles;
  const A* partial;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t each = problem.rows() * problem.cols(), n = tiles.groups * each;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      A sum = 0;
      for (int64_t s = 0; s < tiles.splits; ++s) sum += partial[s * n + i];
      const int64_t group = i / each, rest = i - group * each, row = rest / problem.cols();
      problem.store(group, row, rest - row * problem.cols(), sum);
    }
  }
};

template <template <typename, int> class Gemm, int kSize, typename Launcher, typename Problem>
void conv_gemm_sized(const Launcher& launcher, const char* name, const Problem& problem) {
  using Body = Gemm<Problem, kSize>;
  const GemmTiles tiles = tiles_of(problem, Body::kTileRows, Body::kTileCols, Body::kPiece);
  const int64_t results = tiles.groups * problem.rows() * problem.cols();
  auto memory = launcher.template buffer<typename Problem::A>(tiles.splits > 1 ? tiles.splits * results : 0);
  auto* partial = tiles.splits > 1 ? memory.data() : nullptr;
  launcher.launch(name, Body{problem, tiles, partial}, tiles.blocks());
  if (tiles.splits > 1) {
    launcher.launch(name, ConvGemmFinish<Problem>{problem, tiles, partial}, stride_blocks(results, 256));
  }
}

// By tiles of 64 rows, or 32 where there are no more.
template <typename Launcher, typename Problem>
void conv_gemm(const Launcher& launcher, const char* name, const Problem& problem) {
  if (problem.rows() > 32) {
    conv_gemm_sized<ConvGemm, 8>(launcher, name, problem);
  } else {
    conv_gemm_sized<ConvGemm, 4>(launcher, name, problem);
  }
}

}  // namespace tt::cuda
