// conv2d and relu as one op, which must not be told from the two.
#include <limits>

#include "autograd/autocast_mode.h"
#include "joined_check.h"
#include "random/generator.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/conv.h"

namespace tt {
namespace {

using nn::Module;

// Values and gradients of both, of every choice among the inputs.
void expect_same(const Tensor& x, const Tensor& w, const Tensor& b, const ops::ConvOptions& options,
                 const std::string& what) {
  const Tensor one = ops::conv2d_relu(x, w, b, options), two = ops::relu(ops::conv2d(x, w, b, options));
  EXPECT_TRUE(same_bits(one, two)) << what;
  EXPECT_EQ(one.requires_grad(), two.requires_grad()) << what;
  if (!one.requires_grad()) return;
  EXPECT_EQ(grad_fn(one)->display_name(), grad_fn(two)->display_name());
  std::vector<Tensor> all;
  for (const Tensor& t : {x, w, b}) {
    if (t.defined() && t.requires_grad()) all.push_back(t);
  }
  const Tensor g = ops::to_dtype(ops::randn(one.sizes(), DType::kFloat32), one.dtype());
  for (unsigned choice = 1; choice < 1u << all.size(); ++choice) {
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((choice >> i & 1) != 0) inputs.push_back(all[i]);
    }
    const Tensors first = grad(std::vector{one}, inputs, std::vector{g}, {.retain_graph = true});
    const Tensors second = grad(std::vector{two}, inputs, std::vector{g}, {.retain_graph = true});
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(same_bits(first[i], second[i])) << what << ", choice " << choice << ", gradient " << i;
    }
  }
}

TEST(ConvRelu, IsConvAndRelu) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16,
                            DType::kInt32, DType::kInt8, DType::kUInt8}) {
    const std::string what(name(dtype));
    const Tensor x = random({3, 4, 9, 8}, dtype), w = random({6, 4, 3, 3}, dtype), b = random({6}, dtype);
    expect_same(x, w, b, {}, what);
    expect_same(x, w, Tensor(), {{2, 1}, {1, 2}, {1, 2}}, what + " without a bias");
    expect_same(x, random({6, 2, 3, 2}, dtype), b, {{1, 2}, {0, 1}, {1, 1}, 2}, what + " in groups");
    expect_same(ops::transpose(random({4, 3, 9, 8}, dtype), 0, 1), w, b, {}, what + " transposed");
    expect_same(random({4, 9, 8}, dtype), w, b, {}, what + " without a batch");
    expect_same(random({0, 4, 9, 8}, dtype), w, b, {}, what + " without images");
    expect_same(random({2, 0, 9, 8}, dtype), random({6, 0, 3, 3}, dtype), b, {}, what + " without channels");
  }
  const Tensor x = random({2, 3, 5, 5}, DType::kFloat32), w = random({4, 3, 3, 3}, DType::kFloat32);
  EXPECT_TRUE(same_bits(ops::conv2d_relu(x, w, {}, {.padding_kind = ops::PaddingKind::kSame}),
                        ops::relu(ops::conv2d(x, w, {}, {.padding_kind = ops::PaddingKind::kSame}))));
}

TEST(ConvRelu, KeepsNanAndTheSignsOfZero) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                   kInfinity = std::numeric_limits<double>::infinity();
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    const Tensor x = ops::ones({1, 1, 2, 2}, dtype), w = ops::zeros({7, 1, 1, 1}, dtype);
    const double special[] = {kNan, -0.0, 0, kInfinity, -kInfinity, -1e-3, 1e-3};
    for (int i = 0; i < 7; ++i) ops::fill_(ops::select(w, 0, i), special[i]);
    set_requires_grad(w, true);
    expect_same(x, w, Tensor(), {}, "special values");
    const Tensor y = ops::conv2d_relu(x, w, Tensor());
    EXPECT_TRUE(std::isnan(*ops::to_dtype(y, DType::kFloat64).data<double>()));
    // Products that round to a negative zero.
    expect_same(ops::full({1, 80, 2, 2}, 6e-8, dtype), ops::full({3, 80, 1, 1}, -6e-8, dtype), Tensor(), {},
                "small values");
  }
}

