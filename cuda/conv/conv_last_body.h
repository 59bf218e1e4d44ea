// The matrix products of conv_last_math.h, on tensor cores. Pieces of the operands of 64 bytes along the
// depth are copied to shared memory two ahead of the one that is worked on. A warp has 32 rows of the tile.
#pragma once

#include "cuda/conv/conv_gemm_body.h"
#include "cuda/conv/conv_last_math.h"

namespace tt::cuda {

// What of a tile is whose.
template <typename T, int kTileRows_>
struct LastTile {
  static constexpr int kTileRows = kTileRows_, kTileCols = 128;
  static constexpr int kWarpsDown = kTileRows / 32, kWarpsAcross = kTileRows == 32 ? 4 : 2;
  static constexpr int kThreads = 32 * kWarpsDown * kWarpsAcross;
  static constexpr int kBlocksResident = 512 / kThreads;
  static constexpr int kWarpCols = kTileCols / kWarpsAcross;
  static constexpr int kDown = 2, kAcross = kWarpCols / 8;  // 16 x 8 results each
  static constexpr int kEach = kVectorOf<T>;                // elements of a chunk
  static constexpr int kPiece = 64 / static_cast<int>(sizeof(T));

  int lane, first_row, first_col;  // of the warp, in the tile

  TT_HOST_DEVICE explicit LastTile(int thread)
      : lane(thread % 32),
        first_row(thread / 32 / kWarpsAcross * 32),
        first_col(thread / 32 % kWarpsAcross * kWarpCols) {}

  template <typename Block>
  TT_HOST_DEVICE static void multiply(Block& block, float (&sums)[kDown][kAcross][4],
                                      const uint32_t (&a)[kDown][4], const uint32_t (&b)[kAcross][2]) {
    TT_UNROLL
    for (int i = 0; i < kDown; ++i) {
      TT_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        if constexpr (std::is_same_v<T, float>) {
          const float x[4] = {std::bit_cast<float>(a[i][0]), std::bit_cast<float>(a[i][1]),
                              std::bit_cast<float>(a[i][2]), std::bit_cast<float>(a[i][3])};
          const float y[2] = {std::bit_cast<float>(b[j][0]), std::bit_cast<float>(b[j][1])};
          block.mma_tf32(sums[i][j], x, y);
        } else {
          block.template mma_half<T>(sums[i][j], a[i], b[j]);
        }
      }
    }
  }
  // fn(row, col, value) of the warp's results, in the tile.
  template <typename F>
  TT_HOST_DEVICE void for_each(const float (&sums)[kDown][kAcross][4], F&& fn) const {
    TT_UNROLL
    for (int i = 0; i < kDown; ++i) {
      TT_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        TT_UNROLL
        for (int e = 0; e < 4; ++e) {
          fn(first_row + 16 * i + lane / 4 + e / 2 * 8, first_col + 8 * j + lane % 4 * 2 + e % 2,
             sums[i][j][e]);
        }
      }
    }
  }
};

// Forward and data gradient.
template <typename T, int kTileRows_>
struct LastGemm {
  using Problem = LastProblem<T>;
  using Tile = LastTile<T, kTileRows_>;
  static constexpr int kThreads = Tile::kThreads, kBlocksResident = Tile::kBlocksResident;
  static constexpr int kPiece = Tile::kPiece, kTileRows = kTileRows_, kTileCols = Tile::kTileCols;
  static constexpr int kStages = 3, kChunks = 4;  // of a row or column in a piece
  static constexpr int kRowsAtOnce = kThreads / kChunks;
  static constexpr int kCopiesA = kTileRows / kRowsAtOnce, kCopiesB = kTileCols / kRowsAtOnce;
  // Of 16 rows of a warp's results, on their way to memory; the room behind a row spreads them over the
  // banks.
  static constexpr int kStagedCols = Tile::kWarpCols + 8;
  struct Stage {
    Chunk<T> a[kTileRows * kChunks];
    Chunk<T> b[kTileCols * kChunks];
  };
  union Shared {
    Stage stages[kStages];
    alignas(16) T results[kThreads / 32][16 * kStagedCols];
  };

  Problem problem;
  GemmTiles tiles;
  float* partial;

  // Eight rows at one chunk lie in different banks, and so do two rows' chunks.
  TT_HOST_DEVICE static int at(int row, int chunk) { return row * kChunks + (chunk ^ (row / 2 % 4)); }

