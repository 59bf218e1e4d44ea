// Hosts may have floating-point traps on (feenableexcept), and then an exception that an op raises on the way
// ends them. So no op raises one that its results do not show: neither by what vectors compute beyond the end
// of a row, nor by what is computed and thrown away. An exception leaves its flag, whether it traps or not;
// the flags are looked at here. CMake runs these tests once per instruction set.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <functional>
#include <random>

#include "autograd/engine.h"
#include "ops/ops.h"
#include "optim/adam.h"
#include "optim/adamax.h"
#include "optim/sgd.h"

using namespace tt;

namespace {

constexpr int64_t kLongest = 65;  // more than four vectors of the widest instruction set
constexpr int kWatched = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW;
constexpr DType kTypes[] = {DType::kFloat32, DType::kFloat64};

// Memory that the next tensors get holds signalling NaNs, so that whatever is computed from it is seen.
void poison() {
  Tensors held;
  for (int64_t n = 4; n <= 1 << 14; n += n < 512 ? 4 : n / 8) {
    for (int copies = 0; copies < 4; ++copies) {
      held.push_back(empty({n}, DType::kInt32));
      std::fill_n(held.back().data<int32_t>(), n, 0x7fa00001);
    }
  }
}

bool all_finite(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype())) return true;
  const Tensor dense = ops::contiguous(ops::to_dtype(t, DType::kFloat64));
  for (int64_t i = 0; i < t.numel(); ++i) {
    if (!std::isfinite(dense.data<double>()[i])) return false;
  }
  return true;
}

std::string flags_of(int raised) {
  return std::string(raised & FE_INVALID ? " invalid" : "") +
         (raised & FE_DIVBYZERO ? " divide-by-zero" : "") + (raised & FE_OVERFLOW ? " overflow" : "");
}

// What a call raises although its results are finite.
void expect_quiet(const std::string& what, const std::function<Tensors()>& call, int watched = kWatched) {
  std::feclearexcept(FE_ALL_EXCEPT);
  const Tensors results = call();
  const int raised = std::fetestexcept(watched);
  if (raised == 0) return;
  for (const Tensor& result : results) {
    if (!all_finite(result)) return;
  }
  ADD_FAILURE() << what << " raises" << flags_of(raised);
}

// The call, and the gradients of its results for the inputs.
void expect_quiet_with_gradients(const std::string& what, const std::function<Tensor()>& call,
                                 const Tensors& inputs) {
  for (const Tensor& input : inputs) set_requires_grad(input, true);
  Tensor result;
  expect_quiet(what, [&] {
    result = call();
    return Tensors{result};
  });
  if (!result.requires_grad() || !all_finite(result)) return;
  const Tensor roots[] = {result};
  const Tensor seeds[] = {ops::ones_like(result)};
  BackwardOptions options;
  options.allow_unused = true;
  expect_quiet("the gradient of " + what, [&] { return grad(roots, inputs, seeds, options); });
}

Tensor filled(int64_t n, double value, DType dtype) { return ops::full({n}, value, dtype); }

Tensor random_values(const Dims& sizes, DType dtype, double low = -2, double high = 2) {
  static std::mt19937 engine(3);
  std::uniform_real_distribution<double> uniform(low, high);
  const Tensor out = empty(sizes, dtype);
  visit_dtype(dtype, [&]<typename T>() {
    for (int64_t i = 0; i < out.numel(); ++i) out.data<T>()[i] = Scalar(uniform(engine)).to<T>();
  });
  return out;
}

std::string at(const char* op, DType dtype, int64_t n, double a, double b = 0) {
  return std::string(op) + " of " + std::to_string(n) + " " + std::string(name(dtype)) + " " +
         std::to_string(a) + " " + std::to_string(b);
}

PointwiseParams params_of(std::string_view op) {
  if (op == "polygamma") return {1, 0, 0};
  if (op == "clamp" || op == "hardtanh" || op == "clamp_backward" || op == "hardtanh_backward")
    return {-0.5, 1.1, 0};
  if (op == "logit") return {0.1, 0.9, 0};
  if (op == "softplus" || op == "softplus_backward") return {1, 20, 0};
  if (op == "round_decimals") return {100, 0, 0};
  if (op == "div_trunc" || op == "div_floor") return {};
  return {0.3, 1.2, 0.8};
}

