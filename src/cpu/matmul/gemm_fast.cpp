// Matrix products of any size from blocks: which operands are packed, who is left and who is right, how the
// threads share the result.
#include "cpu/matmul/gemm_fast.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "cpu/matmul/gemm.h"
#include "cpu/matmul/gemm_loops.h"
#include "cpu/runtime/round.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

namespace {

// Multiplications that are worth another thread.
constexpr int64_t kThreadGrain = 128 * 1024;
// Terms of a block: c is read and written only once in so many, and a panel of b of so many rows, an eighth
// of a second cache of 1 MB, is there when the next tile wants it.
constexpr int64_t kBlockTerms = 1024;
// Rows of a packed block of a: 84 x 1024 floats are a third of the second cache. Whole tiles of 14 rows and
// of 6.
constexpr int64_t kBlockRows = 84;
constexpr int64_t kBlockCols = 1024;

template <typename T>
struct Product {
  int64_t m, n, k;
  bool a_transposed, b_transposed, c_transposed;
  const T* a;
  int64_t lda;
  const T* b;
  int64_t ldb;
  T* c;
  int64_t ldc;
  T alpha, beta;
  const T* bias;
  bool relu;

  // The same product as b^T a^T.
  void swap_sides() {
    std::swap(m, n);
    std::swap(a, b);
    std::swap(lda, ldb);
    std::swap(a_transposed, b_transposed);
    a_transposed = !a_transposed;
    b_transposed = !b_transposed;
    c_transposed = !c_transposed;
  }
};

// How a product is computed.
struct Plan {
  bool dots = false, pack_a = false, pack_b = false;
  int64_t row_parts = 1, col_parts = 1;  // of the result, each a thread's
  int64_t rows = 0, cols = 0;            // of a part, but for the last
  int64_t block_k = 0, block_rows = 0, block_cols = 0;
  int64_t a_scratch = 0, b_scratch = 0;  // elements, of each part
  int64_t parts() const { return row_parts * col_parts; }
  int64_t scratch() const { return a_scratch + b_scratch; }
};

// `parts` equal parts of n, in whole units.
int64_t part_size(int64_t n, int64_t parts, int64_t unit) { return round_up(ceil_div(n, parts), unit); }

// Brings the product into the form whose operands need the least packing.
template <typename T>
bool choose_sides(const GemmLoops<T>& loops, Product<T>& p) {
  // A dense vector is a row as well as a column.
  if (p.n == 1 && !p.b_transposed && p.ldb == 1) p.b_transposed = true, p.ldb = p.k;
  if (p.m == 1 && p.a_transposed && p.lda == 1) p.a_transposed = false, p.lda = p.k;
  const int64_t panel = 2 * loops.lanes;
  if (!p.a_transposed && p.b_transposed) {
    // Both lie along k. Dot products waste no lanes, but each ends with a sum over the lanes, about as dear
    // as ten more vectors.
    if (std::min(p.m, p.n) * (p.k + 10 * loops.lanes) < loops.lanes * p.k) return true;
    // One side must be transposed while it is packed: the smaller, if the other can then stay where it is.
    if (p.m < p.n && p.m <= 2 * panel) p.swap_sides();
  } else if (p.a_transposed && !p.b_transposed && p.n < loops.lanes && p.m > p.n) {
    p.swap_sides();
  }
  return false;
}

template <typename T>
Plan make_plan(const GemmLoops<T>& loops, const Product<T>& p, bool dots, int64_t threads) {
  const int64_t panel = 2 * loops.lanes;
  Plan plan;
  plan.dots = dots;
  plan.pack_a = !dots && p.n > 2 * panel;
  plan.pack_b = !dots && (p.b_transposed || p.m > 4 * loops.rows);
  const int64_t row_unit = dots ? 4 : 2, col_unit = dots ? 4 : loops.lanes;
  // The split that costs a thread least, in vector operations a term: its products, what it reads and packs,
  // and what it writes if that is not in one piece, since whoever takes the result next will split it into
  // pieces.
  double least = 0;
  for (int64_t row_parts = 1; row_parts <= threads; ++row_parts) {
    const int64_t rows = part_size(p.m, row_parts, row_unit);
    const int64_t cols = part_size(p.n, threads / row_parts, col_unit);
    const double elements =
        static_cast<double>(std::min(rows, p.m)) * static_cast<double>(std::min(cols, p.n));
    double cost = elements / static_cast<double>(loops.lanes) + 0.5 * static_cast<double>(rows + cols);
    if (plan.pack_a) cost += 0.6 * static_cast<double>(rows);
    if (plan.pack_b) cost += 0.6 * static_cast<double>(cols);
    if (p.c_transposed ? rows < p.m : cols < p.n) cost += 0.5 * elements / static_cast<double>(p.k);
    if (row_parts == 1 || cost < least) {
      least = cost;
      plan.rows = rows;
      plan.cols = cols;
    }
  }
  plan.row_parts = ceil_div(p.m, plan.rows);
  plan.col_parts = ceil_div(p.n, plan.cols);
  if (dots) return plan;

  plan.block_k = ceil_div(p.k, ceil_div(p.k, kBlockTerms));
  plan.block_rows = plan.pack_a ? std::min(plan.rows, kBlockRows / loops.rows * loops.rows) : plan.rows;
  plan.block_cols = plan.pack_b ? std::min(plan.cols, kBlockCols) : plan.cols;
  if (plan.pack_a) plan.a_scratch = round_up(plan.block_rows * plan.block_k, 64);
  if (plan.pack_b) plan.b_scratch = round_up(plan.block_cols * plan.block_k, 64);
  return plan;
}

// While the block is still in the caches.
template <typename T>
void relu_block(const GemmBlock<T>& block) {
  if (block.c_transposed) {
    relu_rows(block.c, block.c_step, block.cols, block.rows);
  } else {
    relu_rows(block.c, block.c_step, block.rows, block.cols);
  }
}

template <typename T>
void run_part(const GemmLoops<T>& loops, const Product<T>& p, const Plan& plan, int64_t part, T* scratch) {
  const int64_t row = part / plan.col_parts * plan.rows, col = part % plan.col_parts * plan.cols;
  const int64_t row_end = std::min(row + plan.rows, p.m), col_end = std::min(col + plan.cols, p.n);
  GemmBlock<T> block;
  block.c_transposed = p.c_transposed;
  block.c_step = p.ldc;
  block.alpha = p.alpha;
  const auto at = [&](int64_t i, int64_t j) {
    block.c = p.c + (p.c_transposed ? j * p.ldc + i : i * p.ldc + j);
    block.bias = p.bias != nullptr ? p.bias + (p.c_transposed ? i : j) : nullptr;
  };
  if (plan.dots) {
    block.rows = row_end - row;
    block.cols = col_end - col;
    block.k = p.k;
    block.a = p.a + row * p.lda;
    block.a_step = p.lda;
    block.b = p.b + col * p.ldb;
    block.b_step = p.ldb;
    block.beta = p.beta;
    at(row, col);
    loops.dots(block);
    if (p.relu) relu_block(block);
    return;
  }
  T* const a_scratch = scratch;
  T* const b_scratch = scratch + plan.a_scratch;
  block.a_layout = plan.pack_a      ? LeftLayout::kPacked
                   : p.a_transposed ? LeftLayout::kColumns
                                    : LeftLayout::kRows;
  block.a_step = p.lda;
  block.b_packed = plan.pack_b;
  block.b_step = p.ldb;
  for (int64_t term = 0; term < p.k; term += plan.block_k) {
    block.k = std::min(plan.block_k, p.k - term);
    block.beta = term == 0 ? p.beta : T(1);
    for (int64_t j = col; j < col_end; j += plan.block_cols) {
      block.cols = std::min(plan.block_cols, col_end - j);
      block.b = p.b + (p.b_transposed ? j * p.ldb + term : term * p.ldb + j);
      if (plan.pack_b) {
        loops.pack_right(block.b, p.ldb, p.b_transposed, block.k, block.cols, b_scratch);
        block.b = b_scratch;
      }
      for (int64_t i = row; i < row_end; i += plan.block_rows) {
        block.rows = std::min(plan.block_rows, row_end - i);
        block.a = p.a + (p.a_transposed ? term * p.lda + i : i * p.lda + term);
        if (plan.pack_a) {
          loops.pack_left(block.a, p.lda, p.a_transposed, block.rows, block.k, a_scratch);
          block.a = a_scratch;
        }
        at(i, j);
        if (term != 0) block.bias = nullptr;
        loops.multiply(block);
        if (p.relu && term + block.k == p.k) relu_block(block);
      }
    }
  }
}

template <typename T>
Product<T> product_of(const call::Gemm& g, int64_t i) {
  return {g.m,
          g.n,
          g.k,
          g.transpose_a,
          g.transpose_b,
          false,
          static_cast<const T*>(g.a) + i * g.stride_a,
          g.lda,
          static_cast<const T*>(g.b) + i * g.stride_b,
          g.ldb,
          static_cast<T*>(g.c) + i * g.stride_c,
          g.ldc,
          static_cast<T>(g.alpha),
          static_cast<T>(g.beta),
          static_cast<const T*>(g.bias),
          g.epilogue.is_relu()};
}

}  // namespace

