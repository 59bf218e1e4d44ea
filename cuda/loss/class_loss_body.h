// nll_loss and cross_entropy: a team of threads for each position, over its classes. What is computed is
// src/cpu/class_loss.cpp's. A target that is no class makes a fault; its loss is NaN and its gradient zero.
#pragma once

#include "device/loss.h"
#include "cuda/loss/element_loss_body.h"
#include "cuda/softmax/softmax_body.h"

namespace tt::cuda {

// The arguments with the element type T of input, weights and probabilities; arithmetic is in A.
template <typename T>
struct ClassProblem {
  using A = Compute<T>;
  Rows rows;  // a row for each position
  const T* input;
  const T* weight;         // may be null
  const T* probabilities;  // null: targets are indices
  const void* target;
  bool bytes;  // targets are uint8, else int64
  bool log_input, mean, sum;
  A smoothing;
  int64_t ignore_index;
  FaultRecord* fault;

  explicit ClassProblem(const ClassLossArgs& a, FaultRecord* fault_)
      : rows{a.batch * a.inner, a.classes, a.inner},
        input(static_cast<const T*>(a.input)),
        weight(static_cast<const T*>(a.weight)),
        probabilities(a.target_dtype == a.dtype ? static_cast<const T*>(a.target) : nullptr),
        target(a.target),
        bytes(a.target_dtype == DType::kUInt8),
        log_input(a.log_input),
        mean(a.mean),
        sum(a.sum),
        smoothing(static_cast<A>(a.label_smoothing)),
        ignore_index(a.ignore_index),
        fault(fault_) {}

  TT_HOST_DEVICE A weight_of(int64_t c) const { return weight != nullptr ? static_cast<A>(weight[c]) : A(1); }
  TT_HOST_DEVICE int64_t target_of(int64_t position) const {
    return bytes ? static_cast<const uint8_t*>(target)[position]
                 : static_cast<const int64_t*>(target)[position];
  }
  TT_HOST_DEVICE A uniform() const { return smoothing / static_cast<A>(rows.dim); }
  // Of class c with probability targets, smoothed and weighted; `at` is the element.
  TT_HOST_DEVICE A share(int64_t at, int64_t c) const {
    return (static_cast<A>(probabilities[at]) * (A(1) - smoothing) + uniform()) * weight_of(c);
  }
};

// A position as its team sees it.
struct ClassPosition {
  int64_t row;
  int64_t start;   // its first class
  int64_t n;       // classes; 0 for a team without a position
  int64_t target;  // -1: it does not count
  bool wrong;      // a target that is no class

