#include "cpu/runtime/kernels.h"
#include "device/reduce.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "device/backend.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cpu/pointwise/copy.h"
#include "cpu/reduce/fold.h"
#include "cpu/pointwise/inner_loop.h"

namespace tt::cpu {

namespace {

constexpr int64_t kTile = 512;       // columns folded at once: their accumulators stay in the first cache
constexpr int64_t kChunk = 65536;    // elements; long reductions are cut here whatever the number of threads
constexpr int64_t kRowBlock = 4096;  // rows folded one after another before sums of such blocks are added

// The loop's dimensions apart, each kind in order of growing input stride and merged where it runs on.
struct Geometry {
  int kept = 0, reduced = 0;
  int64_t kept_size[kMaxDims], kept_in[kMaxDims], kept_out[kMaxDims];
  int64_t reduced_size[kMaxDims], reduced_in[kMaxDims];
  int64_t results = 1, count = 1;  // products of the sizes

  explicit Geometry(const Loop& loop) {
    for (int d = 0; d < loop.ndim; ++d) {
      if (loop.sizes[d] == 1) continue;
      if (loop.strides[0][d] == 0) {
        add(reduced, reduced_size, reduced_in, nullptr, loop.sizes[d], loop.strides[1][d], 0);
        count *= loop.sizes[d];
      } else {
        add(kept, kept_size, kept_in, kept_out, loop.sizes[d], loop.strides[1][d], loop.strides[0][d]);
        results *= loop.sizes[d];
      }
    }
    merge(kept, kept_size, kept_in, kept_out);
    merge(reduced, reduced_size, reduced_in, nullptr);
  }