// Beyond these a square overflows, which is not held against an op.
constexpr double kValues[] = {0.0,   -0.0,   1.0,    -1.0,  0.3,  -0.6,  3.0,   -3.0,   0.5,
                              -0.5,  6.0,    20.0,   -20.0, 87.0, 90.0,  -90.0, -104.0, -150.0,
                              711.0, -711.0, -760.0, 1e4,   -1e4, 1e-30, -1e-30};
constexpr double kHuge[] = {1e15, -1e15, 1e30, -1e30};

template <typename Op>
bool integers_only(Op op) {
  return name(op).starts_with("bitwise");
}

TEST(Traps, UnaryOps) {
  for (const DType dtype : kTypes) {
    for (int64_t n = 1; n <= kLongest; ++n) {
      for (int i = 0; i < static_cast<int>(UnaryOp::kCount); ++i) {
        const auto op = static_cast<UnaryOp>(i);
        if (integers_only(op)) continue;
        const PointwiseParams params = params_of(name(op));
        const auto run = [&](double value, int watched) {
          const Tensor x = filled(n, value, dtype);
          expect_quiet(
              at(name(op).data(), dtype, n, value), [&] { return Tensors{ops::unary(op, x, params)}; },
              watched);
        };
        for (const double value : kValues) run(value, kWatched);
        for (const double value : kHuge) run(value, FE_INVALID | FE_DIVBYZERO);
      }
    }
  }
}

TEST(Traps, BinaryOps) {
  constexpr double kPairs[] = {0.0, -1.0, 0.4, 3.0, -3.0, 100.0, -120.0, -800.0, 1e4};
  for (const DType dtype : kTypes) {
    for (int64_t n = 1; n <= kLongest; ++n) {
      for (int i = 0; i < static_cast<int>(BinaryOp::kCount); ++i) {
        const auto op = static_cast<BinaryOp>(i);
        if (integers_only(op)) continue;
        const PointwiseParams params = params_of(name(op));
        for (const double a : kPairs) {
          const Tensor x = filled(n, a, dtype);
          for (const double b : kPairs) {
            const Tensor y = filled(n, b, dtype);
            expect_quiet(at(name(op).data(), dtype, n, a, b),
                         [&] { return Tensors{ops::binary(op, x, y, params)}; });
          }
        }
      }
    }
  }
}

TEST(Traps, TernaryOps) {
  constexpr double kTriples[] = {0.0, 1.0, -0.7, 50.0};
  for (const DType dtype : kTypes) {
    for (int64_t n = 1; n <= kLongest; ++n) {
      for (int i = 0; i < static_cast<int>(TernaryOp::kCount); ++i) {
        const auto op = static_cast<TernaryOp>(i);
        for (const double a : kTriples) {
          for (const double b : kTriples) {
            for (const double c : kTriples) {
              expect_quiet(at(name(op).data(), dtype, n, a, b), [&] {
                return Tensors{ops::ternary(op, filled(n, a, dtype), filled(n, b, dtype), filled(n, c, dtype),
                                            {0.3, 0, 0})};
              });
            }
          }
        }
      }
    }
  }
}

// The rules of the table, as written there.
TEST(Traps, Gradients) {
  constexpr double kPairs[] = {0.0, 1.0, -1.0, 0.4, 3.0, -3.0, 100.0, -120.0};
  for (const DType dtype : kTypes) {
    for (const int64_t n : {1, 7, 33}) {
      for (int i = 0; i < static_cast<int>(UnaryOp::kCount); ++i) {
        const auto op = static_cast<UnaryOp>(i);
        if (integers_only(op)) continue;
        for (const double value : kValues) {
          const Tensor x = filled(n, value, dtype);
          expect_quiet_with_gradients(at(name(op).data(), dtype, n, value),
                                      [&] { return ops::unary(op, x, params_of(name(op))); }, {x});
        }
      }
      for (int i = 0; i < static_cast<int>(BinaryOp::kCount); ++i) {
        const auto op = static_cast<BinaryOp>(i);
        if (integers_only(op)) continue;
        for (const double a : kPairs) {
          for (const double b : kPairs) {
            const Tensor x = filled(n, a, dtype), y = filled(n, b, dtype);
            expect_quiet_with_gradients(at(name(op).data(), dtype, n, a, b),
                                        [&] { return ops::binary(op, x, y, params_of(name(op))); }, {x, y});
          }
        }
      }
    }
  }
}

