// The implicit matrix product: tiles of kTileRows x 128 results, in registers, over the depth in pieces of 16
// that go through shared memory. The depth may be split among blocks; their sums are then added in order.
#pragma once

#include "cuda/runtime/block.h"
#include "cuda/conv/conv_math.h"

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
  // A launch's blocks are counted in 31 bits, which are much faster to divide.
  TT_HOST_DEVICE GemmPlace(const GemmTiles& t, int64_t block) {
    const auto next = [](uint32_t& rest, int64_t size) {
      const uint32_t count = static_cast<uint32_t>(size), before = rest;
      rest /= count;
      return static_cast<int64_t>(before - rest * count);
    };
    auto rest = static_cast<uint32_t>(block);
    row = next(rest, t.rows);
    col = next(rest, t.cols);
    group = next(rest, t.groups);
    split = rest;
  }
};

// What the kernels of all kinds share: a block's tile, and how a piece of the operands comes to shared memory
// by way of registers, so that the next one is on its way while one is worked on. Stored: what elements are
// until they are multiplied.
template <typename Problem, int kTileRows_, int kPad, typename Stored>
struct ConvTile {
  using A = typename Problem::A;
  static constexpr int kThreads = 256;
  static constexpr int kPiece = 16;
  static constexpr int kTileRows = kTileRows_, kTileCols = 128;
  // What a thread loads of each piece.
  static constexpr int kLoadsA = kTileRows * kPiece / kThreads, kLoadsB = kTileCols * kPiece / kThreads;
  static constexpr int kColumns = Problem::kDepthFirst ? kLoadsB : 1;
  // In shared memory, half types lie in pairs along the depth.
  static constexpr int kTogether = sizeof(Stored) < 4 ? 4 / static_cast<int>(sizeof(Stored)) : 1;
  static constexpr int kCells = kPiece / kTogether;
  struct alignas(kTogether * sizeof(Stored)) Cell {
    Stored at[kTogether];
  };
  // The padding spreads what threads use together over the banks, and keeps quads aligned.
  struct Shared {
    alignas(4 * sizeof(Cell)) Cell a[kCells][kTileRows + kPad];
    alignas(4 * sizeof(Cell)) Cell b[kCells][kTileCols + kPad];
  };

  const Problem& problem;
  const int thread;
  const GemmPlace place;
  const typename Problem::Group group;
  const int64_t first_row, first_col, begin, end;
  typename Problem::Column columns[kColumns];
  Stored load_a[kLoadsA], load_b[kLoadsB];

  template <typename Block>
  TT_HOST_DEVICE ConvTile(const Problem& problem_, const GemmTiles& tiles, const Block& block)
      : problem(problem_),
        thread(block.thread()),
        place(tiles, block.index()),
        group(problem_.group(place.group)),
        first_row(place.row * kTileRows),
        first_col(place.col * kTileCols),
        begin(place.split * tiles.split_depth),
        end(begin + tiles.split_depth < problem_.depth(group) ? begin + tiles.split_depth
                                                              : problem_.depth(group)) {
    TT_UNROLL
    for (int j = 0; j < kColumns; ++j) columns[j] = problem.column(group, first_col + b_col(j));
  }

  // The row of a, or the column of b, of the thread's j-th load; and its depth.
  TT_HOST_DEVICE int row_of(int j) const { return thread / kPiece + j * (kThreads / kPiece); }
  TT_HOST_DEVICE int depth_of() const { return thread % kPiece; }
  TT_HOST_DEVICE int b_col(int j) const { return Problem::kDepthFirst ? row_of(j) : thread % kTileCols; }
  TT_HOST_DEVICE int b_depth(int j) const {
    return Problem::kDepthFirst ? depth_of() : thread / kTileCols + j * (kThreads / kTileCols);
  }

  TT_HOST_DEVICE void load(int64_t k0) {
    const int64_t k = k0 + depth_of();
    TT_UNROLL
    for (int j = 0; j < kLoadsA; ++j) load_a[j] = Stored(0);
    TT_UNROLL
    for (int j = 0; j < kLoadsB; ++j) load_b[j] = Stored(0);
    if (k < end) {
      const auto depth = problem.depth_a(group, k);
      TT_UNROLL
      for (int j = 0; j < kLoadsA; ++j) {
        const int64_t row = first_row + row_of(j);
        if (row < problem.rows()) load_a[j] = static_cast<Stored>(problem.load_a(group, row, depth));
      }
    }
    if constexpr (Problem::kDepthFirst) {
      if (k >= end) return;
      const auto depth = problem.depth_b(group, k);
      TT_UNROLL
      for (int j = 0; j < kLoadsB; ++j)
        load_b[j] = static_cast<Stored>(problem.load_b(columns[j % kColumns], depth));
    } else {
      TT_UNROLL
      for (int j = 0; j < kLoadsB; ++j) {
        const int64_t at = k0 + b_depth(j);
        if (at < end) {
          load_b[j] = static_cast<Stored>(problem.load_b(columns[0], problem.depth_b(group, at)));
        }
      }
    }
  }