  template <typename T>
  TT_HOST_DEVICE ClassPosition(const ClassProblem<T>& problem, int64_t row_)
      : row(row_), target(-1), wrong(false) {
    const bool mine = row < problem.rows.count;
    n = mine ? problem.rows.dim : 0;
    start = mine ? problem.rows.start(row) : 0;
    if (!mine || problem.probabilities != nullptr) return;
    const int64_t t = problem.target_of(row);
    if (t == problem.ignore_index) return;
    wrong = t < 0 || t >= problem.rows.dim;
    if (wrong) {
      raise(problem.fault, FaultKind::kTarget, t);
    } else {
      target = t;
    }
  }
};

template <typename A>
struct ClassShared {
  A slots[8];
  double sums[8];
};

// The input's gradient, by all blocks. grad: of the loss; null: 1.
template <typename T, bool kWhole, typename Block>
TT_HOST_DEVICE inline void class_gradient(Block& block, const Team<256, kWhole>& team,
                                          const ClassProblem<T>& problem, const T* grad,
                                          const Compute<T>* normalizer, Compute<T> total_weight,
                                          Compute<T>* slots, T* out) {
  using A = Compute<T>;
  const Rows& rows = problem.rows;
  const bool soft = problem.probabilities != nullptr;
  for (int64_t first = block.index() * team.teams(); first < rows.count;
       first += block.blocks() * team.teams()) {
    const ClassPosition position(problem, first + team.index());
    // What all classes weigh together.
    A shares = 0;
    if (!problem.log_input && (soft || problem.smoothing != A(0))) {
      for (int64_t c = team.lane(); c < position.n; c += team.lanes()) {
        shares += soft ? problem.share(position.start + c * rows.inner, c) : problem.weight_of(c);
      }
      shares = team.reduce(block, shares, slots, Plus());
    }
    if (position.row >= rows.count) continue;
    const bool counts = soft || position.target >= 0;
    A scale = 0, factor = 0, top = 0, log_sum = 0, own = 0;
    if (counts) {
      scale = grad == nullptr               ? A(1)
              : problem.mean || problem.sum ? static_cast<A>(*grad)
                                            : static_cast<A>(grad[position.row]);
      if (problem.mean) scale /= total_weight;
      if (!soft) {
        own = (A(1) - problem.smoothing) * problem.weight_of(position.target);
        shares = problem.smoothing != A(0) ? own + problem.uniform() * shares : own;
      }
      if (!problem.log_input) {
        factor = shares * scale;
        top = normalizer[position.row];
        log_sum = normalizer[rows.count + position.row];
      }
    }
    for (int64_t c = team.lane(); c < position.n; c += team.lanes()) {
      const int64_t at = position.start + c * rows.inner;
      // Exactly zero where it does not count, also where the input is not finite.
      A result = 0;
      if (counts) {
        if (!problem.log_input) result = factor * std::exp(static_cast<A>(problem.input[at]) - top - log_sum);
        if (soft) {
          result -= scale * problem.share(at, c);
        } else {
          if (c == position.target) result -= scale * own;
          if (problem.smoothing != A(0)) result -= scale * problem.uniform() * problem.weight_of(c);
        }
      }
      out[at] = static_cast<T>(result);
    }
  }
}

template <typename T, bool kWhole>
struct ClassLossForward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  using A = Compute<T>;
  using Shared = ClassShared<A>;