using Body = std::function<void(DType dtype, int64_t n, const std::string& what)>;

void for_lengths(const Body& body) {
  for (const DType dtype : kTypes) {
    for (int64_t n = 1; n <= kLongest; ++n) {
      poison();
      body(dtype, n, " of " + std::to_string(n) + " " + std::string(name(dtype)));
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Traps, Softmax) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    // Large values too, whose exponentials leave the dtype's range.
    for (const double scale : {2.0, 3000.0}) {
      const Tensor rows = random_values({3, n}, dtype, -scale, scale);
      const Tensor columns = random_values({3, n}, dtype, -scale, scale);
      for (const int dim : {0, 1}) {
        expect_quiet_with_gradients("softmax" + what, [&] { return ops::softmax(rows, dim); }, {rows});
        expect_quiet_with_gradients("log_softmax" + what, [&] { return ops::log_softmax(columns, dim); },
                                    {columns});
        expect_quiet_with_gradients("logsumexp" + what,
                                    [&] {
                                      const int64_t dims[] = {dim};
                                      return ops::logsumexp(columns, dims);
                                    },
                                    {columns});
      }
    }
  });
}

TEST(Traps, Losses) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    const Tensor x = random_values({n}, dtype, -200, 200), y = random_values({n}, dtype, -2, 2);
    const Tensor same = ops::clone(y);
    for (const auto reduction : {ops::Reduction::kNone, ops::Reduction::kMean}) {
      expect_quiet_with_gradients("mse" + what, [&] { return ops::mse_loss(x, y, reduction); }, {x, y});
      expect_quiet_with_gradients("l1" + what, [&] { return ops::l1_loss(x, y, reduction); }, {x, y});
      expect_quiet_with_gradients("huber" + what, [&] { return ops::huber_loss(x, y, reduction, 1); },
                                  {x, y});
      for (const double beta : {0.0, 1.0}) {
        expect_quiet_with_gradients("smooth_l1" + what,
                                    [&] { return ops::smooth_l1_loss(x, y, reduction, beta); }, {x, y});
        expect_quiet_with_gradients(
            "smooth_l1 of equals" + what,
            [&] { return ops::smooth_l1_loss(same, ops::clone(detach(same)), reduction, beta); }, {same});
      }
      expect_quiet_with_gradients(
          "bce_with_logits" + what,
          [&] { return ops::binary_cross_entropy_with_logits(x, detach(y), {}, {}, reduction); }, {x});
      for (const double p : {0.0, 0.25, 1.0}) {
        const Tensor input = filled(n, p, dtype);
        for (const double target : {0.0, 1.0}) {
          const Tensor t = filled(n, target, dtype);
          expect_quiet_with_gradients(
              "bce" + what, [&] { return ops::binary_cross_entropy(input, t, {}, reduction); }, {input});
        }
      }
    }
  });
}

TEST(Traps, ClassLosses) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    const Tensor target = ops::zeros({4}, DType::kInt64);
    for (int64_t i = 0; i < 4; ++i) target.data<int64_t>()[i] = i % n;
    for (const double scale : {2.0, 3000.0}) {
      const Tensor x = random_values({4, n}, dtype, -scale, scale);
      const Tensor planes = random_values({4, 3, n}, dtype, -scale, scale);
      const Tensor classes = ops::ones({4, n}, DType::kInt64);
      const Tensor shares = ops::softmax(random_values({4, n}, dtype), 1);
      for (const double smoothing : {0.0, 0.1}) {
        expect_quiet_with_gradients(
            "cross_entropy" + what,
            [&] { return ops::cross_entropy(x, target, {}, ops::Reduction::kMean, -100, smoothing); }, {x});
        expect_quiet_with_gradients(
            "cross_entropy of planes" + what,
            [&] { return ops::cross_entropy(planes, classes, {}, ops::Reduction::kNone, -100, smoothing); },
            {planes});
        expect_quiet_with_gradients(
            "cross_entropy of shares" + what,
            [&] { return ops::cross_entropy(x, shares, {}, ops::Reduction::kMean, -100, smoothing); }, {x});
      }
      expect_quiet_with_gradients("nll" + what, [&] { return ops::nll_loss(x, target); }, {x});
    }
  });
}

