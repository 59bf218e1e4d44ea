// The pointwise family: gradients of every row against finite differences, vector loops against scalar ones,
// the C functions' existence, and the errors. Values op by op are checked against recorded ones elsewhere.
#include "ops/pointwise/pointwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "autograd/engine.h"
#include "cpu/pointwise/pointwise.h"
#include "ops/ops.h"
#include "tinytorch/tinytorch.h"

using namespace tt;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

template <typename T>
Tensor tensor(std::initializer_list<T> values, DType dtype) {
  Tensor wide = empty({static_cast<int64_t>(values.size())}, DTypeOf<T>::value);
  std::copy(values.begin(), values.end(), wide.data<T>());
  return ops::to_dtype(wide, dtype);
}
Tensor floats(std::initializer_list<double> values, DType dtype = DType::kFloat64) {
  return tensor<double>(values, dtype);
}
Tensor ints(std::initializer_list<int64_t> values, DType dtype = DType::kInt64) {
  return tensor<int64_t>(values, dtype);
}
double at(const Tensor& t, int64_t i) {
  return ops::contiguous(ops::to_dtype(t, DType::kFloat64)).data<double>()[i];
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

// ---- gradients ----

using Function = std::function<Tensor(const Tensors&)>;

Tensors gradients(const Function& f, const Tensors& inputs, bool create_graph) {
  Tensors leaves;
  for (const Tensor& input : inputs) {
    leaves.push_back(create_graph ? input : ops::clone(detach(input)));
    if (!create_graph) set_requires_grad(leaves.back(), true);
  }
  const Tensor roots[] = {ops::sum(f(leaves))};
  BackwardOptions options;
  options.create_graph = create_graph;
  options.allow_unused = true;
  // A constant (the second derivative of neg, say) has no graph.
  Tensors found = roots[0].requires_grad() ? grad(roots, leaves, {}, options) : Tensors(leaves.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].defined()) found[i] = ops::zeros_like(leaves[i]);
  }
  return found;
}

// The derivative of sum(f) by central differences.
void expect_derivative(const std::string& what, const Function& f, const Tensors& inputs) {
  const Tensors found = gradients(f, inputs, false);
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (int64_t k = 0; k < inputs[i].numel(); ++k) {
      const double step = 1e-6;
      const auto moved = [&](double by) {
        Tensors copy;
        for (const Tensor& input : inputs) copy.push_back(ops::clone(input));
        copy[i].data<double>()[k] += by;
        return *ops::sum(f(copy)).data<double>();
      };
      const double expected = (moved(step) - moved(-step)) / (2 * step);
      EXPECT_NEAR(at(found[i], k), expected, 1e-6 + 1e-5 * std::fabs(expected))
          << what << ", input " << i << ", element " << k;
    }
  }
}

// First and second order.
void expect_gradients(const std::string& what, const Function& f, const Tensors& inputs) {
  expect_derivative(what, f, inputs);
  expect_derivative(
      "gradient of " + what,
      [&](const Tensors& at_inputs) {
        Tensors tracked;
        for (const Tensor& t : at_inputs) {
          tracked.push_back(t.requires_grad() ? t : ops::clone(t));
          if (!t.requires_grad()) set_requires_grad(tracked.back(), true);
        }
        // Weights make each element's second derivative count on its own.
        Tensor total = ops::zeros({}, DType::kFloat64);
        for (const Tensor& g : gradients(f, tracked, true)) {
          total = ops::add(total, ops::sum(ops::mul(g, g)));
        }
        return total;
      },
      inputs);
}

// Where an op is defined and smooth.
Tensor smooth_point(std::string_view name) {
  if (name == "acosh") return floats({1.2, 2.5, 7.0});
  for (const char* positive : {"log", "log2", "log10", "sqrt", "rsqrt", "lgamma", "digamma", "polygamma"}) {
    if (name == positive) return floats({0.8, 1.7, 4.2});
  }
  for (const char* unit : {"asin", "acos", "atanh", "erfinv", "log1p", "logit", "tan"}) {
    if (name == unit) return floats({0.2, 0.45, 0.8});
  }
  return floats({-1.3, 0.35, 1.6, -0.2});
}

