// A linear layer's backward. Of few rows it is one launch, whose blocks have a tile each of the input's or
// the weight's gradient. Else the products are cuBLAS's, and here is what they need beside: ReLU's gradient
// and the sums of its columns, the bias's gradient, in one pass. A block has 32 columns side by side, and all
// of their rows where they are not too many; else a slice, by the shape alone, and the slices' sums are added
// up in order by a second launch.
#pragma once

#include "device/gemm.h"
#include "cuda/runtime/relu_math.h"

namespace tt::cuda {

// Tiles of 32 x 32 results, 4 a thread, over the depth in pieces of 32. First those of the input's gradient,
// grad (rows, out) * weight (out, in), then those of the weight's, grad^T (out, rows) * input (rows, in).
template <typename T>
struct LinearBackward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  static constexpr int kTile = 32;
  static constexpr int kRows = kThreads / kTile;  // that threads stand in
  static constexpr int kEach = kTile / kRows;
  using A = Compute<T>;
  struct Shared {
    A a[kTile][kTile + 1];  // by depth, then row
    A b[kTile][kTile];      // by depth, then column
  };

  call::LinearBackward args;
  int64_t tiles_rows, tiles_in, tiles_out;

  explicit LinearBackward(const call::LinearBackward& g)
      : args(g),
        tiles_rows(g.grad_input != nullptr ? ceil_div(g.rows, kTile) : 0),
        tiles_in(ceil_div(g.in, kTile)),
        tiles_out(g.grad_weight != nullptr ? ceil_div(g.out, kTile) : 0) {}
  int64_t blocks() const { return (tiles_rows + tiles_out) * tiles_in; }

  // A thread's share of a piece, from memory.
  struct Piece {
    A a[kEach], b[kEach];
  };

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const int column = block.thread() % kTile, row = block.thread() / kTile;
    const int64_t tile = block.index() / tiles_in, n = block.index() % tiles_in * kTile + column;
    const bool of_weight = tile >= tiles_rows;
    const int64_t m0 = (of_weight ? tile - tiles_rows : tile) * kTile;
    const int64_t depth = of_weight ? args.rows : args.out, height = of_weight ? args.out : args.rows;
    const T* right = static_cast<const T*>(of_weight ? args.input : args.weight);
    // By the first warp of the blocks with the weight's first columns.
    const bool of_bias = of_weight && args.grad_bias != nullptr && block.index() % tiles_in == 0 && row == 0;
    A sums[kEach] = {}, sum = 0;
    Piece piece = load(of_weight, m0, 0, row, column, n, depth, height, right);
    for (int64_t k0 = 0; k0 < depth; k0 += kTile) {
      TT_UNROLL
      for (int i = 0; i < kEach; ++i) {
        const int r = row + i * kRows;
        shared.a[of_weight ? r : column][of_weight ? column : r] = piece.a[i];
        shared.b[r][column] = piece.b[i];
      }
      block.sync();
      // While this piece is multiplied the next one comes.
      if (k0 + kTile < depth) piece = load(of_weight, m0, k0 + kTile, row, column, n, depth, height, right);
      TT_UNROLL
      for (int k = 0; k < kTile; ++k) {
        const A y = shared.b[k][column];
        TT_UNROLL
        for (int i = 0; i < kEach; ++i) {
          sums[i] = multiply_add(shared.a[k][row + i * kRows], y, sums[i]);
        }
        if (of_bias) sum += shared.a[k][column];
      }
      block.sync();
    }
    T* out = static_cast<T*>(of_weight ? args.grad_weight : args.grad_input);
    for (int i = 0; i < kEach; ++i) {
      const int64_t m = m0 + row + i * kRows;
      if (m < height && n < args.in) out[m * args.in + n] = static_cast<T>(sums[i]);
    }
    if (of_bias && m0 + column < args.out) {
      static_cast<T*>(args.grad_bias)[m0 + column] = static_cast<T>(sum);
    }
  }

 private:
  // Neighbouring threads read along memory, whichever way the matrix lies.
  TT_HOST_DEVICE Piece load(bool of_weight, int64_t m0, int64_t k0, int row, int column, int64_t n,
                            int64_t depth, int64_t height, const T* right) const {
    Piece piece;
    TT_UNROLL
    for (int i = 0; i < kEach; ++i) {
      const int64_t r = row + i * kRows;
      const int64_t m = m0 + (of_weight ? column : r), k = k0 + (of_weight ? r : column);
      const int64_t at = of_weight ? k * args.out + m : m * args.out + k;
      piece.a[i] = m < height && k < depth
                       ? masked(static_cast<const T*>(args.grad), static_cast<const T*>(args.result), at)
                       : A(0);
      const int64_t below = k0 + r;
      piece.b[i] = below < depth && n < args.in ? static_cast<A>(right[below * args.in + n]) : A(0);
    }
    return piece;
  }
};

