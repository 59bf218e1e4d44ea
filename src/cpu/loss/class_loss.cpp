// nll_loss and cross_entropy, forward and backward in one pass over the classes.
#include <algorithm>

#include "cpu/runtime/kernels.h"
#include "base/parallel.h"
#include "cpu/runtime/float_scratch.h"
#include "cpu/loss/loss.h"
#include "cpu/runtime/scratch.h"
#include "cpu/softmax/softmax.h"

namespace tt::cpu {

namespace {

constexpr int64_t kGrain = 8192;  // elements that are worth a thread

// The arguments with the element type of the arithmetic: half types come widened.
template <typename T>
struct Problem {
  const ClassLossArgs& args;
  const T* input;
  const T* weight;         // may be null
  const T* probabilities;  // of every class; unless the targets are indices
  bool has_probabilities;
  T smoothing;
  T weight_sum;  // of all classes

  Problem(const ClassLossArgs& a, const T* in, const T* w, const T* probs)
      : args(a),
        input(in),
        weight(w),
        probabilities(probs),
        has_probabilities(a.target_dtype == a.dtype),
        smoothing(static_cast<T>(a.label_smoothing)) {
    double sum = 0;
    for (int64_t c = 0; c < a.classes; ++c) sum += static_cast<double>(weight_of(c));
    weight_sum = static_cast<T>(sum);
  }