  ClassProblem<T> problem;
  int lanes;
  T* loss;        // one for each position, or the reduced one
  A* normalizer;  // (2, positions); null with log_input
  A* total_weight;
  double* partial;  // (blocks, 2): sums of losses and weights; null: the block is alone
  T* gradient;      // the input's, for a loss's gradient of 1, where the block is alone; or null

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const Team<kThreads, kWhole> team(block, lanes);
    const Rows& rows = problem.rows;
    double sum = 0, weights = 0;  // of the team's first lane
    for (int64_t first = block.index() * team.teams(); first < rows.count;
         first += block.blocks() * team.teams()) {
      const ClassPosition position(problem, first + team.index());
      A top = 0, log_sum = 0;
      if (!problem.log_input) {
        top = -std::numeric_limits<A>::infinity();
        for (int64_t c = team.lane(); c < position.n; c += team.lanes())
          top = Larger()(top, value(position, c));
        top = team.reduce(block, top, shared.slots, Larger());
        A exps = 0;
        for (int64_t c = team.lane(); c < position.n; c += team.lanes())
          exps += std::exp(value(position, c) - top);
        log_sum = std::log(team.reduce(block, exps, shared.slots, Plus()));
      }
      // What every class adds: all of it with probabilities, for the smoothing with indices.
      A all = 0;
      if (problem.probabilities != nullptr || problem.smoothing != A(0)) {
        for (int64_t c = team.lane(); c < position.n; c += team.lanes()) {
          const A share = problem.probabilities != nullptr ? problem.share(position.start + c * rows.inner, c)
                                                           : problem.weight_of(c);
          all += share * (log_sum - (value(position, c) - top));
        }
        all = team.reduce(block, all, shared.slots, Plus());
      }
      if (team.lane() != 0 || position.row >= rows.count) continue;
      if (!problem.log_input) {
        normalizer[position.row] = top;
        normalizer[rows.count + position.row] = log_sum;
      }
      A result = 0;
      if (problem.probabilities != nullptr) {
        result = all;
      } else if (position.wrong) {
        result = std::numeric_limits<A>::quiet_NaN();
      } else if (position.target >= 0) {
        const A w = problem.weight_of(position.target);
        weights += static_cast<double>(w);
        result = w * (log_sum - (value(position, position.target) - top));
        if (problem.smoothing != A(0)) result = (A(1) - problem.smoothing) * result + problem.uniform() * all;
      }
      if (problem.mean || problem.sum) {
        sum += static_cast<double>(result);
      } else {
        loss[position.row] = static_cast<T>(result);
      }
    }
    sum = block_sum<kThreads>(block, sum, shared.sums);
    weights = block_sum<kThreads>(block, weights, shared.sums);
    if (gradient != nullptr) {
      // After block_sum everybody sees the normalizer.
      class_gradient(block, team, problem, static_cast<const T*>(nullptr), normalizer,
                     static_cast<A>(counted(problem, weights)), shared.slots, gradient);
    }
    if (block.thread() != 0) return;
    if (partial != nullptr) {
      partial[2 * block.index()] = sum;
      partial[2 * block.index() + 1] = weights;
    } else {
      finish(problem, sum, weights, loss, total_weight);
    }
  }

  TT_HOST_DEVICE A value(const ClassPosition& position, int64_t c) const {
    return static_cast<A>(problem.input[position.start + c * problem.rows.inner]);
  }
  // What mean divides by.
  TT_HOST_DEVICE static double counted(const ClassProblem<T>& problem, double weights) {
    if (problem.probabilities == nullptr) return weights;
    return problem.rows.dim > 0 ? static_cast<double>(problem.rows.count) : 0;
  }
  TT_HOST_DEVICE static void finish(const ClassProblem<T>& problem, double sum, double weights, T* loss,
                                    A* total_weight) {
    weights = counted(problem, weights);
    *total_weight = static_cast<A>(weights);
    if (problem.mean) *loss = static_cast<T>(static_cast<A>(sum / weights));
    if (problem.sum) *loss = static_cast<T>(static_cast<A>(sum));
  }
};

// Adds up what the blocks have left, by one block.
template <typename T>
struct ClassLossFinish {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 1;
  using A = Compute<T>;
  using Shared = SumShared;

  ClassProblem<T> problem;
  const double* partial;
  int64_t blocks;
  T* loss;
  A* total_weight;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    double* slots = block.template shared<Shared>().slots;
    double sum = 0, weights = 0;
    for (int64_t i = block.thread(); i < blocks; i += kThreads) {
      sum += partial[2 * i];
      weights += partial[2 * i + 1];
    }
    sum = block_sum<kThreads>(block, sum, slots);
    weights = block_sum<kThreads>(block, weights, slots);
    if (block.thread() == 0) ClassLossForward<T, false>::finish(problem, sum, weights, loss, total_weight);
  }
};

template <typename T, bool kWhole>
struct ClassLossBackward {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 3;
  using A = Compute<T>;
  using Shared = ClassShared<A>;

  ClassProblem<T> problem;
  int lanes;
  const T* grad;
  const A* normalizer;
  const A* total_weight;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const Team<kThreads, kWhole> team(block, lanes);
    class_gradient(block, team, problem, grad, normalizer, *total_weight,
                   block.template shared<Shared>().slots, out);
  }
};

// What the negated log-probability of every class weighs; a thread for each element.
template <typename T>
struct ClassWeights {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  ClassProblem<T> problem;
  int64_t n;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const Rows& rows = problem.rows;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t c = i / rows.inner % rows.dim;
      A value = 0;
      if (problem.probabilities != nullptr) {
        value = problem.share(i, c);
      } else {
        const ClassPosition position(problem, i / rows.inner / rows.dim * rows.inner + i % rows.inner);
        if (position.target >= 0) {
          const A own = c == position.target ? A(1) - problem.smoothing : A(0);
          value = (own + problem.uniform()) * problem.weight_of(c);
        }
      }
      out[i] = static_cast<T>(value);
    }
  }
};