// With more terms or results cuBLAS's pace counts for more than launches.
inline bool small_linear_backward(const call::LinearBackward& args) {
  constexpr int64_t kMostTerms = 256, kMostTiles = 1024;
  const bool input = args.grad_input != nullptr, weight = args.grad_weight != nullptr;
  if (args.grad_bias != nullptr && !weight) return false;
  if ((weight && args.rows > kMostTerms) || (input && args.out > kMostTerms)) return false;
  const int64_t tiles = (input ? ceil_div(args.rows, 32) : 0) + (weight ? ceil_div(args.out, 32) : 0);
  return tiles * ceil_div(args.in, 32) <= kMostTiles;
}

template <typename Launcher>
void linear_backward(const Launcher& launcher, const call::LinearBackward& args) {
  visit_floating(args.dtype, "a linear layer's gradient", [&]<typename T>() {
    const LinearBackward<T> body(args);
    launcher.launch("linear_backward", body, body.blocks());
  });
}

struct ColumnPlan {
  static constexpr int kThreads = 256;
  static constexpr int kWidth = 32;
  static constexpr int kLanes = kThreads / kWidth;  // threads of a column
  int64_t rows, columns, tiles, slice, slices;

  ColumnPlan(int64_t rows_, int64_t columns_)
      : rows(rows_),
        columns(columns_),
        tiles(ceil_div(columns, kWidth)),
        // What a block does in about the time of another launch.
        slice(rows <= 1024 ? rows : 512),
        slices(ceil_div(rows, slice)) {}
};

template <typename T>
struct MaskedColumnSums {
  static constexpr int kThreads = ColumnPlan::kThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  struct Shared {
    A sums[kThreads];
  };

  ColumnPlan plan;
  const T* grad;
  const T* result;  // null: there was no ReLU
  T* out;           // may be null
  T* sums;          // may be null
  A* partial;       // (slices, columns); null: the block has whole columns

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const int thread = block.thread();
    const int64_t column = block.index() % plan.tiles * ColumnPlan::kWidth + thread % ColumnPlan::kWidth;
    const int64_t slice = block.index() / plan.tiles, begin = slice * plan.slice;
    const int64_t end = begin + plan.slice < plan.rows ? begin + plan.slice : plan.rows;
    const bool mine = column < plan.columns;
    A sum = 0;
    int64_t row = begin + thread / ColumnPlan::kWidth;
    constexpr int kAhead = 4;  // loads that are under way together
    constexpr int kStep = ColumnPlan::kLanes;
    for (; mine && row + (kAhead - 1) * kStep < end; row += kAhead * kStep) {
      A values[kAhead];
      TT_UNROLL
      for (int i = 0; i < kAhead; ++i) {
        values[i] = masked(grad, result, (row + i * kStep) * plan.columns + column);
      }
      TT_UNROLL
      for (int i = 0; i < kAhead; ++i) {
        if (out != nullptr) out[(row + i * kStep) * plan.columns + column] = static_cast<T>(values[i]);
        sum += values[i];
      }
    }
    for (; mine && row < end; row += kStep) {
      const A value = masked(grad, result, row * plan.columns + column);
      if (out != nullptr) out[row * plan.columns + column] = static_cast<T>(value);
      sum += value;
    }
    shared.sums[thread] = sum;
    block.sync();
    for (int half = kThreads / 2; half >= ColumnPlan::kWidth; half /= 2) {
      if (thread < half) shared.sums[thread] += shared.sums[thread + half];
      block.sync();
    }
    if (thread >= ColumnPlan::kWidth || !mine) return;
    if (partial != nullptr) {
      partial[slice * plan.columns + column] = shared.sums[thread];
    } else if (sums != nullptr) {
      sums[column] = static_cast<T>(shared.sums[thread]);
    }
  }
};

// Adds up the slices, a thread for each column.
template <typename T>
struct ColumnSumsMerge {
  static constexpr int kThreads = 64;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  ColumnPlan plan;
  const A* partial;
  T* sums;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t column = block.index() * kThreads + block.thread();
    if (column >= plan.columns) return;
    double sum = 0;
    for (int64_t s = 0; s < plan.slices; ++s) sum += static_cast<double>(partial[s * plan.columns + column]);
    sums[column] = static_cast<T>(static_cast<A>(sum));
  }
};

// masked (rows, out; null: not wanted): the gradient behind the ReLU. And the bias's gradient, if it is
// wanted.
template <typename Launcher>
void masked_column_sums(const Launcher& launcher, const call::LinearBackward& args, void* masked_grad) {
  visit_floating(args.dtype, "a linear layer's gradient", [&]<typename T>() {
    using A = Compute<T>;
    const ColumnPlan plan(args.rows, args.out);
    T* sums = static_cast<T*>(args.grad_bias);
    const bool whole = plan.slices == 1 || sums == nullptr;
    auto memory = launcher.template buffer<A>(whole ? 0 : plan.slices * args.out);
    A* partial = whole ? nullptr : memory.data();
    launcher.launch(
        "linear_backward",
        MaskedColumnSums<T>{plan, static_cast<const T*>(args.grad), static_cast<const T*>(args.result),
                            static_cast<T*>(masked_grad), sums, partial},
        plan.tiles * plan.slices);
    if (whole) return;
    launcher.launch("linear_backward", ColumnSumsMerge<T>{plan, partial, sums}, ceil_div(args.out, 64));
  });
}

}  // namespace tt::cuda