PointwiseParams smooth_params(std::string_view name) {
  if (name == "clamp" || name == "clamp_backward") return {-0.5, 1.1, 0};
  if (name == "hardtanh" || name == "hardtanh_backward") return {-0.5, 1.1, 0};
  if (name == "logit") return {-1, 0, 0};
  if (name == "softplus" || name == "softplus_backward") return {1.5, 2.0, 0};
  if (name == "polygamma") return {2, 0, 0};
  if (name == "nan_to_num") return {};
  if (name == "round_decimals") return {100, 0, 0};
  return {0.3, 1.2, 0.8};
}

TEST(Pointwise, UnaryGradients) {
  for (int i = 0; i < static_cast<int>(UnaryOp::kCount); ++i) {
    const auto op = static_cast<UnaryOp>(i);
    const Tensor x = smooth_point(name(op));
    const PointwiseParams params = smooth_params(name(op));
    if (op == UnaryOp::bitwise_not) continue;  // integers only
    const Tensor probe = ops::clone(x);
    set_requires_grad(probe, true);
    if (!ops::unary(op, probe, params).requires_grad()) {
      EXPECT_EQ(ops::unary(op, x, params).dtype(), DType::kBool) << name(op) << " has no gradient";
      continue;
    }
    expect_gradients(std::string(name(op)), [&](const Tensors& in) { return ops::unary(op, in[0], params); },
                     {x});
  }
}

TEST(Pointwise, BinaryGradients) {
  for (int i = 0; i < static_cast<int>(BinaryOp::kCount); ++i) {
    const auto op = static_cast<BinaryOp>(i);
    const std::string what(name(op));
    if (what.starts_with("bitwise")) continue;  // integers only
    const bool positive = op == BinaryOp::pow || op == BinaryOp::xlogy;
    const Tensor a = positive ? floats({0.4, 1.7, 2.2}) : floats({-1.3, 0.35, 1.6});
    const Tensor b = positive ? floats({1.5, 0.6, 2.5}) : floats({0.7, -0.45, 1.2});
    const PointwiseParams params = smooth_params(what);
    const Tensor probe = ops::clone(a);
    set_requires_grad(probe, true);
    if (!ops::binary(op, probe, b, params).requires_grad()) {
      EXPECT_EQ(ops::binary(op, a, b, params).dtype(), DType::kBool) << what << " has no gradient";
      continue;
    }
    expect_gradients(what, [&](const Tensors& in) { return ops::binary(op, in[0], in[1], params); }, {a, b});
    // Broadcast: the gradient comes back in the operand's shape.
    const Tensor row = positive ? floats({0.9}) : floats({0.63});
    expect_derivative(what + ", broadcast",
                      [&](const Tensors& in) { return ops::binary(op, in[0], in[1], params); }, {a, row});
  }
}

TEST(Pointwise, TernaryGradients) {
  for (int i = 0; i < static_cast<int>(TernaryOp::kCount); ++i) {
    const auto op = static_cast<TernaryOp>(i);
    const Tensors inputs = {floats({-1.3, 0.35, 1.6}), floats({-0.7, 0.55, -1.2}), floats({0.3, 0.9, 0.8})};
    expect_gradients(
        std::string(name(op)),
        [&](const Tensors& in) {
          return ops::ternary(op, in[0], in[1], in[2], {0.7, 0, 0});
        },
        inputs);
  }
}

