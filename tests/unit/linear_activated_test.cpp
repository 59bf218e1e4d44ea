// linear and an activation as one op, which must not be told from the two.
#include <limits>

#include "joined_check.h"
#include "autograd/autocast_mode.h"
#include "random/generator.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/linear.h"

namespace tt {
namespace {

using nn::Module;

constexpr UnaryOp kActivations[] = {UnaryOp::relu, UnaryOp::sigmoid, UnaryOp::tanh};

// Values and gradients of both.
void expect_same(const Tensor& x, const Tensor& w, const Tensor& b, const std::string& which) {
  for (const UnaryOp activation : kActivations) {
    const std::string what = str(which, ", ", name(activation));
    const Tensor one = ops::linear_activated(x, w, b, activation),
                 two = ops::unary(activation, ops::linear(x, w, b));
    EXPECT_TRUE(same_bits(one, two)) << what;
    EXPECT_EQ(one.requires_grad(), two.requires_grad()) << what;
    if (!one.requires_grad()) continue;
    EXPECT_EQ(grad_fn(one)->display_name(), grad_fn(two)->display_name());
    std::vector<Tensor> inputs{x, w};
    if (b.defined()) inputs.push_back(b);
    const Tensor g = ops::to_dtype(ops::randn(one.sizes(), DType::kFloat32), one.dtype());
    const Tensors first = grad(std::vector{one}, inputs, std::vector{g}, {});
    const Tensors second = grad(std::vector{two}, inputs, std::vector{g}, {});
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(same_bits(first[i], second[i])) << what << ", gradient " << i;
    }
  }
}

TEST(LinearActivated, IsLinearAndItsActivation) {
  const int64_t shapes[][3] = {{1, 1, 1},   {3, 5, 4},   {1, 300, 70},   {20, 6, 8},
                               {700, 1, 4}, {40, 1, 90}, {70, 130, 600}, {0, 3, 4}};
  for (const DType dtype :
       {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16, DType::kInt32, DType::kUInt8}) {
    for (const auto& [rows, out, in] : shapes) {
      const std::string what = str(name(dtype), " ", rows, " x ", in, " to ", out);
      const Tensor x = random({rows, in}, dtype), w = random({out, in}, dtype);
      expect_same(x, w, random({out}, dtype), what);
      expect_same(x, w, Tensor(), what + " without a bias");
      expect_same(x, w, random({1}, dtype), what + " with one bias for all");
    }
    expect_same(random({2, 3, 4, 6}, dtype), random({5, 6}, dtype), random({5}, dtype), "batches");
    expect_same(random({6}, dtype), random({5, 6}, dtype), random({5}, dtype), "a vector");
    expect_same(random({4, 6}, dtype), random({6}, dtype), Tensor(), "a vector of weights");
    expect_same(ops::t(random({6, 4}, dtype)), ops::t(random({6, 5}, dtype)), random({5}, dtype),
                "transposed");
    expect_same(random({4, 0}, dtype), random({5, 0}, dtype), random({5}, dtype), "nothing to add up");
  }
}

TEST(LinearActivated, KeepsNanAndTheSignsOfZero) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                   kInfinity = std::numeric_limits<double>::infinity();
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    const Tensor x = ops::ones({1, 1}, dtype);
    const Tensor w = ops::zeros({7, 1}, dtype);
    const double special[] = {kNan, -0.0, 0, kInfinity, -kInfinity, -1e-3, 1e-3};
    for (int i = 0; i < 7; ++i) ops::fill_(ops::select(w, 0, i), special[i]);
    expect_same(x, w, Tensor(), "special values");
    // A product that rounds to a negative zero.
    const Tensor small = ops::full({1, 80}, 6e-8, dtype);
    expect_same(small, ops::full({3, 80}, -6e-8, dtype), Tensor(), "small values");
  }
  const Tensor y =
      ops::linear_relu(ops::full({1, 1}, kNan, DType::kFloat16), ops::ones({2, 1}, DType::kFloat16), {});
  EXPECT_TRUE(std::isnan(static_cast<float>(y.data<Half>()[0])));
}

TEST(LinearActivated, Gradients) {
  const Tensor x = test::distinct({3, 4}), w = ops::sub(test::distinct({5, 4}), 1.3),
               b = ops::sub(test::distinct({5}), 2.05);
  const Tensor y = ops::linear_relu(x, w, b);
  // Both kinds of results, none near the kink.
  const double* values = y.data<double>();
  EXPECT_EQ(std::count(values, values + 15, 0.0) % 15 > 0, true);
  for (const UnaryOp activation : kActivations) {
    const auto f = [&](const Tensor& input, const Tensor& weight, const Tensor& bias) {
      return ops::linear_activated(input, weight, bias, activation);
    };
    test::expect_gradients([&](const Tensor& t) { return f(t, w, b); }, ops::clone(x));
    test::expect_gradients([&](const Tensor& t) { return f(x, t, b); }, ops::clone(w));
    test::expect_gradients([&](const Tensor& t) { return f(x, w, t); }, ops::clone(b));
    test::expect_gradients([&](const Tensor& t) { return f(x, ops::mul(w, t), Tensor()); },
                           test::distinct({5, 1}));
  }
}