 private:
  static int64_t length(int64_t stride) { return stride < 0 ? -stride : stride; }
  static void add(int& n, int64_t* sizes, int64_t* in, int64_t* out, int64_t size, int64_t step,
                  int64_t out_step) {
    int at = n++;
    for (; at > 0 && length(in[at - 1]) > length(step); --at) {
      sizes[at] = sizes[at - 1];
      in[at] = in[at - 1];
      if (out != nullptr) out[at] = out[at - 1];
    }
    sizes[at] = size;
    in[at] = step;
    if (out != nullptr) out[at] = out_step;
  }
  static void merge(int& n, int64_t* sizes, int64_t* in, int64_t* out) {
    if (n == 0) {
      n = 1;
      sizes[0] = 1;
      in[0] = 0;
      if (out != nullptr) out[0] = 0;
      return;
    }
    int last = 0;
    for (int d = 1; d < n; ++d) {
      if (in[d] == in[last] * sizes[last] && (out == nullptr || out[d] == out[last] * sizes[last])) {
        sizes[last] *= sizes[d];
        continue;
      }
      ++last;
      sizes[last] = sizes[d];
      in[last] = in[d];
      if (out != nullptr) out[last] = out[d];
    }
    n = last + 1;
  }
};

// What turns accumulators into results.
struct FinishArgs {
  double count;
  double correction;
  double ord;
};
using Finish = void (*)(char* out, int64_t stride, const void* acc, int64_t n, const FinishArgs& args,
                        const double* center);

template <typename T, typename A>
T converted(A value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

enum class FinishKind : uint8_t { kStore, kMean, kSqrt, kRoot, kVar, kStd, kLogSumExp, kAny, kAll };

template <typename T, typename A, FinishKind kKind>
void finish(char* out, int64_t stride, const void* acc, int64_t n, const FinishArgs& args,
            [[maybe_unused]] const double* center) {
  for (int64_t i = 0; i < n; ++i) {
    const A a = static_cast<const A*>(acc)[i];
    T& result = *reinterpret_cast<T*>(out + i * stride);
    if constexpr (kKind == FinishKind::kStore) result = converted<T>(a);
    if constexpr (kKind == FinishKind::kMean) result = converted<T>(a / static_cast<A>(args.count));
    if constexpr (kKind == FinishKind::kSqrt) result = converted<T>(std::sqrt(a));
    if constexpr (kKind == FinishKind::kRoot) result = converted<T>(std::pow(a, 1 / args.ord));
    if constexpr (kKind == FinishKind::kVar || kKind == FinishKind::kStd) {
      const double variance = a / std::max(0.0, args.count - args.correction);
      result = converted<T>(kKind == FinishKind::kStd ? std::sqrt(variance) : variance);
    }
    if constexpr (kKind == FinishKind::kLogSumExp) {
      result = converted<T>(std::log(a) + (std::isinf(center[i]) ? 0 : center[i]));
    }
    if constexpr (kKind == FinishKind::kAny) result = a != 0;
    if constexpr (kKind == FinishKind::kAll) result = a == 0;
  }
}

template <typename T>
using Compute = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float,
                                   std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;

// How an op is done: one fold, or a second one around the center that the first found.
struct Plan {
  Fold first = Fold::kSum;
  Fold second = Fold::kFoldCount;
  bool center_is_ord = false;
  Finish finish = nullptr;
};

template <typename T>
Plan plan_norm(double ord) {
  using C = Compute<T>;
  using enum FinishKind;
  const Fold none = Fold::kFoldCount;
  if (ord == 2) return {Fold::kSquares, none, false, finish<T, C, kSqrt>};
  if (ord == 1) return {Fold::kAbsSum, none, false, finish<T, C, kStore>};
  if (ord == 0) return {Fold::kCount, none, false, finish<T, uint64_t, kStore>};
  if (ord == std::numeric_limits<double>::infinity())
    return {Fold::kAbsMax, none, false, finish<T, C, kStore>};
  if (ord == -std::numeric_limits<double>::infinity()) {
    return {Fold::kAbsMin, none, false, finish<T, C, kStore>};
  }
  return {Fold::kPowers, none, true, finish<T, double, kRoot>};
}

template <typename T>
Plan make_plan(ReduceOp op, double ord) {
  using C = Compute<T>;
  using W = std::conditional_t<std::is_integral_v<T>, uint64_t, C>;  // the accumulator of sums
  using S = std::conditional_t<std::is_integral_v<T>, int64_t, T>;   // and their result
  using M = std::conditional_t<
      sizeof(C) == 1, int8_t,
      std::conditional_t<sizeof(C) == 2, int16_t, std::conditional_t<sizeof(C) == 4, int32_t, int64_t>>>;
  using enum FinishKind;
  const Fold none = Fold::kFoldCount;
  switch (op) {
    case ReduceOp::sum:
      return {Fold::kSum, none, false, finish<S, W, kStore>};
    case ReduceOp::prod:
      return {Fold::kProd, none, false, finish<S, W, kStore>};
    case ReduceOp::amax:
      return {Fold::kMax, none, false, finish<T, C, kStore>};
    case ReduceOp::amin:
      return {Fold::kMin, none, false, finish<T, C, kStore>};
    case ReduceOp::any:
      return {Fold::kNonzero, none, false, finish<uint8_t, M, kAny>};
    case ReduceOp::all:
      return {Fold::kZero, none, false, finish<uint8_t, M, kAll>};
    case ReduceOp::count_nonzero:
      return {Fold::kCount, none, false, finish<int64_t, uint64_t, kStore>};
    default:
      break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (op == ReduceOp::nansum) return {Fold::kSum, none, false, finish<S, W, kStore>};
  } else {
    switch (op) {
      case ReduceOp::nansum:
        return {Fold::kNanSum, none, false, finish<T, C, kStore>};
      case ReduceOp::mean:
        return {Fold::kSum, none, false, finish<T, C, kMean>};
      case ReduceOp::norm:
        return plan_norm<T>(ord);
      case ReduceOp::var:
        return {Fold::kSumDouble, Fold::kDeviations, false, finish<T, double, kVar>};
      case ReduceOp::std:
        return {Fold::kSumDouble, Fold::kDeviations, false, finish<T, double, kStd>};
      case ReduceOp::logsumexp:
        return {Fold::kMax, Fold::kExps, false, finish<T, double, kLogSumExp>};
      default:
        break;
    }
  }
  fail(Status::kDtype, name(op), " is not implemented for ", DTypeOf<T>::value);
}

class Reduction {
 public:
  Reduction(const Loop& loop, const Plan& plan, const FinishArgs& args)
      : loop_(loop),
        geometry_(loop),
        plan_(plan),
        args_(args),
        first_(&fold_kernel(plan.first, loop.dtype[1])),
        second_(plan.second == Fold::kFoldCount ? nullptr : &fold_kernel(plan.second, loop.dtype[1])) {
    const auto bytes = static_cast<int64_t>(size_of(loop.dtype[1]));
    args_.count = static_cast<double>(geometry_.count);
    // Columns: neighbours in memory belong to different results.
    columns_ = geometry_.reduced_in[0] != bytes && geometry_.kept_in[0] == bytes && geometry_.count > 1;
  }

  void run() {
    const Geometry& g = geometry_;
    const int64_t width = columns_ ? g.kept_size[0] : 1;
    const int64_t longest = std::max<int64_t>(kChunk / width, 256);
    if (g.count >= 2 * longest && g.results < 16 * width && width <= 4 * kTile) {
      run_in_chunks(longest);
    } else if (columns_) {
      run_columns();
    } else {
      run_rows();
    }
  }

 private:
  // Addresses of the kept elements from index `at` on, dimension `from` moving fastest.
  struct Walk {
    const Geometry& g;
    int from;
    int64_t index[kMaxDims];
    const char* in;
    char* out;
    Walk(const Reduction& r, int first_dim, int64_t at)
        : g(r.geometry_), from(first_dim), in(r.loop_.data[1]), out(r.loop_.data[0]) {
      for (int d = from; d < g.kept; ++d) {
        index[d] = at % g.kept_size[d];
        at /= g.kept_size[d];
        in += index[d] * g.kept_in[d];
        out += index[d] * g.kept_out[d];
      }
    }
    void next() {
      for (int d = from; d < g.kept; ++d) {
        in += g.kept_in[d];
        out += g.kept_out[d];
        if (++index[d] < g.kept_size[d]) return;
        in -= g.kept_size[d] * g.kept_in[d];
        out -= g.kept_size[d] * g.kept_out[d];
        index[d] = 0;
      }
    }
  };

  // Folds elements [begin, end) of the reduced dimensions into acc: of one result, or of `cols` columns.
  void fold(const FoldKernel& kernel, const char* in, int64_t begin, int64_t end, int64_t cols, void* acc,
            const double* center) const {
    const Geometry& g = geometry_;
    int64_t index[kMaxDims];
    int64_t rest = begin;
    for (int d = 0; d < g.reduced; ++d) {
      index[d] = rest % g.reduced_size[d];
      rest /= g.reduced_size[d];
      in += index[d] * g.reduced_in[d];
    }
    int64_t left = end - begin;
    while (true) {
      const int64_t n = std::min(left, g.reduced_size[0] - index[0]);
      if (columns_) {
        fold_columns(kernel, in, n, cols, acc, center);
      } else {
        kernel.row(acc, in, g.reduced_in[0], n, center);
      }
      left -= n;
      if (left == 0) return;
      in -= index[0] * g.reduced_in[0];
      index[0] = 0;
      for (int d = 1; d < g.reduced; ++d) {
        in += g.reduced_in[d];
        if (++index[d] < g.reduced_size[d]) break;
        in -= g.reduced_size[d] * g.reduced_in[d];
        index[d] = 0;
      }
    }
  }

  void fold_columns(const FoldKernel& kernel, const char* in, int64_t rows, int64_t cols, void* acc,
                    const double* center) const {
    const int64_t step = geometry_.reduced_in[0];
    if (rows <= kRowBlock) {
      kernel.columns(acc, in, step, rows, cols, center);
      return;
    }
    alignas(64) char block[8 * kTile];
    for (int64_t row = 0; row < rows; row += kRowBlock) {
      kernel.init(block, cols);
      kernel.columns(block, in + row * step, step, std::min(kRowBlock, rows - row), cols, center);
      kernel.combine(acc, block, cols);
    }
  }

  // The centers of the second fold from the first one's accumulators.
  void find_centers(const void* acc, double* center, int64_t n) const {
    for (int64_t i = 0; i < n; ++i) {
      if (plan_.first == Fold::kSumDouble) {
        center[i] = static_cast<const double*>(acc)[i] / args_.count;
      } else if (first_->acc_bytes == 8) {
        center[i] = static_cast<const double*>(acc)[i];
      } else {
        center[i] = static_cast<const float*>(acc)[i];
      }
    }
  }

  // `n` results whose first input element is at `in`: one, or that many columns.
  void run_tile(const char* in, char* out, int64_t out_stride, int64_t n) const {
    alignas(64) char acc[8 * kTile];
    alignas(64) double center[kTile];
    if (plan_.center_is_ord) std::fill_n(center, n, args_.ord);
    first_->init(acc, n);
    fold(*first_, in, 0, geometry_.count, n, acc, center);
    if (second_ != nullptr) {
      find_centers(acc, center, n);
      second_->init(acc, n);
      fold(*second_, in, 0, geometry_.count, n, acc, center);
    }
    plan_.finish(out, out_stride, acc, n, args_, center);
  }

  void run_rows() const {
    const Geometry& g = geometry_;
    parallel_for(g.results, std::max<int64_t>(kParallelGrain / g.count, 1), [&](int64_t begin, int64_t end) {
      Walk walk(*this, 0, begin);
      for (int64_t i = begin; i < end; ++i, walk.next()) run_tile(walk.in, walk.out, 0, 1);
    });
  }

  void run_columns() const {
    const Geometry& g = geometry_;
    const int64_t width = g.kept_size[0];
    const int64_t share = (width + num_threads() - 1) / num_threads();
    const int64_t tile =
        width <= 128 ? width : std::min(kTile, std::max<int64_t>((share + 63) / 64 * 64, 64));
    const int64_t tiles = (width + tile - 1) / tile;
    parallel_for(tiles * (g.results / width), std::max<int64_t>(kParallelGrain / (g.count * tile), 1),
                 [&](int64_t begin, int64_t end) {
                   int64_t column = begin % tiles;
                   Walk walk(*this, 1, begin / tiles);
                   for (int64_t i = begin; i < end; ++i) {
                     const int64_t at = column * tile;
                     run_tile(walk.in + at * g.kept_in[0], walk.out + at * g.kept_out[0], g.kept_out[0],
                              std::min(tile, width - at));
                     if (++column == tiles) {
                       column = 0;
                       walk.next();
                     }
                   }
                 });
  }

  // Few results of many elements: the elements are cut into chunks of `longest`, whose folds are combined in
  // order. The cuts do not depend on the number of threads, so neither do the sums.
  void run_in_chunks(int64_t longest) const {
    const Geometry& g = geometry_;
    const int64_t width = columns_ ? g.kept_size[0] : 1;
    const int64_t tile = std::min(width, kTile);
    const int64_t tiles = (width + tile - 1) / tile;
    const int64_t chunks = (g.count + longest - 1) / longest;
    const auto bytes = static_cast<size_t>(chunks * tile * 8);
    struct Buffer {
      char* data;
      size_t size;
      explicit Buffer(size_t n) : data(static_cast<char*>(allocate_block(n))), size(n) {}
      ~Buffer() { free_block(data, size); }
    } partial(bytes);
    alignas(64) double center[kTile];
    Walk walk(*this, columns_ ? 1 : 0, 0);
    for (int64_t done = 0; done < g.results; done += width, walk.next()) {
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t at = t * tile;
        const int64_t n = std::min(tile, width - at);
        const char* in = walk.in + (columns_ ? at * g.kept_in[0] : 0);
        char* out = walk.out + (columns_ ? at * g.kept_out[0] : 0);
        if (plan_.center_is_ord) std::fill_n(center, n, args_.ord);
        fold_chunks(*first_, in, longest, n, partial.data, center);
        if (second_ != nullptr) {
          find_centers(partial.data, center, n);
          fold_chunks(*second_, in, longest, n, partial.data, center);
        }
        plan_.finish(out, columns_ ? g.kept_out[0] : 0, partial.data, n, args_, center);
      }
    }
  }

  void fold_chunks(const FoldKernel& kernel, const char* in, int64_t longest, int64_t n, char* partial,
                   const double* center) const {
    const int64_t chunks = (geometry_.count + longest - 1) / longest;
    const int64_t step = n * kernel.acc_bytes;
    parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        kernel.init(partial + c * step, n);
        fold(kernel, in, c * longest, std::min((c + 1) * longest, geometry_.count), n, partial + c * step,
             center);
      }
    });
    for (int64_t apart = 1; apart < chunks; apart *= 2) {
      for (int64_t c = 0; c + apart < chunks; c += 2 * apart) {
        kernel.combine(partial + c * step, partial + (c + apart) * step, n);
      }
    }
  }

  const Loop& loop_;
  Geometry geometry_;
  Plan plan_;
  FinishArgs args_;
  const FoldKernel* first_;
  const FoldKernel* second_;
  bool columns_;
};