// Positions whose teams make a block, and blocks by the shape alone, so that sums do not depend on the
// device.
inline int64_t class_blocks(int64_t positions, int64_t teams) {
  const int64_t blocks = ceil_div(positions, teams);
  // What one block does quickly needs no second launch.
  if (blocks <= 1 || (teams > 1 && blocks <= 8)) return 1;
  return blocks < 1024 ? blocks : 1024;
}

// As many blocks as the loss is summed by.
inline int64_t class_blocks(const TeamPlan& plan, int64_t positions) {
  return class_blocks(positions, plan.whole_block ? 1 : 256 / plan.lanes);
}

// Where one block has the whole loss, it knows what the gradient is divided by.
inline bool class_loss_gives_gradient(const ClassLossArgs& args) {
  const int64_t positions = args.batch * args.inner;
  return (args.mean || args.sum) &&
         class_blocks(team_plan(positions, args.classes, args.inner), positions) == 1;
}

template <typename Launcher>
void class_loss(const Launcher& launcher, const ClassLossArgs& args, void* loss, void* normalizer,
                void* total_weight, void* gradient) {
  visit_floating(args.dtype, "the loss", [&]<typename T>() {
    using A = Compute<T>;
    const ClassProblem<T> problem(args, launcher.fault());
    const TeamPlan plan = team_plan(problem.rows.count, args.classes, args.inner);
    const int64_t blocks = class_blocks(plan, problem.rows.count);
    auto partial = launcher.template buffer<double>(blocks > 1 ? 2 * blocks : 0);
    double* sums = blocks > 1 ? partial.data() : nullptr;
    const auto run = [&]<bool kWhole>(std::bool_constant<kWhole>) {
      launcher.launch(
          "class_loss",
          ClassLossForward<T, kWhole>{problem, plan.lanes, static_cast<T*>(loss), static_cast<A*>(normalizer),
                                      static_cast<A*>(total_weight), sums, static_cast<T*>(gradient)},
          blocks);
    };
    if (plan.whole_block) {
      run(std::true_type());
    } else {
      run(std::false_type());
    }
    if (blocks > 1) {
      launcher.launch(
          "class_loss",
          ClassLossFinish<T>{problem, sums, blocks, static_cast<T*>(loss), static_cast<A*>(total_weight)}, 1);
    }
  });
}

template <typename Launcher>
void class_loss_backward(const Launcher& launcher, const ClassLossArgs& args, const void* grad,
                         const void* normalizer, const void* total_weight, void* grad_input) {
  visit_floating(args.dtype, "the loss", [&]<typename T>() {
    using A = Compute<T>;
    const ClassProblem<T> problem(args, launcher.fault());
    launch_rows(launcher, "class_loss_backward", problem.rows,
                [&]<bool kWhole>(const Rows&, int lanes, std::bool_constant<kWhole>) {
                  return ClassLossBackward<T, kWhole>{problem,
                                                      lanes,
                                                      static_cast<const T*>(grad),
                                                      static_cast<const A*>(normalizer),
                                                      static_cast<const A*>(total_weight),
                                                      static_cast<T*>(grad_input)};
                });
  });
}

template <typename Launcher>
void class_weights(const Launcher& launcher, const ClassLossArgs& args, void* out) {
  visit_floating(args.dtype, "the loss", [&]<typename T>() {
    const ClassProblem<T> problem(args, launcher.fault());
    const int64_t n = args.batch * args.classes * args.inner;
    launcher.launch("class_weights", ClassWeights<T>{problem, n, static_cast<T*>(out)},
                    stride_blocks(n, 1024));
  });
}

}  // namespace tt::cuda