  T weight_of(int64_t c) const { return weight != nullptr ? weight[c] : T(1); }
  int64_t target(int64_t position) const {
    return args.target_dtype == DType::kUInt8 ? static_cast<const uint8_t*>(args.target)[position]
                                              : static_cast<const int64_t*>(args.target)[position];
  }
  bool ignored(int64_t position) const { return !has_probabilities && target(position) == args.ignore_index; }
  // Of the class at offset c of a position with probability targets, smoothed and weighted.
  T share(const T* probs, int64_t c) const {
    const T smoothed = probs[c * args.inner] * (T(1) - smoothing) + smoothing / static_cast<T>(args.classes);
    return smoothed * weight_of(c);
  }
  T uniform_share() const { return smoothing / static_cast<T>(args.classes); }
};

// fn(position, x): position in (batch, inner), x the address of its first class.
template <typename T, typename F>
void for_positions(const ClassLossArgs& args, T* input, int64_t begin, int64_t end, F&& fn) {
  for (int64_t p = begin; p < end; ++p) {
    fn(p, input + p / args.inner * args.classes * args.inner + p % args.inner);
  }
}

// The loss at one position, given the normalizer's parts (0 for log-probabilities); adds to `weights` what it
// counts.
template <typename T>
T position_loss(const Problem<T>& problem, int64_t position, const T* x, T top, T log_sum, double& weights) {
  const ClassLossArgs& args = problem.args;
  if (problem.has_probabilities) {
    const T* probs = problem.probabilities + (x - problem.input);
    double loss = 0;
    for (int64_t c = 0; c < args.classes; ++c) {
      loss += static_cast<double>(problem.share(probs, c) * (log_sum - (x[c * args.inner] - top)));
    }
    return static_cast<T>(loss);
  }
  const int64_t t = problem.target(position);
  if (t == args.ignore_index) return T(0);
  const T w = problem.weight_of(t);
  weights += static_cast<double>(w);
  T loss = w * (log_sum - (x[t * args.inner] - top));
  if (problem.smoothing != T(0)) {
    double all = 0;
    for (int64_t c = 0; c < args.classes; ++c) {
      all += static_cast<double>(problem.weight_of(c) * (log_sum - (x[c * args.inner] - top)));
    }
    loss = (T(1) - problem.smoothing) * loss + problem.uniform_share() * static_cast<T>(all);
  }
  return loss;
}

// Fills normalizer for positions [begin, end).
template <typename T>
void normalize(const ClassLossArgs& args, const T* input, T* normalizer, int64_t begin, int64_t end) {
  const SoftmaxTable<T>& table = softmax_table<T>();
  T* logs = normalizer + args.batch * args.inner;
  if (args.inner == 1) {
    return table.rows(SoftmaxMode::kNormalizer, input + begin * args.classes, normalizer + begin,
                      logs + begin, args.classes, end - begin);
  }
  while (begin < end) {
    const int64_t batch = begin / args.inner, column = begin % args.inner;
    const int64_t stop = std::min(args.inner, column + end - begin);
    table.columns(SoftmaxMode::kNormalizer, input + batch * args.classes * args.inner,
                  normalizer + batch * args.inner, logs + batch * args.inner, args.classes, args.inner,
                  column, stop);
    begin += stop - column;
  }
}

void check_targets(const ClassLossArgs& args) {
  if (args.target_dtype == args.dtype) return;
  const int64_t n = args.batch * args.inner;
  const auto check = [&](auto* targets) {
    for (int64_t i = 0; i < n; ++i) {
      const auto t = static_cast<int64_t>(targets[i]);
      TT_CHECK((t >= 0 && t < args.classes) || t == args.ignore_index, Status::kInvalidArgument, "Target ", t,
               " is out of bounds.");
    }
  };
  if (args.target_dtype == DType::kUInt8) {
    check(static_cast<const uint8_t*>(args.target));
  } else {
    check(static_cast<const int64_t*>(args.target));
  }
}

template <typename T>
void forward(const Problem<T>& problem, T* loss, T* normalizer, T* total_weight) {
  const ClassLossArgs& args = problem.args;
  const int64_t positions = args.batch * args.inner;
  const bool reduced = args.mean || args.sum;
  // One partial sum per range of fixed length: the result does not depend on the number of threads.
  const int64_t range = std::max<int64_t>(kGrain / std::max<int64_t>(args.classes, 1), 1);
  const int64_t ranges = std::max<int64_t>((positions + range - 1) / range, 1);
  double few[2] = {0, 0};
  const Scratch<double> many(ranges > 1 ? 2 * ranges : 1);
  double* partial = ranges > 1 ? many.data() : few;
  parallel_for(ranges, 1, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const int64_t begin = r * range, end = std::min(positions, (r + 1) * range);
      if (!args.log_input && begin < end) normalize(args, problem.input, normalizer, begin, end);
      double sum = 0, weights = 0;
      for_positions(args, problem.input, begin, end, [&](int64_t p, const T* x) {
        const T value = position_loss(problem, p, x, args.log_input ? T(0) : normalizer[p],
                                      args.log_input ? T(0) : normalizer[positions + p], weights);
        if (reduced) {
          sum += static_cast<double>(value);
        } else {
          loss[p] = value;
        }
      });
      partial[2 * r] = sum;
      partial[2 * r + 1] = weights;
    }
  });
  double sum = 0, weights = 0;
  for (int64_t r = 0; r < ranges; ++r) {
    sum += partial[2 * r];
    weights += partial[2 * r + 1];
  }
  if (problem.has_probabilities) weights = args.classes > 0 ? static_cast<double>(positions) : 0;
  *total_weight = static_cast<T>(weights);
  if (args.mean) *loss = static_cast<T>(sum / weights);
  if (args.sum) *loss = static_cast<T>(sum);
}

// What the loss's gradient at a position is multiplied with.
template <typename T>
T position_scale(const ClassLossArgs& args, const T* grad, T total_weight, int64_t position) {
  if (args.mean) return *grad / total_weight;
  return args.sum ? *grad : grad[position];
}