TEST(Pointwise, CompositeGradients) {
  const Tensor mask = ops::gt(floats({1, -1, 1}), 0.0);
  const Tensors two = {floats({-1.3, 0.35, 1.6}), floats({-0.7, 0.55, -1.2})};
  expect_gradients(
      "where", [&](const Tensors& in) { return ops::square(ops::where(mask, in[0], in[1])); }, two);
  expect_gradients("masked_fill",
                   [&](const Tensors& in) { return ops::square(ops::masked_fill(in[0], mask, 2.0)); },
                   {two[0]});
  const Tensor even = floats({0.3, -0.4, 1.2, 0.6});
  for (const auto& [what, f] : {std::pair{"softsign", &ops::softsign}, {"tanhshrink", &ops::tanhshrink}}) {
    expect_gradients(what, [&op = f](const Tensors& in) { return op(in[0]); }, {two[0]});
  }
  expect_gradients("glu", [&](const Tensors& in) { return ops::glu(in[0], 0); }, {even});
  expect_gradients("prelu", [&](const Tensors& in) { return ops::prelu(in[0], in[1]); },
                   {even, floats({0.3})});
  expect_gradients("pow scalar", [&](const Tensors& in) { return ops::pow(in[0], 3.5); },
                   {floats({0.4, 1.7})});
  expect_gradients("scalar pow", [&](const Tensors& in) { return ops::pow(2.5, in[0]); },
                   {floats({0.4, -1.7})});
  expect_gradients(
      "add_alpha", [&](const Tensors& in) { return ops::square(ops::add_scaled(in[0], in[1], 2.5)); }, two);
}

// In place, every row that has a gradient gives the one it gives out of place.
TEST(Pointwise, InplaceGradients) {
  for (int i = 0; i < static_cast<int>(UnaryOp::kCount); ++i) {
    const auto op = static_cast<UnaryOp>(i);
    if (op == UnaryOp::bitwise_not) continue;
    const PointwiseParams params = smooth_params(name(op));
    const auto run = [&](bool inplace) {
      const Tensor x = smooth_point(name(op));
      set_requires_grad(x, true);
      Tensor y = ops::mul(x, 1.0);
      if (inplace) {
        ops::unary_(op, y, params);
      } else {
        y = ops::unary(op, y, params);
        if (!y.requires_grad()) return ops::zeros_like(x);
      }
      const Tensor roots[] = {ops::sum(y)};
      backward(roots, {}, {});
      return x.grad();
    };
    const Tensor expected = run(false);
    const Tensor found = run(true);
    for (int64_t k = 0; k < expected.numel(); ++k) EXPECT_EQ(at(found, k), at(expected, k)) << name(op);
  }
  // A product in place keeps what its gradient needs of the target.
  const Tensor w = floats({3.0});
  set_requires_grad(w, true);
  const Tensor y = ops::mul(w, 2.0);
  ops::mul_(y, y);
  const Tensor roots[] = {y};
  backward(roots, {}, {});
  EXPECT_EQ(at(w.grad(), 0), 24.0);
}

TEST(Pointwise, SpecialPoints) {
  const auto grad_of = [](const std::function<Tensor(const Tensor&)>& f, double at_value) {
    const Tensor x = floats({at_value});
    set_requires_grad(x, true);
    const Tensor roots[] = {f(x)};
    backward(roots, {}, {});
    return at(x.grad(), 0);
  };
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::abs(x); }, 0), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::maximum(x, floats({1})); }, 1), 0.5);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::minimum(x, floats({1})); }, 1), 0.5);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::clamp(x, -1.0, 1.0); }, 1), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::hardtanh(x, -1.0, 1.0); }, 1), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::pow(x, 0.0); }, 0), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::pow(x, floats({0})); }, 0), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::pow(floats({0}), x); }, 2), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::relu(x); }, 0), 0);
  EXPECT_EQ(grad_of([](const Tensor& x) { return ops::xlogy(x, floats({0})); }, 0), 0);
}