TEST(Traps, Reductions) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    for (const Dims& sizes : {Dims{3, n}, Dims{n, 3}}) {
      for (const int64_t dim : {0, 1}) {
        const int64_t dims[] = {dim};
        const auto check = [&](const char* op, const std::function<Tensor(const Tensor&)>& f) {
          const Tensor x = random_values(sizes, dtype);
          expect_quiet_with_gradients(op + what + " along " + std::to_string(dim), [&] { return f(x); }, {x});
          const Tensor zeros = ops::zeros(sizes, dtype);
          expect_quiet_with_gradients(op + what + " zeros", [&] { return f(zeros); }, {zeros});
        };
        check("sum", [&](const Tensor& x) { return ops::sum(x, dims); });
        check("nansum", [&](const Tensor& x) { return ops::nansum(x, dims); });
        check("mean", [&](const Tensor& x) { return ops::mean(x, dims); });
        check("prod", [&](const Tensor& x) { return ops::prod_dim(x, dim); });
        check("amax", [&](const Tensor& x) { return ops::amax(x, dims); });
        check("amin", [&](const Tensor& x) { return ops::amin(x, dims); });
        check("max", [&](const Tensor& x) { return ops::max_dim(x, dim).values; });
        check("cumsum", [&](const Tensor& x) { return ops::cumsum(x, dim); });
        check("cumprod", [&](const Tensor& x) { return ops::cumprod(x, dim); });
        check("sort", [&](const Tensor& x) { return ops::sort(x, dim).values; });
        check("all", [&](const Tensor& x) { return ops::all(x, dims); });
        check("count_nonzero", [&](const Tensor& x) { return ops::count_nonzero(x, dims); });
        for (const double ord : {0.0, 1.0, 2.0, 3.0, std::numeric_limits<double>::infinity()}) {
          check("norm", [&](const Tensor& x) { return ops::vector_norm(x, ord, dims); });
        }
        if (sizes[static_cast<int>(dim)] > 1) {
          check("var", [&](const Tensor& x) { return ops::var(x, dims); });
          check("std", [&](const Tensor& x) { return ops::stddev(x, dims); });
        }
      }
    }
  });
}

TEST(Traps, Products) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    for (const int64_t other : {int64_t{3}, n}) {
      const Tensor a = random_values({other, n}, dtype), b = random_values({n, other}, dtype);
      const Tensor w = random_values({3, n}, dtype), bias = random_values({3}, dtype);
      expect_quiet_with_gradients("mm" + what, [&] { return ops::mm(a, b); }, {a, b});
      expect_quiet_with_gradients("mm back" + what, [&] { return ops::mm(b, a); }, {a, b});
      expect_quiet_with_gradients("linear" + what, [&] { return ops::linear(a, w, bias); }, {a, w, bias});
      for (const UnaryOp op : {UnaryOp::relu, UnaryOp::sigmoid, UnaryOp::tanh}) {
        expect_quiet_with_gradients("linear_activated" + what,
                                    [&] { return ops::linear_activated(a, w, bias, op); }, {a, w, bias});
      }
    }
    const Tensor x = random_values({n, 5}, dtype), w = random_values({4, 5}, dtype),
                 c = random_values({4}, dtype);
    for (const UnaryOp op : {UnaryOp::relu, UnaryOp::sigmoid, UnaryOp::tanh}) {
      expect_quiet_with_gradients("a thin layer" + what, [&] { return ops::linear_activated(x, w, c, op); },
                                  {x, w, c});
    }
  });
}