template <typename T>
void backward(const Problem<T>& problem, const T* grad, const T* normalizer, T total_weight, T* out) {
  const ClassLossArgs& args = problem.args;
  const int64_t positions = args.batch * args.inner;
  const int64_t grain = std::max<int64_t>(kGrain / std::max<int64_t>(args.classes, 1), 1);
  const Scratch<T> factors(args.log_input ? 1 : std::max<int64_t>(positions, 1));
  parallel_for(positions, grain, [&](int64_t begin, int64_t end) {
    if (args.log_input) {
      for_positions(args, out, begin, end, [&](int64_t, T* x) {
        for (int64_t c = 0; c < args.classes; ++c) x[c * args.inner] = T(0);
      });
    } else {
      // Probabilities first, times the gradient and what all the shares add up to.
      for_positions(args, problem.input, begin, end, [&](int64_t p, const T* x) {
        T shares = T(0);
        if (problem.has_probabilities) {
          const T* probs = problem.probabilities + (x - problem.input);
          for (int64_t c = 0; c < args.classes; ++c) shares += problem.share(probs, c);
        } else if (!problem.ignored(p)) {
          shares = (T(1) - problem.smoothing) * problem.weight_of(problem.target(p)) +
                   problem.uniform_share() * problem.weight_sum;
        }
        factors.data()[p] = problem.ignored(p) ? T(0) : shares * position_scale(args, grad, total_weight, p);
      });
      const SoftmaxTable<T>& table = softmax_table<T>();
      const T* logs = normalizer + positions;
      if (args.inner == 1) {
        table.rows_exp(problem.input + begin * args.classes, normalizer + begin, logs + begin,
                       factors.data() + begin, out + begin * args.classes, args.classes, end - begin);
      } else {
        for (int64_t at = begin; at < end;) {
          const int64_t batch = at / args.inner, column = at % args.inner;
          const int64_t stop = std::min(args.inner, column + end - at);
          const int64_t slab = batch * args.classes * args.inner;
          table.columns_exp(problem.input + slab, normalizer + batch * args.inner, logs + batch * args.inner,
                            factors.data() + batch * args.inner, out + slab, args.classes, args.inner, column,
                            stop);
          at += stop - column;
        }
      }
    }
    for_positions(args, out, begin, end, [&](int64_t p, T* x) {
      if (problem.ignored(p)) {
        // Exactly zero, also where the input is not finite.
        for (int64_t c = 0; c < args.classes; ++c) x[c * args.inner] = T(0);
        return;
      }
      const T scale = position_scale(args, grad, total_weight, p);
      if (problem.has_probabilities) {
        const T* probs = problem.probabilities + (x - out);
        for (int64_t c = 0; c < args.classes; ++c) x[c * args.inner] -= scale * problem.share(probs, c);
        return;
      }
      const int64_t t = problem.target(p);
      x[t * args.inner] -= scale * (T(1) - problem.smoothing) * problem.weight_of(t);
      if (problem.smoothing != T(0)) {
        const T uniform = scale * problem.uniform_share();
        for (int64_t c = 0; c < args.classes; ++c) x[c * args.inner] -= uniform * problem.weight_of(c);
      }
    });
  });
}

template <typename T>
void shares(const Problem<T>& problem, T* out) {
  const ClassLossArgs& args = problem.args;
  for_positions(args, out, 0, args.batch * args.inner, [&](int64_t p, T* x) {
    const bool ignored = problem.ignored(p);
    const T* probs = problem.has_probabilities ? problem.probabilities + (x - out) : nullptr;
    const int64_t t = problem.has_probabilities || ignored ? -1 : problem.target(p);
    for (int64_t c = 0; c < args.classes; ++c) {
      T value = T(0);
      if (problem.has_probabilities) {
        value = problem.share(probs, c);
      } else if (!ignored) {
        const T own = c == t ? T(1) - problem.smoothing : T(0);
        value = (own + problem.uniform_share()) * problem.weight_of(c);
      }
      x[c * args.inner] = value;
    }
  });
}