  // What a thread copies: the same chunk of a piece, of several rows and columns.
  struct Copier {
    const Problem& problem;
    const typename Problem::Group& group;
    const int row, chunk;
    int32_t first_row;
    int32_t end;  // of the depth, in chunks
    int32_t image[kCopiesB], y[kCopiesB], x[kCopiesB];

    TT_HOST_DEVICE Copier(const Problem& problem_, const typename Problem::Group& group_, int thread,
                          int64_t first_row_, int64_t first_col, int64_t end_)
        : problem(problem_),
          group(group_),
          row(thread / kChunks),
          chunk(thread % kChunks),
          first_row(static_cast<int32_t>(first_row_)),
          end(static_cast<int32_t>(end_ / Tile::kEach)) {
      TT_UNROLL
      for (int j = 0; j < kCopiesB; ++j) {
        const int64_t col = first_col + row + j * kRowsAtOnce;
        image[j] = 0;
        y[j] = x[j] = kFarOutside;
        if (col >= problem.cols(group)) continue;
        const auto i = static_cast<uint32_t>(col), which = group.area(i),
                   rest = i - which * group.area.divisor, line = group.line(rest);
        image[j] = static_cast<int32_t>(which) * problem.axes[0].size * problem.axes[1].size * problem.chunks;
        y[j] = group.y.base + static_cast<int32_t>(line) * problem.axes[0].pixel_step;
        x[j] = group.x.base +
               static_cast<int32_t>(rest - line * group.line.divisor) * problem.axes[1].pixel_step;
      }
    }