// Also in vectors and in what they leave over.
TEST(Pointwise, ZerosKeepTheirSign) {
  using Op = std::function<Tensor(const Tensor&)>;
  const std::pair<const char*, Op> ops_of_zero[] = {
      {"relu", [](const Tensor& x) { return ops::relu(x); }},
      {"relu6", [](const Tensor& x) { return ops::relu6(x); }},
      {"hardtanh", [](const Tensor& x) { return ops::hardtanh(x, 0, 1); }},
      {"clamp", [](const Tensor& x) { return ops::clamp(x, 0.0, 6.0); }},
      {"clamp at a lower bound", [](const Tensor& x) { return ops::clamp(x, -0.0, {}); }},
      {"clamp at an upper bound", [](const Tensor& x) { return ops::clamp(x, {}, 0.0); }},
      {"elu", [](const Tensor& x) { return ops::elu(x, -1.3); }},
      {"sin", [](const Tensor& x) { return ops::sin(x); }},
      {"tan", [](const Tensor& x) { return ops::tan(x); }},
      {"asin", [](const Tensor& x) { return ops::asin(x); }},
      {"sinh", [](const Tensor& x) { return ops::sinh(x); }},
      {"tanh", [](const Tensor& x) { return ops::tanh(x); }},
      {"expm1", [](const Tensor& x) { return ops::expm1(x); }},
      {"log1p", [](const Tensor& x) { return ops::log1p(x); }},
      {"erf", [](const Tensor& x) { return ops::erf(x); }},
      {"silu", [](const Tensor& x) { return ops::silu(x); }},
      {"mish", [](const Tensor& x) { return ops::mish(x); }},
      {"hardswish", [](const Tensor& x) { return ops::hardswish(x); }},
      {"softsign", [](const Tensor& x) { return ops::softsign(x); }},
      {"gelu", [](const Tensor& x) { return ops::gelu(x, false); }},
  };
  for (const auto& [what, op] : ops_of_zero) {
    for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
      for (const double zero : {0.0, -0.0}) {
        const Tensor y = op(ops::full({19}, zero, dtype));
        for (int64_t i = 0; i < 19; ++i) {
          EXPECT_EQ(at(y, i), 0) << what;
          EXPECT_EQ(std::signbit(at(y, i)), std::signbit(zero)) << what << " " << tt::name(dtype) << " " << i;
        }
      }
    }
  }
}

// PyTorch's vectors overflow below the largest numbers; what it does element by element does not.
TEST(Pointwise, OverflowComesWhereItIsDue) {
  for (const int64_t n : {1, 19}) {
    EXPECT_NEAR(at(ops::sinh(ops::full({n}, 710.0, DType::kFloat64)), n - 1) / 1.1169973830808557e308, 1,
                1e-12);
    EXPECT_EQ(at(ops::sinh(ops::full({n}, -711.0, DType::kFloat64)), n - 1), -kInf);
    EXPECT_NEAR(at(ops::cosh(ops::full({n}, 89.0, DType::kFloat32)), n - 1) / 2.24480643e38, 1, 1e-5);
    EXPECT_EQ(at(ops::exp(ops::full({n}, 88.73, DType::kFloat32)), n - 1), kInf);
    EXPECT_EQ(at(ops::exp(ops::full({n}, -104.0, DType::kFloat32)), n - 1), 0);
  }
}

// ---- kernels ----