TEST(LinearActivated, ChangedTensorsAreFound) {
  const Tensor x = random({2, 3}, DType::kFloat32), w = random({4, 3}, DType::kFloat32);
  for (const UnaryOp activation : kActivations) {
    for (const bool result : {true, false}) {
      const Tensor scaled = ops::mul(w, 1.0);
      const Tensor y = ops::linear_activated(x, scaled, Tensor(), activation);
      ops::add_(result ? y : scaled, 1.0);
      const std::string message = test::message_of([&] { backward(std::vector{ops::sum(y)}, {}, {}); });
      EXPECT_NE(message.find("written to in place"), std::string::npos) << message;
    }
  }
}

TEST(LinearActivated, Messages) {
  const Tensor x = random({2, 3}, DType::kFloat32), w = random({4, 5}, DType::kFloat32);
  EXPECT_EQ(test::message_of([&] { ops::linear_relu(x, w, Tensor()); }),
            test::message_of([&] { ops::linear(x, w, Tensor()); }));
}

TEST(LinearActivated, UnderAutocast) {
  const Tensor x = random({6, 5}, DType::kFloat32), w = random({7, 5}, DType::kFloat32),
               b = random({7}, DType::kFloat32);
  AutocastMode mode;
  mode.on = true;
  mode.dtype = DType::kBFloat16;
  set_autocast_mode(DeviceType::kCpu, mode);
  EXPECT_EQ(ops::linear_relu(x, w, b).dtype(), DType::kBFloat16);
  expect_same(x, w, b, "autocast");
  set_autocast_mode(DeviceType::kCpu, {});
}

// ---- in Sequential ----

Ref<nn::Sequential> network() {
  const Ref<Module> children[] = {
      make_ref<nn::Linear>(5, 8, true), nn::activation("ReLU"), make_ref<nn::Linear>(8, 8, false),
      nn::activation("ReLU"),           nn::activation("ReLU"), make_ref<nn::Linear>(8, 2, true)};
  return make_ref<nn::Sequential>(children);
}

// The nodes from a tensor back to the leaves along first inputs.
std::string ops_of(const Tensor& t) {
  std::string out;
  for (Ref<Node> node = grad_fn(t); node; node = node->inputs() > 0 ? node->edge(0).node : Ref<Node>()) {
    out += str(node->op_name(), " ");
  }
  return out;
}

TEST(LinearActivated, SequentialJoinsSigmoidAndTanh) {
  const Ref<Module> children[] = {make_ref<nn::Linear>(5, 8, true), nn::activation("Sigmoid"),
                                  make_ref<nn::Linear>(8, 8, false), nn::activation("Tanh"),
                                  make_ref<nn::Linear>(8, 2, true)};
  const Ref<nn::Sequential> net = make_ref<nn::Sequential>(children);
  const Tensor x = random({4, 5}, DType::kFloat32);
  EXPECT_EQ(ops_of((*net)(x)), "linear tanh sigmoid accumulate_grad ");
}

TEST(LinearActivated, SequentialJoinsThemWhereNobodyLooks) {
  manual_seed(5);
  const Ref<nn::Sequential> net = network();
  const Tensor x = random({4, 5}, DType::kFloat32);
  const Tensor joined = (*net)(x);
  EXPECT_EQ(ops_of(joined), "linear relu relu relu accumulate_grad ");
  // Hooks on either side of the seam see what passes it.
  std::vector<Tensor> seen;
  const auto look = [&](Module&, std::span<const Tensor>, std::span<Tensor> out) { seen.push_back(out[0]); };
  Module& first = net->get_submodule("0");
  Module& relu = net->get_submodule("3");
  const uint64_t after = first.add_forward_hook(look);
  const uint64_t before = relu.add_forward_pre_hook(
      [&](Module&, std::span<const Tensor> inputs, std::optional<Tensors>&) { seen.push_back(inputs[0]); });
  const Tensor apart = (*net)(x);
  EXPECT_EQ(ops_of(apart), "linear relu relu linear relu linear accumulate_grad ");
  EXPECT_TRUE(same_bits(joined, apart));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(same_bits(seen[0], ops::linear(x, first.get_parameter("weight"), first.get_parameter("bias"))));
  EXPECT_LT(*ops::min(seen[1]).data<float>(), 0);

  const Tensors parameters = net->parameters();
  const Tensor g = random(joined.sizes(), DType::kFloat32);
  const Tensors a = grad(std::vector{joined}, parameters, std::vector{g}, {});
  const Tensors b = grad(std::vector{apart}, parameters, std::vector{g}, {});
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same_bits(a[i], b[i])) << "parameter " << i;
  first.remove_hook(after);
  relu.remove_hook(before);
  EXPECT_EQ(ops_of((*net)(x)), ops_of(joined));
}

// A module that only has the name.
class Doubling final : public nn::Layer {
 public:
  Doubling() : Layer("ReLU") {}

 private:
  ~Doubling() override = default;
  Tensor forward(const Tensor& input) override { return ops::mul(input, 2.0); }
};

TEST(LinearActivated, OtherModulesOfTheNameAreCalled) {
  const Ref<Module> linear = make_ref<nn::Linear>(3, 3, true);
  const Ref<Module> children[] = {linear, make_ref<Doubling>()};
  const Ref<nn::Sequential> net = make_ref<nn::Sequential>(children);
  const Tensor x = random({2, 3}, DType::kFloat32);
  EXPECT_TRUE(same_bits((*net)(x), ops::mul((*linear)(x), 2.0)));
  EXPECT_EQ(net->children().size(), 2u);
}

}  // namespace
}  // namespace tt