    // The piece that begins at chunk k0 of the depth.
    template <typename Block>
    TT_HOST_DEVICE void copy(Block& block, Stage& stage, int32_t k0) const {
      const auto k = static_cast<uint32_t>(k0 + chunk), tap = problem.by_chunks(k);
      const int32_t rest = static_cast<int32_t>(k - tap * problem.by_chunks.divisor);
      const bool inside = static_cast<int32_t>(k) < end;
      const auto tap_row = static_cast<int32_t>(group.width(tap)),
                 tap_col = static_cast<int32_t>(tap) - tap_row * static_cast<int32_t>(group.width.divisor);
      const int32_t of_kernel =
          (group.y.first_tap + tap_row * problem.axes[0].weight_step) * problem.kernel_width +
          group.x.first_tap + tap_col * problem.axes[1].weight_step;
      TT_UNROLL
      for (int j = 0; j < kCopiesA; ++j) {
        const int32_t i = first_row + row + j * kRowsAtOnce;
        const bool mine = inside && i < problem.channels;
        const int64_t from = (int64_t{i} * problem.window + of_kernel) * problem.chunks + rest;
        block.copy_16(&stage.a[at(row + j * kRowsAtOnce, chunk)], problem.weight + (mine ? from : 0), mine);
      }
      const int32_t tap_y = tap_row * problem.axes[0].tap_step, tap_x = tap_col * problem.axes[1].tap_step;
      const auto height = static_cast<uint32_t>(problem.axes[0].size),
                 width = static_cast<uint32_t>(problem.axes[1].size);
      TT_UNROLL
      for (int j = 0; j < kCopiesB; ++j) {
        const auto in_y = static_cast<uint32_t>(y[j] + tap_y), in_x = static_cast<uint32_t>(x[j] + tap_x);
        const bool mine = inside && in_y < height && in_x < width;
        // Unsigned: outside the image it may be anything.
        const uint32_t from = static_cast<uint32_t>(image[j] + rest) +
                              (in_y * width + in_x) * static_cast<uint32_t>(problem.chunks);
        block.copy_16(&stage.b[at(row + j * kRowsAtOnce, chunk)], problem.image + (mine ? from : 0), mine);
      }
    }
  };

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const GemmPlace place(tiles, block.index());
    const typename Problem::Group group = problem.group(place.group);
    const int64_t first_row = place.row * kTileRows, first_col = place.col * kTileCols;
    if (first_col >= problem.cols(group)) return;  // a phase with fewer pixels
    const int64_t begin = place.split * tiles.split_depth, depth = problem.depth(group);
    const int64_t end = begin + tiles.split_depth < depth ? begin + tiles.split_depth : depth;
    const int32_t pieces = begin < end ? static_cast<int32_t>((end - begin + kPiece - 1) / kPiece) : 0;
    const auto first_chunk = static_cast<int32_t>(begin / Tile::kEach);
    const Tile tile(block.thread());
    const Copier copier(problem, group, block.thread(), first_row, first_col, end);
    TT_UNROLL
    for (int i = 0; i < kStages - 1; ++i) {
      if (i < pieces) copier.copy(block, shared.stages[i], first_chunk + i * kChunks);
      block.end_copies();
    }
    float sums[Tile::kDown][Tile::kAcross][4] = {};
    int now = 0, next = kStages - 1;
    for (int32_t piece = 0; piece < pieces; ++piece) {
      block.template wait_copies<kStages - 2>();
      // The piece is there, and nobody works on the one before it any more.
      block.sync();
      if (piece + kStages - 1 < pieces) {
        copier.copy(block, shared.stages[next], first_chunk + (piece + kStages - 1) * kChunks);
      }
      block.end_copies();
      const Stage& stage = shared.stages[now];
      TT_UNROLL
      for (int k = 0; k < kChunks; k += 2) {
        uint32_t a[Tile::kDown][4], b[Tile::kAcross][2];
        TT_UNROLL
        for (int i = 0; i < Tile::kDown; ++i) {
          const int row = tile.first_row + 16 * i + tile.lane % 16;
          block.template load_matrices<false>(a[i], &stage.a[at(row, k + tile.lane / 16)]);
        }
        TT_UNROLL
        for (int j = 0; j < Tile::kAcross; j += 2) {
          const int col = tile.first_col + 8 * j + tile.lane / 16 * 8 + tile.lane % 8;
          uint32_t words[4];
          block.template load_matrices<false>(words, &stage.b[at(col, k + tile.lane / 8 % 2)]);
          b[j][0] = words[0], b[j][1] = words[1], b[j + 1][0] = words[2], b[j + 1][1] = words[3];
        }
        Tile::multiply(block, sums, a, b);
      }
      now = now + 1 < kStages ? now + 1 : 0;
      next = next + 1 < kStages ? next + 1 : 0;
    }
    block.template wait_copies<0>();
    if (partial != nullptr) {
      tile.for_each(sums, [&](int tile_row, int tile_col, float value) {
        const int64_t row = first_row + tile_row, col = first_col + tile_col;
        if (row >= problem.rows() || col >= problem.cols(group)) return;
        partial[((place.split * tiles.groups + place.group) * problem.rows() + row) * problem.cols() + col] =
            value;
      });
      return;
    }
    store(block, shared, tile, group, first_row, first_col, sums);
  }

  // Through shared memory, 16 rows of each warp at a time, so that neighbouring threads write neighbours.
  template <typename Block>
  TT_HOST_DEVICE void store(Block& block, Shared& shared, const Tile& tile,
                            const typename Problem::Group& group, int64_t first_row, int64_t first_col,
                            const float (&sums)[Tile::kDown][Tile::kAcross][4]) const {
    T* staged = shared.results[block.thread() / 32];
    const int64_t warp_col = first_col + tile.first_col, cols = problem.cols(group);
    TT_UNROLL
    for (int i = 0; i < Tile::kDown; ++i) {
      block.sync();
      const int64_t warp_row = first_row + tile.first_row + 16 * i;
      TT_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int row = tile.lane / 4 + 8 * half;
        const float bias = problem.bias_of(warp_row + row);
        TT_UNROLL
        for (int j = 0; j < Tile::kAcross; ++j) {
          const Vector<T, 2> two{{problem.finished(sums[i][j][2 * half] + bias),
                                  problem.finished(sums[i][j][2 * half + 1] + bias)}};
          *reinterpret_cast<Vector<T, 2>*>(&staged[row * kStagedCols + 8 * j + tile.lane % 4 * 2]) = two;
        }
      }
      block.sync();
      if (problem.dense) {
        constexpr int kAcross = Tile::kWarpCols / Tile::kEach, kRows = 32 / kAcross;
        const int chunk = tile.lane % kAcross * Tile::kEach;
        if (warp_col + chunk >= cols) continue;
        const auto to = problem.place(group, warp_col + chunk);
        TT_UNROLL
        for (int row = tile.lane / kAcross; row < 16; row += kRows) {
          if (warp_row + row >= problem.rows()) break;
          *reinterpret_cast<Chunk<T>*>(
              &problem.out[to.image + (warp_row + row) * problem.out_pixels + to.pixel]) =
              *reinterpret_cast<const Chunk<T>*>(&staged[row * kStagedCols + chunk]);
        }
      } else {
        for (int col = tile.lane; col < Tile::kWarpCols && warp_col + col < cols; col += 32) {
          const auto to = problem.place(group, warp_col + col);
          for (int row = 0; row < 16 && warp_row + row < problem.rows(); ++row) {
            problem.out[to.image + (warp_row + row) * problem.out_pixels + to.pixel] =
                staged[row * kStagedCols + col];
          }
        }
      }
    }
  }
};