TEST(ConvRelu, Gradients) {
  const Tensor x = ops::sub(test::distinct({2, 2, 4, 4}), 1.3),
               w = ops::sub(test::distinct({3, 2, 3, 3}), 0.9), b = ops::sub(test::distinct({3}), 0.55);
  const ops::ConvOptions options{{2, 1}, {1, 0}};
  const Tensor y = ops::conv2d_relu(x, w, b, options);
  const auto zeros = std::count(y.data<double>(), y.data<double>() + y.numel(), 0.0);
  EXPECT_TRUE(zeros > 0 && zeros < y.numel()) << zeros;
  test::expect_gradients([&](const Tensor& t) { return ops::conv2d_relu(t, w, b, options); }, ops::clone(x));
  test::expect_gradients([&](const Tensor& t) { return ops::conv2d_relu(x, t, b, options); }, ops::clone(w));
  test::expect_gradients([&](const Tensor& t) { return ops::conv2d_relu(x, w, t, options); }, ops::clone(b));
}

TEST(ConvRelu, ChangedTensorsAreFound) {
  const Tensor x = random({1, 2, 4, 4}, DType::kFloat32), w = random({3, 2, 3, 3}, DType::kFloat32);
  for (const bool result : {true, false}) {
    const Tensor scaled = ops::mul(w, 1.0);
    const Tensor y = ops::conv2d_relu(x, scaled, Tensor());
    ops::add_(result ? y : scaled, 1.0);
    const std::string message = test::message_of([&] { backward(std::vector{ops::sum(y)}, {}, {}); });
    EXPECT_NE(message.find("written to in place"), std::string::npos) << message;
  }
}

TEST(ConvRelu, Messages) {
  const Tensor x = random({1, 2, 4, 4}, DType::kFloat32), w = random({3, 5, 3, 3}, DType::kFloat32);
  EXPECT_EQ(test::message_of([&] { ops::conv2d_relu(x, w, Tensor()); }),
            test::message_of([&] { ops::conv2d(x, w, Tensor()); }));
}

TEST(ConvRelu, UnderAutocast) {
  const Tensor x = random({2, 3, 6, 5}, DType::kFloat32), w = random({7, 3, 2, 2}, DType::kFloat32),
               b = random({7}, DType::kFloat32);
  AutocastMode mode;
  mode.on = true;
  mode.dtype = DType::kBFloat16;
  set_autocast_mode(DeviceType::kCpu, mode);
  EXPECT_EQ(ops::conv2d_relu(x, w, b).dtype(), DType::kBFloat16);
  expect_same(x, w, b, {}, "autocast");
  set_autocast_mode(DeviceType::kCpu, {});
}

TEST(ConvRelu, SequentialJoinsThemWhereNobodyLooks) {
  manual_seed(5);
  const int64_t kernel[] = {3, 3};
  for (const bool named : {false, true}) {
    ops::ConvOptions options;
    if (named) options.padding_kind = ops::PaddingKind::kSame;
    const Ref<Module> conv = make_ref<nn::Conv>(2, 3, 4, kernel, options);
    const Ref<Module> children[] = {conv, nn::activation("ReLU")};
    const Ref<nn::Sequential> net = make_ref<nn::Sequential>(children);
    const Tensor x = random({2, 3, 5, 5}, DType::kFloat32);
    const Tensor joined = (*net)(x);
    EXPECT_TRUE(grad_fn(joined)->edge(0).node->is_accumulator());
    int calls = 0;
    const uint64_t id =
        conv->add_forward_hook([&](Module&, std::span<const Tensor>, std::span<Tensor>) { ++calls; });
    const Tensor apart = (*net)(x);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(grad_fn(apart)->edge(0).node->is_accumulator());
    EXPECT_TRUE(same_bits(joined, apart));
    conv->remove_hook(id);
    EXPECT_TRUE(same_bits((*net)(ops::select(x, 0, 1)), ops::select(apart, 0, 1)));
  }
}

}  // namespace
}  // namespace tt