// Vector loops against the oldest instruction set's, and hand-written math against the C library.
TEST(Pointwise, VectorLoopsAgreeWithScalarOnes) {
  std::vector<float> x = {0.0f,
                          -0.0f,
                          1.0f,
                          -1.0f,
                          0.5f,
                          1e-45f,
                          -1e-40f,
                          1e-38f,
                          1e-6f,
                          -1e-6f,
                          88.7f,
                          88.73f,
                          -87.0f,
                          -100.0f,
                          -104.0f,
                          3e38f,
                          -3e38f,
                          7000.0f,
                          8191.9f,
                          8192.1f,
                          -1e6f,
                          1e10f,
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()};
  for (int i = 0; i < 4000; ++i) x.push_back(std::ldexp(std::sin(static_cast<float>(i)), i % 24 - 12));
  const auto n = static_cast<int64_t>(x.size());
  std::vector<double> wide(x.begin(), x.end());
  const cpu::PointwiseTable& reference = cpu::scalar_table();
  const auto compare = [&](std::string_view op, const auto& found, const auto& expected, double tolerance) {
    for (int64_t i = 0; i < n; ++i) {
      const double want = expected[i];
      const double got = found[i];
      const bool same = want == got || (std::isnan(want) && std::isnan(got));
      // gelu's tanh form cancels on the negative side: its error is the input's.
      const double scale = op == "gelu_tanh" ? std::fabs(x[i]) : std::fabs(want);
      // Denormal results may be flushed by a table's power of two: an absolute bound below the normals.
      EXPECT_TRUE(same || std::fabs(got - want) <= tolerance * scale + 1e-44)
          << op << "(" << x[i] << ") = " << got << ", expected " << want;
    }
  };
  const PointwiseParams params = {0.7, 1.2, 0.8};
  for (int op = 0; op < static_cast<int>(UnaryOp::kCount); ++op) {
    const auto what = name(static_cast<UnaryOp>(op));
    const int f32 = static_cast<int>(DType::kFloat32);
    const int f64 = static_cast<int>(DType::kFloat64);
    const auto fast = cpu::pointwise_table().unary[op];
    const auto slow = reference.unary[op];
    if (slow[f64] == nullptr) continue;
    std::vector<double> expected(n), found64(n);
    std::vector<float> expected32(n), found(n);
    char* wide_data[] = {reinterpret_cast<char*>(expected.data()), reinterpret_cast<char*>(wide.data())};
    slow[f64](wide_data, n, params);
    char* fast_wide[] = {reinterpret_cast<char*>(found64.data()), reinterpret_cast<char*>(wide.data())};
    fast[f64](fast_wide, n, params);
    char* slow_data[] = {reinterpret_cast<char*>(expected32.data()), reinterpret_cast<char*>(x.data())};
    slow[f32](slow_data, n, params);
    char* fast_data[] = {reinterpret_cast<char*>(found.data()), reinterpret_cast<char*>(x.data())};
    fast[f32](fast_data, n, params);
    compare(what, found, expected32, 1e-6);
    compare(what, found64, expected, 2e-15);
  }
}

// The functions that have loops of their own for float32, against the C library's in double.
TEST(Pointwise, ExponentialsAndLogarithmsAreAccurate) {
  struct Case {
    UnaryOp op;
    double (*exact)(double);
    double low, high, most;  // relative error, in units of 2^-24
  };
  const Case cases[] = {
      {UnaryOp::exp, [](double x) { return std::exp(x); }, -87, 88.7, 2.1},
      {UnaryOp::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -87, 30, 4.1},
      {UnaryOp::log, [](double x) { return std::log(x); }, 1e-3, 8, 2.1},
  };
  constexpr int64_t kCount = 1 << 18;
  for (const Case& one : cases) {
    const Tensor x = empty({kCount}, DType::kFloat32);
    float* values = x.data<float>();
    for (int64_t i = 0; i < kCount; ++i) {
      values[i] = static_cast<float>(one.low + (one.high - one.low) * static_cast<double>(i) / kCount);
    }
    const Tensor y = ops::unary(one.op, x);
    double worst = 0, where = 0;
    for (int64_t i = 0; i < kCount; ++i) {
      const double exact = one.exact(values[i]);
      const double error = std::abs(y.data<float>()[i] - exact) / std::abs(exact) * 0x1p24;
      if (exact != 0 && !(error <= worst)) {
        worst = error;
        where = values[i];
      }
    }
    EXPECT_LE(worst, one.most) << name(one.op) << " of " << where;
  }
}