// The weight gradient, whose depth is the pixels: in shared memory, as in memory, a pixel's channels lie
// together, and half types are transposed on their way to registers.
template <typename T, int kTileRows_>
struct LastWeightGemm {
  using Problem = LastWeightProblem<T>;
  using Tile = LastTile<T, kTileRows_>;
  static constexpr int kThreads = Tile::kThreads, kBlocksResident = Tile::kBlocksResident;
  static constexpr int kPiece = Tile::kPiece, kTileRows = kTileRows_, kTileCols = Tile::kTileCols;
  static constexpr int kStages = kTileRows == 128 ? 2 : 3;  // what fits
  // The room behind a pixel spreads pixels over the banks.
  static constexpr int kStepA = kTileRows + 8, kStepB = kTileCols + 8;
  static constexpr int kAcrossA = kTileRows / Tile::kEach, kAcrossB = kTileCols / Tile::kEach;
  static constexpr int kPixelsA = kThreads / kAcrossA, kPixelsB = kThreads / kAcrossB;  // copied at once
  struct Stage {
    alignas(16) T a[kPiece * kStepA];
    alignas(16) T b[kPiece * kStepB];
  };
  struct Shared {
    Stage stages[kStages];
  };

  Problem problem;
  GemmTiles tiles;
  float* partial;

  // What a thread copies: the same channels of several pixels.
  struct Copier {
    const Problem& problem;
    const int thread;
    int32_t end;
    int32_t row_chunk, col_chunk;  // below zero: there is none
    int32_t tap_y, tap_x;

    TT_HOST_DEVICE Copier(const Problem& problem_, int thread_, int64_t first_row, int64_t first_col,
                          int64_t end_)
        : problem(problem_), thread(thread_), end(static_cast<int32_t>(end_)) {
      row_chunk = static_cast<int32_t>(first_row / Tile::kEach) + thread % kAcrossA;
      if (row_chunk >= problem.row_chunks) row_chunk = -1;
      const auto col = static_cast<uint32_t>(first_col / Tile::kEach) + thread % kAcrossB,
                 tap = problem.by_chunks(col), row = problem.by_width(tap);
      col_chunk = static_cast<int32_t>(col - tap * problem.by_chunks.divisor);
      if (tap >= static_cast<uint32_t>(problem.window)) col_chunk = -1;
      tap_y = static_cast<int32_t>(row) * problem.dilation[0] - problem.padding[0];
      tap_x = static_cast<int32_t>(tap - row * problem.by_width.divisor) * problem.dilation[1] -
              problem.padding[1];
    }

    template <typename Block>
    TT_HOST_DEVICE void copy(Block& block, Stage& stage, int32_t k0) const {
      TT_UNROLL
      for (int j = 0; j < kPiece / kPixelsA; ++j) {
        const int in_piece = thread / kAcrossA + j * kPixelsA;
        const int32_t pixel = k0 + in_piece;
        const bool mine = pixel < end && row_chunk >= 0;
        block.copy_16(&stage.a[in_piece * kStepA + thread % kAcrossA * Tile::kEach],
                      problem.grad_output + (mine ? pixel * problem.row_chunks + row_chunk : 0), mine);
      }
      TT_UNROLL
      for (int j = 0; j < kPiece / kPixelsB; ++j) {
        const int in_piece = thread / kAcrossB + j * kPixelsB;
        const auto pixel = static_cast<uint32_t>(k0 + in_piece), image = problem.area(pixel),
                   rest = pixel - image * problem.area.divisor, line = problem.line(rest);
        const auto y = static_cast<uint32_t>(static_cast<int32_t>(line) * problem.stride[0] + tap_y),
                   x = static_cast<uint32_t>(
                       static_cast<int32_t>(rest - line * problem.line.divisor) * problem.stride[1] + tap_x);
        const auto height = static_cast<uint32_t>(problem.size[0]),
                   width = static_cast<uint32_t>(problem.size[1]);
        const bool mine = static_cast<int32_t>(pixel) < end && col_chunk >= 0 && y < height && x < width;
        // Unsigned: outside the images it may be anything.
        const uint32_t from = ((image * height + y) * width + x) * static_cast<uint32_t>(problem.col_chunks) +
                              static_cast<uint32_t>(col_chunk);
        block.copy_16(&stage.b[in_piece * kStepB + thread % kAcrossB * Tile::kEach],
                      problem.input + (mine ? from : 0), mine);
      }
    }
  };