  // convert: what is done to an element on its way.
  template <typename Convert>
  TT_HOST_DEVICE void put(Shared& shared, Convert&& convert) const {
    TT_UNROLL
    for (int j = 0; j < kLoadsA; ++j) {
      shared.a[depth_of() / kTogether][row_of(j)].at[depth_of() % kTogether] = convert(load_a[j]);
    }
    TT_UNROLL
    for (int j = 0; j < kLoadsB; ++j) {
      shared.b[b_depth(j) / kTogether][b_col(j)].at[b_depth(j) % kTogether] = convert(load_b[j]);
    }
  }

  // A result at a place in the tile. partial: (splits, groups, rows, cols); null: it is stored.
  TT_HOST_DEVICE void store(const GemmTiles& tiles, A* partial, int tile_row, int tile_col, A value) const {
    const int64_t row = first_row + tile_row, col = first_col + tile_col;
    if (row >= problem.rows() || col >= problem.cols(group)) return;
    if (partial == nullptr) {
      problem.store(group, row, col, value);
    } else {
      partial[((place.split * tiles.groups + place.group) * problem.rows() + row) * problem.cols() + col] =
          value;
    }
  }
};

// By multiply-additions: every thread kEachRows x 4 results.
template <typename Problem, int kTileRows_>
struct ConvGemm {
  using A = typename Problem::A;
  using Tile = ConvTile<Problem, kTileRows_, 4, A>;
  using Cells = Quad<typename Tile::Cell>;
  using Shared = typename Tile::Shared;
  static constexpr int kThreads = Tile::kThreads;
  static constexpr int kBlocksResident = sizeof(A) == 8 ? 1 : 2;
  static constexpr int kPiece = Tile::kPiece, kTileRows = kTileRows_, kTileCols = Tile::kTileCols;
  static constexpr int kThreadCols = 32;
  static constexpr int kEachRows = kTileRows / (kThreads / kThreadCols), kEachCols = 4;
  static_assert(kEachRows % 4 == 0 && kThreadCols * kEachCols == kTileCols);

  Problem problem;
  GemmTiles tiles;
  A* partial;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    Tile tile(problem, tiles, block);
    A sums[kEachRows][kEachCols] = {};
    const int my_row = tile.thread / kThreadCols * kEachRows, my_col = tile.thread % kThreadCols * kEachCols;
    if (tile.begin < tile.end) tile.load(tile.begin);
    for (int64_t k0 = tile.begin; k0 < tile.end; k0 += kPiece) {
      tile.put(shared, [](A x) { return x; });
      block.sync();
      if (k0 + kPiece < tile.end) tile.load(k0 + kPiece);
      TT_UNROLL
      for (int k = 0; k < kPiece; ++k) {
        Cells a[kEachRows / 4];
        TT_UNROLL
        for (int i = 0; i < kEachRows / 4; ++i) {
          a[i] = *reinterpret_cast<const Cells*>(&shared.a[k][my_row + 4 * i]);
        }
        const Cells b = *reinterpret_cast<const Cells*>(&shared.b[k][my_col]);
        TT_UNROLL
        for (int i = 0; i < kEachRows; ++i) {
          TT_UNROLL
          for (int j = 0; j < kEachCols; ++j)
            sums[i][j] = multiply_add(a[i / 4].at[i % 4].at[0], b.at[j].at[0], sums[i][j]);
        }
      }
      block.sync();
    }
    TT_UNROLL
    for (int i = 0; i < kEachRows; ++i) {
      TT_UNROLL
      for (int j = 0; j < kEachCols; ++j) tile.store(tiles, partial, my_row + i, my_col + j, sums[i][j]);
    }
  }
};

// By tensor cores, float32 rounded to TF32, half types as they are: every warp 32 rows of the tile.
template <typename Problem, int kTileRows_>
struct ConvMma {
  using T = typename Problem::Element;
  using A = float;
  using Tile = ConvTile<Problem, kTileRows_, 8, T>;
  // A cell of shared memory, as the instructions want it.
  using Register = std::conditional_t<std::is_same_v<T, float>, float, uint32_t>;
  using Shared = typename Tile::Shared;
  static constexpr int kThreads = Tile::kThreads;
  static constexpr int kBlocksResident = 2;
  static constexpr int kPiece = Tile::kPiece, kTileRows = kTileRows_, kTileCols = Tile::kTileCols;
  static constexpr int kWarpsDown = kTileRows / 32, kWarpsAcross = kThreads / 32 / kWarpsDown;
  static constexpr int kWarpCols = kTileCols / kWarpsAcross;
  static constexpr int kDown = 2, kAcross = kWarpCols / 8;  // 16 x 8 results each