// body(problem) with T float or double; half types widened for the call.
template <typename Body>
void with_problem(const ClassLossArgs& args, Body&& body) {
  const bool indices = args.target_dtype != args.dtype;
  const auto direct = [&]<typename T>() {
    body(Problem<T>(args, static_cast<const T*>(args.input), static_cast<const T*>(args.weight),
                    indices ? nullptr : static_cast<const T*>(args.target)));
  };
  if (args.dtype == DType::kFloat32) return direct.template operator()<float>();
  if (args.dtype == DType::kFloat64) return direct.template operator()<double>();
  const int64_t n = args.batch * args.classes * args.inner;
  const FloatScratch input(std::max<int64_t>(n, 1));
  const FloatScratch weight(args.weight != nullptr ? args.classes : 1);
  const FloatScratch target(indices ? 1 : std::max<int64_t>(n, 1));
  if (args.input != nullptr) input.read(args.input, args.dtype, n);
  if (args.weight != nullptr) weight.read(args.weight, args.dtype, args.classes);
  if (!indices) target.read(args.target, args.dtype, n);
  body(Problem<float>(args, input.data(), args.weight != nullptr ? weight.data() : nullptr,
                      indices ? nullptr : target.data()));
}

void class_loss(const call::ClassLoss& call) {
  check_targets(call.args);
  with_problem(call.args, [&]<typename T>(const Problem<T>& problem) {
    if (DTypeOf<T>::value == call.args.dtype) {
      return forward(problem, static_cast<T*>(call.loss), static_cast<T*>(call.normalizer),
                     static_cast<T*>(call.total_weight));
    }
    const int64_t n = call.args.mean || call.args.sum ? 1 : call.args.batch * call.args.inner;
    const Scratch<T> wide(std::max<int64_t>(n, 1));
    forward(problem, wide.data(), static_cast<T*>(call.normalizer), static_cast<T*>(call.total_weight));
    convert_row(static_cast<char*>(call.loss), static_cast<int64_t>(size_of(call.args.dtype)),
                call.args.dtype, reinterpret_cast<const char*>(wide.data()), sizeof(T), DTypeOf<T>::value, n);
  });
}

void class_loss_backward(const call::ClassLossBackward& call) {
  with_problem(call.args, [&]<typename T>(const Problem<T>& problem) {
    const T total = *static_cast<const T*>(call.total_weight), one(1);
    if (DTypeOf<T>::value == call.args.dtype) {
      return backward(problem, call.grad != nullptr ? static_cast<const T*>(call.grad) : &one,
                      static_cast<const T*>(call.normalizer), total, static_cast<T*>(call.grad_input));
    }
    const int64_t losses = call.args.mean || call.args.sum ? 1 : call.args.batch * call.args.inner;
    const int64_t n = call.args.batch * call.args.classes * call.args.inner;
    const auto size = static_cast<int64_t>(size_of(call.args.dtype));
    const Scratch<T> g(std::max<int64_t>(losses, 1)), out(std::max<int64_t>(n, 1));
    g.data()[0] = one;
    if (call.grad != nullptr) {
      convert_row(reinterpret_cast<char*>(g.data()), sizeof(T), DTypeOf<T>::value,
                  static_cast<const char*>(call.grad), size, call.args.dtype, losses);
    }
    backward(problem, static_cast<const T*>(g.data()), static_cast<const T*>(call.normalizer), total,
             out.data());
    convert_row(static_cast<char*>(call.grad_input), size, call.args.dtype,
                reinterpret_cast<const char*>(out.data()), sizeof(T), DTypeOf<T>::value, n);
  });
}

void class_weights(const call::ClassWeights& call) {
  with_problem(call.args, [&]<typename T>(const Problem<T>& problem) {
    if (DTypeOf<T>::value == call.args.dtype) return shares(problem, static_cast<T*>(call.out));
    const int64_t n = call.args.batch * call.args.classes * call.args.inner;
    const Scratch<T> wide(std::max<int64_t>(n, 1));
    shares(problem, wide.data());
    convert_row(static_cast<char*>(call.out), static_cast<int64_t>(size_of(call.args.dtype)), call.args.dtype,
                reinterpret_cast<const char*>(wide.data()), sizeof(T), DTypeOf<T>::value, n);
  });
}

bool can_class_loss(const call::ClassLoss& call) { return !call.with_gradient; }

}  // namespace

void add_class_loss(KernelTable& table) {
  table.add<call::ClassLoss>(class_loss, can_class_loss);
  table.add<call::ClassLossBackward>(class_loss_backward);
  table.add<call::ClassWeights>(class_weights);
}

}  // namespace tt::cpu