TEST(Pointwise, ExponentialsAndLogarithmsOfSpecialValues) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  // A whole vector of each, so that no tail is used.
  const auto of = [](UnaryOp op, double x) {
    return at(ops::unary(op, ops::full({16}, x, DType::kFloat32)), 7);
  };
  EXPECT_TRUE(std::isnan(of(UnaryOp::exp, kNan)));
  EXPECT_EQ(of(UnaryOp::exp, kInf), kInf);
  EXPECT_EQ(of(UnaryOp::exp, -kInf), 0);
  EXPECT_EQ(of(UnaryOp::exp, 0), 1);
  EXPECT_EQ(of(UnaryOp::exp, -0.0), 1);
  EXPECT_EQ(of(UnaryOp::exp, 88.73), kInf);
  EXPECT_TRUE(std::isfinite(of(UnaryOp::exp, 88.72)));
  EXPECT_EQ(of(UnaryOp::exp, -110), 0);
  EXPECT_TRUE(std::isnan(of(UnaryOp::sigmoid, kNan)));
  EXPECT_EQ(of(UnaryOp::sigmoid, kInf), 1);
  EXPECT_EQ(of(UnaryOp::sigmoid, -kInf), 0);
  EXPECT_EQ(of(UnaryOp::sigmoid, 0), 0.5);
  EXPECT_EQ(of(UnaryOp::sigmoid, 100), 1);
  EXPECT_NEAR(of(UnaryOp::sigmoid, -100), std::exp(-100.0), 2e-45);  // below the normal numbers, too
  EXPECT_TRUE(std::isnan(of(UnaryOp::log, kNan)));
  EXPECT_TRUE(std::isnan(of(UnaryOp::log, -1)));
  EXPECT_TRUE(std::isnan(of(UnaryOp::log, -kInf)));
  EXPECT_EQ(of(UnaryOp::log, 0), -kInf);
  EXPECT_EQ(of(UnaryOp::log, -0.0), -kInf);
  EXPECT_EQ(of(UnaryOp::log, kInf), kInf);
  EXPECT_EQ(of(UnaryOp::log, 1), 0);
  EXPECT_NEAR(of(UnaryOp::log, 1e-40), std::log(1e-40), 1e-4);  // below the normal numbers
  EXPECT_NEAR(of(UnaryOp::log, 3e38), std::log(3e38), 1e-5);
}

TEST(Pointwise, LayoutsAndDtypes) {
  // Transposed, broadcast and half operands take the packing path.
  const Tensor a = ops::view(floats({1, 2, 3, 4, 5, 6}, DType::kFloat32), {2, 3});
  const Tensor sum = ops::add(ops::t(a), ops::view(floats({10, 20}, DType::kFloat32), {1, 2}));
  EXPECT_EQ(at(sum, 0), 11);
  EXPECT_EQ(at(sum, 1), 24);
  EXPECT_EQ(at(sum, 5), 26);
  const Tensor half = floats({1.5, -2.0, 65504.0}, DType::kFloat16);
  EXPECT_EQ(at(ops::mul(half, 2.0), 2), kInf);
  EXPECT_EQ(ops::mul(half, 2.0).dtype(), DType::kFloat16);
  // The number stays float beside half: 0.1 is not rounded first.
  EXPECT_EQ(at(ops::mul(floats({1000.0}, DType::kFloat16), 0.1), 0), 100.0);
  // Long and strided: several pieces, several threads.
  const Tensor big = ops::full({2, 70001}, 3.0, DType::kFloat32);
  const Tensor columns = ops::as_strided(big, {70001, 2}, {1, 70001}, 0);
  const Tensor squares = ops::mul(columns, ops::square(columns));
  EXPECT_EQ(at(ops::eq(squares, 27.0), 140001), 1);
  EXPECT_EQ(at(ops::sum(ops::eq(squares, 27.0)), 0), 140002);
  EXPECT_EQ(ops::add(floats({}), 1.0).numel(), 0);
}