TEST(Traps, Layers) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    for (const Dims& sizes : {Dims{4, n}, Dims{n + 1, 3}, Dims{2, 3, n}}) {
      const int64_t channels = sizes[1];
      const Tensor x = random_values(sizes, dtype);
      const Tensor weight = random_values({channels}, dtype), bias = random_values({channels}, dtype);
      const Tensor mean = ops::zeros({channels}, dtype), variance = ops::ones({channels}, dtype);
      for (const bool training : {false, true}) {
        expect_quiet_with_gradients(
            "batch_norm" + what, [&] { return ops::batch_norm(x, mean, variance, weight, bias, training); },
            {x, weight, bias});
        expect_quiet_with_gradients(
            "batch_norm_relu" + what,
            [&] { return ops::batch_norm_relu(x, mean, variance, weight, bias, training, 0.1, 1e-5); },
            {x, weight, bias});
      }
    }
    const Tensor image = random_values({2, 3, 5, n}, dtype), kernel = random_values({4, 3, 3, 3}, dtype);
    const Tensor bias = random_values({4}, dtype);
    ops::ConvOptions options;
    options.padding[0] = options.padding[1] = 1;
    expect_quiet_with_gradients("conv2d" + what, [&] { return ops::conv2d(image, kernel, bias, options); },
                                {image, kernel, bias});
    expect_quiet_with_gradients("conv2d_relu" + what,
                                [&] { return ops::conv2d_relu(image, kernel, bias, options); },
                                {image, kernel, bias});
    if (n < 2) return;
    ops::PoolOptions max_pool{{2, 2}};
    max_pool.padding[0] = max_pool.padding[1] = 1;
    expect_quiet_with_gradients("max_pool2d" + what, [&] { return ops::max_pool2d(image, max_pool); },
                                {image});
    expect_quiet_with_gradients("relu_max_pool2d" + what,
                                [&] { return ops::relu_max_pool2d(image, max_pool); }, {image});
    ops::PoolOptions average{{2, 2}};
    expect_quiet_with_gradients("avg_pool2d" + what, [&] { return ops::avg_pool2d(image, average); },
                                {image});
  });
}

TEST(Traps, Optimizers) {
  using namespace tt::optim;
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    const auto step = [&](const char* name, const std::function<Ref<Optimizer>(Tensors)>& make) {
      const Tensor p = random_values({n}, dtype);
      set_requires_grad(p, true);
      const Ref<Optimizer> optimizer = make({p});
      for (int i = 0; i < 3; ++i) {
        // Some gradients are 0.
        set_grad(p, i == 0 ? ops::zeros({n}, dtype) : random_values({n}, dtype));
        expect_quiet(name + what, [&] {
          optimizer->step();
          return Tensors{detach(p)};
        });
      }
    };
    for (const double momentum : {0.0, 0.9}) {
      tt_sgd_options sgd = TT_SGD_OPTIONS_INIT;
      sgd.momentum = momentum;
      sgd.weight_decay = momentum / 9;
      step("SGD", [&](Tensors p) { return Ref<Optimizer>(make_ref<Sgd>(std::move(p), sgd)); });
    }
    for (const bool amsgrad : {false, true}) {
      tt_adam_options adam = TT_ADAM_OPTIONS_INIT;
      adam.amsgrad = amsgrad;
      step("Adam", [&](Tensors p) { return Ref<Optimizer>(make_ref<Adam>(std::move(p), adam)); });
    }
    step("Adamax", [&](Tensors p) { return Ref<Optimizer>(make_ref<Adamax>(std::move(p))); });
  });
}

TEST(Traps, Draws) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    const Tensor x = empty({n}, dtype);
    expect_quiet("uniform_" + what, [&] {
      ops::uniform_(x, -1, 1);
      return Tensors{x};
    });
    expect_quiet("normal_" + what, [&] {
      ops::normal_(x, 0, 1);
      return Tensors{x};
    });
    expect_quiet("exponential_" + what, [&] {
      ops::exponential_(x, 1);
      return Tensors{x};
    });
    const Tensor values = random_values({n}, dtype);
    expect_quiet_with_gradients("dropout" + what, [&] { return ops::dropout(values, 0.5, true); }, {values});
  });
}

TEST(Traps, Conversions) {
  for_lengths([](DType dtype, int64_t n, const std::string& what) {
    for (const double value : kValues) {
      const Tensor x = filled(n, value, dtype);
      for (int i = 0; i < kDTypeCount; ++i) {
        const auto to = static_cast<DType>(i);
        if (to == DType::kFloat16 && std::fabs(value) > 65504) continue;
        // Of an integer there are no exceptions but for what it cannot hold.
        if (is_integral(to)) {
          expect_quiet(
              "a conversion" + what, [&] { return Tensors{ops::to_dtype(x, to)}; },
              std::fabs(value) < 128 ? kWatched : 0);
        } else {
          expect_quiet("a conversion" + what,
                       [&] { return Tensors{ops::to_dtype(ops::to_dtype(x, to), dtype)}; });
        }
      }
    }
  });
}

}  // namespace