  // The registers for steps k.. of the depth.
  template <typename Block>
  TT_HOST_DEVICE static void load(Block& block, const Stage& stage, const Tile& tile, int k,
                                  uint32_t (&a)[Tile::kDown][4], uint32_t (&b)[Tile::kAcross][2]) {
    const int lane = tile.lane;
    if constexpr (std::is_same_v<T, float>) {
      const auto word = [](float x) { return std::bit_cast<uint32_t>(x); };
      const float* from_a = &stage.a[(k + lane % 4) * kStepA + tile.first_row + lane / 4];
      const float* from_b = &stage.b[(k + lane % 4) * kStepB + tile.first_col + lane / 4];
      TT_UNROLL
      for (int i = 0; i < Tile::kDown; ++i) {
        TT_UNROLL
        for (int e = 0; e < 4; ++e) a[i][e] = word(from_a[e / 2 * 4 * kStepA + 16 * i + e % 2 * 8]);
      }
      TT_UNROLL
      for (int j = 0; j < Tile::kAcross; ++j) {
        TT_UNROLL
        for (int e = 0; e < 2; ++e) b[j][e] = word(from_b[e * 4 * kStepB + 8 * j]);
      }
    } else {
      TT_UNROLL
      for (int i = 0; i < Tile::kDown; ++i) {
        const int pixel = k + lane % 8 + lane / 16 * 8, row = tile.first_row + 16 * i + lane / 8 % 2 * 8;
        block.template load_matrices<true>(a[i], &stage.a[pixel * kStepA + row]);
      }
      TT_UNROLL
      for (int j = 0; j < Tile::kAcross; j += 2) {
        const int pixel = k + lane % 16, col = tile.first_col + 8 * j + lane / 16 * 8;
        uint32_t words[4];
        block.template load_matrices<true>(words, &stage.b[pixel * kStepB + col]);
        b[j][0] = words[0], b[j][1] = words[1], b[j + 1][0] = words[2], b[j + 1][1] = words[3];
      }
    }
  }

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const GemmPlace place(tiles, block.index());
    const int64_t first_row = place.row * kTileRows, first_col = place.col * kTileCols;
    const int64_t begin = place.split * tiles.split_depth;
    const int64_t end =
        begin + tiles.split_depth < problem.depth() ? begin + tiles.split_depth : problem.depth();
    const int32_t pieces = begin < end ? static_cast<int32_t>((end - begin + kPiece - 1) / kPiece) : 0;
    const auto first = static_cast<int32_t>(begin);
    const Tile tile(block.thread());
    const Copier copier(problem, block.thread(), first_row, first_col, end);
    TT_UNROLL
    for (int i = 0; i < kStages - 1; ++i) {
      if (i < pieces) copier.copy(block, shared.stages[i], first + i * kPiece);
      block.end_copies();
    }
    float sums[Tile::kDown][Tile::kAcross][4] = {};
    int now = 0, next = kStages - 1;
    for (int32_t piece = 0; piece < pieces; ++piece) {
      block.template wait_copies<kStages - 2>();
      block.sync();
      if (piece + kStages - 1 < pieces) {
        copier.copy(block, shared.stages[next], first + (piece + kStages - 1) * kPiece);
      }
      block.end_copies();
      TT_UNROLL
      for (int k = 0; k < kPiece; k += kPiece / 2) {
        uint32_t a[Tile::kDown][4], b[Tile::kAcross][2];
        load(block, shared.stages[now], tile, k, a, b);
        Tile::multiply(block, sums, a, b);
      }
      now = now + 1 < kStages ? now + 1 : 0;
      next = next + 1 < kStages ? next + 1 : 0;
    }
    block.template wait_copies<0>();
    tile.for_each(sums, [&](int tile_row, int tile_col, float value) {
      const int64_t row = first_row + tile_row, col = first_col + tile_col;
      if (row >= problem.rows() || col >= problem.cols()) return;
      if (partial == nullptr) {
        problem.store(0, row, col, value);
      } else {
        partial[(place.split * problem.rows() + row) * problem.cols() + col] = value;
      }
    });
  }
};

}  // namespace tt::cuda