TEST(Pointwise, Integers) {
  EXPECT_EQ(at(ops::remainder(ints({-7, 7}), ints({3, -3})), 0), 2);
  EXPECT_EQ(at(ops::remainder(ints({-7, 7}), ints({3, -3})), 1), -2);
  EXPECT_EQ(at(ops::div(ints({-7}), ints({2}), ops::Rounding::kFloor), 0), -4);
  EXPECT_EQ(at(ops::div(ints({-7}), ints({2}), ops::Rounding::kTrunc), 0), -3);
  const Tensor lowest = ints({std::numeric_limits<int64_t>::min()});
  EXPECT_EQ(*ops::div(lowest, ints({-1}), ops::Rounding::kTrunc).data<int64_t>(),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*ops::fmod(lowest, ints({-1})).data<int64_t>(), 0);
  EXPECT_EQ(*ops::abs(lowest).data<int64_t>(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*ops::add(ints({127}, DType::kInt8), ints({1}, DType::kInt8)).data<int8_t>(), -128);
  EXPECT_EQ(*ops::mul(ints({300}, DType::kInt16), ints({300}, DType::kInt16)).data<int16_t>(),
            static_cast<int16_t>(90000));
  EXPECT_EQ(at(ops::pow(ints({-1, 2, 3}), ints({-3, -1, 4})), 0), -1);
  EXPECT_EQ(at(ops::pow(ints({-1, 2, 3}), ints({-3, -1, 4})), 1), 0);
  EXPECT_EQ(at(ops::pow(ints({-1, 2, 3}), ints({-3, -1, 4})), 2), 81);
  EXPECT_EQ(at(ops::bitwise_left_shift(ints({1}), ints({64})), 0), 0);
  EXPECT_EQ(at(ops::bitwise_right_shift(ints({-8}), ints({70})), 0), -1);
  EXPECT_EQ(ops::div(ints({1}), ints({2})).dtype(), DType::kFloat32);
  EXPECT_EQ(ops::add(ints({1}), 2.0).dtype(), DType::kFloat32);
  EXPECT_EQ(ops::add(ints({1}), 2).dtype(), DType::kInt64);
}

TEST(Pointwise, InplaceComparisons) {
  // Comparisons write numbers into the target's dtype.
  const Tensor x = floats({1, 5});
  ops::lt_(x, 3.0);
  EXPECT_EQ(x.dtype(), DType::kFloat64);
  EXPECT_EQ(at(x, 0), 1);
  EXPECT_EQ(at(x, 1), 0);
}

TEST(Pointwise, Errors) {
  const Tensor flags = ops::gt(floats({1}), 0.0);
  EXPECT_NE(message_of([&] { ops::neg(flags); }).find("input is bool, which has no negative"),
            std::string::npos);
  EXPECT_NE(message_of([&] { ops::sub(flags, flags); }).find("bool has no subtraction"), std::string::npos);
  for (const auto& body : std::initializer_list<std::function<void()>>{
           [&] { ops::sub(flags, ints({1})); }, [&] { ops::sub(ints({1}), flags); },
           [&] { ops::sub(flags, 1.0); }, [&] { ops::rsub(1.0, flags); },
           [&] { ops::sub(floats({1}), flags); }, [&] { ops::sub_(ints({1}), flags); },
           [&] { ops::sub_scaled(ints({1}), flags, 2); }, [&] { ops::sub(floats({1}), Scalar(true)); },
           [&] { ops::tanhshrink(flags); }}) {
    EXPECT_NE(message_of(body).find("bool has no subtraction"), std::string::npos);
  }
  EXPECT_NE(message_of([&] {
              ops::softmin(flags, 0, DType::kFloat32);
            }).find("input is bool, which has no negative"),
            std::string::npos);
  EXPECT_EQ(message_of([&] { ops::remainder(ints({1}), ints({0})); }), "an integer is divided by zero");
  EXPECT_EQ(message_of([&] { ops::bitwise_and(floats({1}), floats({1})); }),
            "bitwise_and is not implemented for float64");
  EXPECT_EQ(message_of([&] { ops::clamp(floats({1}), {}, {}); }), "min and max are both NULL");
  EXPECT_EQ(message_of([&] { ops::add_(ints({1}), floats({1.5}, DType::kFloat32)); }),
            "the result is float32, which input, of int64, cannot hold");
  EXPECT_EQ(message_of([&] {
              ops::add_(floats({1}), floats({1, 2}));
            }),
            "the result has shape [2], which input, of shape [1], cannot hold");
  EXPECT_EQ(message_of([&] {
              ops::glu(floats({1, 2, 3}), 0);
            }),
            "the size of dimension 0 of input must be even, got 3");
  EXPECT_EQ(message_of([&] { ops::add_scaled(ints({1}), ints({2}), 0.5); }),
            "alpha is 0.5, expected a whole number for integer tensors");
  // What fails changes nothing.
  const Tensor target = ints({5});
  EXPECT_NE(message_of([&] { ops::remainder_(target, ints({0})); }), "no error");
  EXPECT_EQ(at(target, 0), 5);
}

// Every public row has its C functions: this does not compile, or link, without them.
TEST(Pointwise, EveryRowHasItsCFunctions) {
  using Pointer = void (*)();
#define TT_ADDRESS(name, ...) reinterpret_cast<Pointer>(&tt_##name),
#define TT_ADDRESS_INPLACE(name, ...) TT_ADDRESS(name) reinterpret_cast<Pointer>(&tt_##name##_),
#define TT_ADDRESS_SCALAR(name, ...) \
  TT_ADDRESS_INPLACE(name)           \
  reinterpret_cast<Pointer>(&tt_##name##_scalar), reinterpret_cast<Pointer>(&tt_##name##_scalar_),
  const Pointer functions[] = {TT_UNARY_INPLACE(TT_ADDRESS_INPLACE) TT_UNARY_OUT(TT_ADDRESS)
                                   TT_UNARY_PARAMS(TT_ADDRESS) TT_BINARY_SCALAR(TT_ADDRESS_SCALAR)
                                       TT_BINARY_INPLACE(TT_ADDRESS_INPLACE) TT_BINARY_OUT(TT_ADDRESS)};
  for (const Pointer function : functions) EXPECT_NE(function, nullptr);
  EXPECT_GT(std::size(functions), 150u);
}

TEST(Pointwise, ThroughTheCApi) {
  const float values[] = {1, -2, 3};
  const int64_t sizes[] = {3};
  tt_tensor* x = nullptr;
  ASSERT_EQ(tt_from_data(values, sizes, 1, TT_FLOAT32, &x), TT_OK);
  tt_tensor* y = nullptr;
  ASSERT_EQ(tt_rsub_scalar(x, 1.0, &y), TT_OK);
  void* data = nullptr;
  ASSERT_EQ(tt_tensor_data(y, &data), TT_OK);
  EXPECT_EQ(static_cast<float*>(data)[1], 3.0f);
  tt_tensor_release(y);
  EXPECT_EQ(tt_gelu(x, 7, &y), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(y, nullptr);
  EXPECT_STREQ(tt_last_error(), "tt_gelu: approximate is 7, expected TT_GELU_NONE (0) or TT_GELU_TANH (1)");
  EXPECT_EQ(tt_clamp(x, nullptr, nullptr, &y), TT_ERR_INVALID_ARGUMENT);
  tt_tensor_release(x);
  ASSERT_EQ(tt_ones(sizes, 1, TT_UINT8, &x), TT_OK);
  EXPECT_EQ(tt_addcmul(x, x, x, 300, &y), TT_ERR_INVALID_ARGUMENT);
  EXPECT_STREQ(tt_last_error(),
               "tt_addcmul: value cannot be converted to type uint8 without overflow, got 300");
  ASSERT_EQ(tt_addcmul_(x, x, x, -1), TT_OK);
  ASSERT_EQ(tt_tensor_data(x, &data), TT_OK);
  EXPECT_EQ(static_cast<uint8_t*>(data)[2], 0);
  tt_tensor_release(x);
}

}  // namespace