void reduce(const call::Reduce& call) {
  const Plan plan =
      visit_dtype(call.loop.dtype[1], [&]<typename T>() { return make_plan<T>(call.op, call.params.ord); });
  Reduction(call.loop, plan, {0, call.params.correction, call.params.ord}).run();
}

void equal(const call::Equal& call) {
  bool same = true;
  const auto compare = [&]<typename T>() {
    for_each_row(call.loop, 0, call.loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      bool row = same;
      for (int64_t i = 0; i < n; ++i) {
        row &= *reinterpret_cast<const T*>(data[0] + i * strides[0]) ==
               *reinterpret_cast<const T*>(data[1] + i * strides[1]);
      }
      same = row;
    });
  };
  if (is_floating(call.loop.dtype[0])) {
    visit_dtype(call.loop.dtype[0], compare);
  } else {
    visit_size(call.loop.dtype[0], compare);
  }
  *call.equal.at = same;
}

void isclose(const call::IsClose& call) {
  visit_dtype(call.loop.dtype[1], [&]<typename T>() {
    parallel_for(call.loop.numel, kParallelGrain, [&](int64_t begin, int64_t end) {
      for_each_row(call.loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
        for (int64_t i = 0; i < n; ++i) {
          const T x = *reinterpret_cast<const T*>(data[1] + i * strides[1]);
          const T y = *reinterpret_cast<const T*>(data[2] + i * strides[2]);
          bool close = x == y;
          if (!close) {
            const auto a = static_cast<double>(x), b = static_cast<double>(y);
            const double error = std::fabs(a - b);
            const double allowed = call.atol + std::fabs(call.rtol * b);
            // Without any tolerance, int64 values that double cannot tell apart stay different.
            close = (allowed > 0 && std::isfinite(error) && error <= allowed) ||
                    (call.equal_nan && std::isnan(a) && std::isnan(b));
          }
          *reinterpret_cast<bool*>(data[0] + i * strides[0]) = close;
        }
      });
    });
  });
}

}  // namespace

void add_reduce(KernelTable& table) {
  table.add<call::Reduce>(reduce);
  table.add<call::Equal>(equal);
  table.add<call::IsClose>(isclose);
}

}  // namespace tt::cpu