template <typename T>
bool gemm_fast(const call::Gemm& g) {
  const GemmLoops<T>* loops = gemm_loops<T>();
  if (loops == nullptr) return false;
  const int64_t products = g.m * g.n * g.k;
  const auto worth = [](int64_t count) {
    return count < 2 * kThreadGrain ? 1 : std::min<int64_t>(count / kThreadGrain, num_threads());
  };
  // Many small products: a thread takes several. Else the threads share each.
  const int64_t inside =
      g.batch > 1 && g.batch >= num_threads() && products < 64 * kThreadGrain ? 1 : worth(products);
  const int64_t beside = inside > 1 ? 1 : std::min(worth(products * g.batch), g.batch);

  Product<T> first = product_of<T>(g, 0);
  const bool dots = choose_sides(*loops, first);
  const Plan plan = make_plan(*loops, first, dots, inside);
  const Scratch<T> scratch =
      plan.scratch() > 0 ? Scratch<T>(plan.scratch() * plan.parts() * beside) : Scratch<T>();
  const auto run = [&](const Product<T>& p, T* memory) {
    parallel_for(plan.parts(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        run_part(*loops, p, plan, part, memory + part * plan.scratch());
      }
    });
  };
  if (g.batch == 1) {
    run(first, scratch.data());
    return true;
  }
  parallel_for(beside, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slot = begin; slot < end; ++slot) {
      T* memory = scratch.data() + slot * plan.scratch() * plan.parts();
      for (int64_t i = g.batch * slot / beside; i < g.batch * (slot + 1) / beside; ++i) {
        Product<T> p = product_of<T>(g, i);
        choose_sides(*loops, p);
        run(p, memory);
      }
    }
  });
  return true;
}

template bool gemm_fast<float>(const call::Gemm& args);
template bool gemm_fast<double>(const call::Gemm& args);

}  // namespace tt::cpu