  Problem problem;
  GemmTiles tiles;
  float* partial;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    Tile tile(problem, tiles, block);
    const int warp = tile.thread / 32, group = tile.thread % 32 / 4, lane = tile.thread % 4;
    const int warp_row = warp / kWarpsAcross * 32, warp_col = warp % kWarpsAcross * kWarpCols;
    float sums[kDown][kAcross][4] = {};
    if (tile.begin < tile.end) tile.load(tile.begin);
    for (int64_t k0 = tile.begin; k0 < tile.end; k0 += kPiece) {
      tile.put(shared, [](T x) {
        if constexpr (std::is_same_v<T, float>) {
          return round_tf32(x);
        } else {
          return x;
        }
      });
      block.sync();
      if (k0 + kPiece < tile.end) tile.load(k0 + kPiece);
      TT_UNROLL
      for (int k = 0; k < Tile::kCells; k += 8) {
        Register a[kDown][4], b[kAcross][2];
        TT_UNROLL
        for (int i = 0; i < kDown; ++i) {
          const int row = warp_row + 16 * i + group;
          a[i][0] = std::bit_cast<Register>(shared.a[k + lane][row]);
          a[i][1] = std::bit_cast<Register>(shared.a[k + lane][row + 8]);
          a[i][2] = std::bit_cast<Register>(shared.a[k + lane + 4][row]);
          a[i][3] = std::bit_cast<Register>(shared.a[k + lane + 4][row + 8]);
        }
        TT_UNROLL
        for (int j = 0; j < kAcross; ++j) {
          const int col = warp_col + 8 * j + group;
          b[j][0] = std::bit_cast<Register>(shared.b[k + lane][col]);
          b[j][1] = std::bit_cast<Register>(shared.b[k + lane + 4][col]);
        }
        TT_UNROLL
        for (int i = 0; i < kDown; ++i) {
          TT_UNROLL
          for (int j = 0; j < kAcross; ++j) {
            if constexpr (std::is_same_v<T, float>) {
              block.mma_tf32(sums[i][j], a[i], b[j]);
            } else {
              block.template mma_half<T>(sums[i][j], a[i], b[j]);
            }
          }
        }
      }
      block.sync();
    }
    TT_UNROLL
    for (int i = 0; i < kDown; ++i) {
      TT_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        TT_UNROLL
        for (int e = 0; e < 4; ++e) {
          tile.store(tiles, partial, warp_row + 16 * i + group + e / 2 * 8,
                     warp_col + 8 * j + 2 * lane + e % 2, sums[i][j][e]);
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
      const int64_t at = i / each, rest = i - at * each, row = rest / problem.cols();
      const int64_t col = rest - row * problem.cols();
      const auto group = problem.group(at);
      if (col >= problem.cols(group)) continue;
      A sum = 0;
      for (int64_t s = 0; s < tiles.splits; ++s) sum += partial[s * n + i];
      problem.store(group, row, col, sum);
    }
  }
};

template <typename Body, typename Launcher, typename Problem>
void conv_gemm_by(const Launcher& launcher, const char* name, const Problem& problem) {
  const GemmTiles tiles = tiles_of(problem, Body::kTileRows, Body::kTileCols, Body::kPiece);
  const int64_t results = tiles.groups * problem.rows() * problem.cols();
  auto memory = launcher.template buffer<typename Problem::A>(tiles.splits > 1 ? tiles.splits * results : 0);
  auto* partial = tiles.splits > 1 ? memory.data() : nullptr;
  launcher.launch(name, Body{problem, tiles, partial}, tiles.blocks());
  if (tiles.splits > 1) {
    launcher.launch(name, ConvGemmFinish<Problem>{problem, tiles, partial}, stride_blocks(results, 256));
  }
}

// By tiles of 64 rows, or 32 where there are no more. tf32: float32 may be rounded to it.
template <typename Launcher, typename Problem>
void conv_gemm(const Launcher& launcher, const char* name, const Problem& problem, bool tf32) {
  using T = typename Problem::Element;
  const bool narrow = problem.rows() <= 32;
  if constexpr (!std::is_same_v<T, double>) {
    if (launcher.tensor_cores() && (tf32 || !std::is_same_v<T, float>)) {
      if (narrow) return conv_gemm_by<ConvMma<Problem, 32>>(launcher, name, problem);
      return conv_gemm_by<ConvMma<Problem, 64>>(launcher, name, problem);
    }
  }
  if (narrow) return conv_gemm_by<ConvGemm<Problem, 32>>(launcher, name, problem);
  conv_gemm_by<ConvGemm<Problem, 64>>(launcher, name, problem);
}

}  // namespace tt::cuda
