// batch_norm and relu as one op, which must not be told from the two.
#include <limits>

#include "joined_check.h"
#include "random/generator.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/norm.h"

namespace tt {
namespace {

using nn::Module;

struct Statistics {
  Tensor mean, var;
  Statistics(int64_t channels, DType dtype)
      : mean(ops::full({channels}, 0.1, dtype)), var(ops::full({channels}, 0.9, dtype)) {}
};

// Values, gradients and running statistics of both.
void expect_same(const Tensor& x, bool affine, bool training, const std::string& what) {
  const int64_t channels = x.size(1);
  const Tensor w = affine ? random({channels}, x.dtype()) : Tensor();
  const Tensor b = affine ? random({channels}, x.dtype()) : Tensor();
  const Statistics first(channels, x.dtype()), second(channels, x.dtype());
  const Tensor one = ops::batch_norm_relu(x, first.mean, first.var, w, b, training, 0.1, 1e-5);
  const Tensor two = ops::relu(ops::batch_norm(x, second.mean, second.var, w, b, training, 0.1, 1e-5));
  EXPECT_TRUE(same_bits(one, two)) << what;
  EXPECT_TRUE(same_bits(first.mean, second.mean) && same_bits(first.var, second.var)) << what;
  EXPECT_EQ(grad_fn(one)->display_name(), grad_fn(two)->display_name());
  std::vector<Tensor> inputs{x};
  if (affine) inputs.insert(inputs.end(), {w, b});
  const Tensor g = ops::to_dtype(ops::randn(one.sizes(), DType::kFloat32), one.dtype());
  const Tensors a = grad(std::vector{one}, inputs, std::vector{g}, {});
  const Tensors c = grad(std::vector{two}, inputs, std::vector{g}, {});
  for (size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(same_bits(a[i], c[i])) << what << ", gradient " << i;
}

TEST(NormRelu, IsNormAndRelu) {
  const Dims shapes[] = {{7, 5}, {300, 70}, {4, 3, 9}, {2, 6, 5, 7}, {3, 2, 40, 33}};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    for (const Dims& shape : shapes) {
      for (const bool training : {true, false}) {
        for (const bool affine : {true, false}) {
          expect_same(random(shape, dtype), affine, training,
                      str(name(dtype), " ", shape, training ? " training" : "", affine ? " affine" : ""));
        }
      }
    }
    expect_same(ops::transpose(random({5, 4, 6}, dtype), 0, 1), true, true, "transposed");
  }
}

TEST(NormRelu, KeepsNan) {
  const Tensor x = random({4, 2}, DType::kFloat32);
  const GradMode off(false);
  ops::fill_(ops::select(x, 1, 0), std::numeric_limits<double>::quiet_NaN());
  const Tensor y = ops::batch_norm_relu(x, {}, {}, {}, {}, true, 0.1, 1e-5);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(std::isnan(y.data<float>()[2 * i]));
    EXPECT_GE(y.data<float>()[2 * i + 1], 0);
  }
}

TEST(NormRelu, Gradients) {
  const Tensor w = ops::sub(test::distinct({3}), 0.4), b = ops::sub(test::distinct({3}), 0.15);
  const Tensor x = ops::mul(ops::sin(ops::mul(test::distinct({6, 3}), 17.0)), 2.0);
  for (const bool training : {true, false}) {
    const Statistics s(3, DType::kFloat64);
    const auto f = [&](const Tensor& input, const Tensor& weight, const Tensor& bias) {
      return ops::batch_norm_relu(input, ops::clone(s.mean), ops::clone(s.var), weight, bias, training, 0.1,
                                  1e-5);
    };
    const Tensor y = f(x, w, b);
    const double* values = y.data<double>();
    const auto zeros = std::count(values, values + 18, 0.0);
    EXPECT_TRUE(zeros > 0 && zeros < 18) << zeros;
    test::expect_gradients([&](const Tensor& t) { return f(t, w, b); }, ops::clone(x));
    test::expect_gradients([&](const Tensor& t) { return f(x, t, b); }, ops::clone(w));
    test::expect_gradients([&](const Tensor& t) { return f(x, w, t); }, ops::clone(b));
  }
}

TEST(NormRelu, ChangedResultsAreFound) {
  const Tensor y = ops::batch_norm_relu(random({4, 3}, DType::kFloat32), {}, {}, {}, {}, true, 0.1, 1e-5);
  ops::add_(y, 1.0);
  const std::string message = test::message_of([&] { backward(std::vector{ops::sum(y)}, {}, {}); });
  EXPECT_NE(message.find("written to in place"), std::string::npos) << message;
}

TEST(NormRelu, SequentialJoinsThemWhereNobodyLooks) {
  manual_seed(5);
  const Ref<Module> norm = make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k2d, 3, nn::NormOptions{});
  const Ref<Module> children[] = {norm, nn::activation("ReLU")};
  const Ref<nn::Sequential> net = make_ref<nn::Sequential>(children);
  const Tensor x = random({4, 3, 5, 5}, DType::kFloat32);
  const Tensor joined = (*net)(x);
  EXPECT_TRUE(grad_fn(joined)->edge(0).node->is_accumulator());
  EXPECT_EQ(*net->get_buffer("0.num_batches_tracked").data<int64_t>(), 1);
  int calls = 0;
  const uint64_t id =
      norm->add_forward_hook([&](Module&, std::span<const Tensor>, std::span<Tensor>) { ++calls; });
  const Tensor apart = (*net)(x);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(grad_fn(apart)->edge(0).node->is_accumulator());
  EXPECT_TRUE(same_bits(joined, apart));
  EXPECT_EQ(*net->get_buffer("0.num_batches_tracked").data<int64_t>(), 2);
  norm->remove_hook(id);
  net->train(false);
  EXPECT_TRUE(same_bits((*net)(x), ops::relu((*norm)(x))));
}

}  // namespace
}  // namespace tt
