// Softmax and log-softmax along one dimension of (outer, dim, inner): a team of threads for each row.
#pragma once

#include "device/softmax.h"
#include "cuda/runtime/block.h"

namespace tt::cuda {

template <int kThreads, typename A>
struct RowShared {
  A slots[kThreads / 32];
};

// Where the rows lie: row r's elements start at start(r) and are `inner` apart.
struct Rows {
  int64_t count, dim, inner;
  TT_HOST_DEVICE int64_t start(int64_t row) const {
    return inner == 1 ? row * dim : row / inner * dim * inner + row % inner;
  }
};

// A NaN makes the sum NaN, and so the whole row, whatever the maximum; a maximum of -inf (all of them are) or
// inf does so by inf - inf.
template <typename T, bool kWhole>
struct SoftmaxForward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = RowShared<kThreads, A>;

  Rows rows;
  int lanes;
  bool log;
  const T* in;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    A* slots = block.template shared<Shared>().slots;
    const Team<kThreads, kWhole> team(block, lanes);
    const int step = team.lanes();
    for (int64_t first = block.index() * team.teams(); first < rows.count;
         first += block.blocks() * team.teams()) {
      const int64_t row = first + team.index();
      // A team without a row goes along, for the shuffles.
      const bool mine = row < rows.count;
      const int64_t n = mine ? rows.dim : 0;
      const int64_t start = mine ? rows.start(row) : 0;
      const T* x = in + start;
      A top = -std::numeric_limits<A>::infinity();
      for (int64_t i = team.lane(); i < n; i += step) {
        top = Larger()(top, static_cast<A>(x[i * rows.inner]));
      }
      top = team.reduce(block, top, slots, Larger());
      A sum = 0;
      for (int64_t i = team.lane(); i < n; i += step) {
        sum += std::exp(static_cast<A>(x[i * rows.inner]) - top);
      }
      sum = team.reduce(block, sum, slots, Plus());
      T* to = out + start;
      if (log) {
        const A shift = std::log(sum);
        for (int64_t i = team.lane(); i < n; i += step) {
          to[i * rows.inner] = static_cast<T>(static_cast<A>(x[i * rows.inner]) - top - shift);
        }
      } else {
        const A scale = A(1) / sum;
        for (int64_t i = team.lane(); i < n; i += step) {
          to[i * rows.inner] = static_cast<T>(std::exp(static_cast<A>(x[i * rows.inner]) - top) * scale);
        }
      }
    }
  }
};

// softmax: y * (g - sum(g * y)); log-softmax: g - exp(y) * sum(g).
template <typename T, bool kWhole>
struct SoftmaxBackward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = RowShared<kThreads, A>;

  Rows rows;
  int lanes;
  bool log;
  const T* grad;
  const T* y;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    A* slots = block.template shared<Shared>().slots;
    const Team<kThreads, kWhole> team(block, lanes);
    for (int64_t first = block.index() * team.teams(); first < rows.count;
         first += block.blocks() * team.teams()) {
      const int64_t row = first + team.index();
      const bool mine = row < rows.count;
      const int64_t n = mine ? rows.dim : 0;
      const int64_t start = mine ? rows.start(row) : 0;
      A sum = 0;
      for (int64_t i = team.lane(); i < n; i += team.lanes()) {
        const int64_t at = start + i * rows.inner;
        const A g = static_cast<A>(grad[at]);
        sum = log ? sum + g : multiply_add(g, static_cast<A>(y[at]), sum);
      }
      sum = team.reduce(block, sum, slots, Plus());
      for (int64_t i = team.lane(); i < n; i += team.lanes()) {
        const int64_t at = start + i * rows.inner;
        const A g = static_cast<A>(grad[at]), value = static_cast<A>(y[at]);
        out[at] = static_cast<T>(log ? multiply_add(-std::exp(value), sum, g) : value * (g - sum));
      }
    }
  }
};

// make(rows, lanes, whole) gives the body; `whole` is a std::bool_constant.
template <typename Launcher, typename Make>
void launch_rows(const Launcher& launcher, const char* name, const Rows& rows, Make&& make) {
  const TeamPlan plan = team_plan(rows.count, rows.dim, rows.inner);
  if (plan.whole_block) {
    launcher.launch(name, make(rows, 0, std::true_type()), stride_blocks(rows.count, 1));
  } else {
    const auto body = make(rows, plan.lanes, std::false_type());
    launcher.launch(name, body, stride_blocks(rows.count, body.kThreads / plan.lanes));
  }
}

template <typename Launcher>
void softmax_forward(const Launcher& launcher, const SoftmaxShape& args, const void* input, void* output) {
  visit_floating(args.dtype, "softmax", [&]<typename T>() {
    launch_rows(launcher, "softmax", {args.outer * args.inner, args.dim, args.inner},
                [&]<bool kWhole>(const Rows& rows, int lanes, std::bool_constant<kWhole>) {
                  return SoftmaxForward<T, kWhole>{rows, lanes, args.log, static_cast<const T*>(input),
                                                   static_cast<T*>(output)};
                });
  });
}

template <typename Launcher>
void softmax_backward(const Launcher& launcher, const SoftmaxShape& args, const void* grad,
                      const void* output, void* grad_input) {
  visit_floating(args.dtype, "softmax", [&]<typename T>() {
    launch_rows(launcher, "softmax_backward", {args.outer * args.inner, args.dim, args.inner},
                [&]<bool kWhole>(const Rows& rows, int lanes, std::bool_constant<kWhole>) {
                  return SoftmaxBackward<T, kWhole>{rows,
                                                    lanes,
                                                    args.log,
                                                    static_cast<const T*>(grad),
                                                    static_cast<const T*>(output),
                                                    static_cast<T*>(grad_input)};
                });
  });
}

}  // namespace tt::cuda
