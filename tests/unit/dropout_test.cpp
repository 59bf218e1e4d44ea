#include "ops/random/dropout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/gradients.h"

using namespace tt;
using namespace tt::testing;

namespace {

Ref<Generator> seeded(uint64_t seed) { return Ref<Generator>::adopt(new Generator(Engine::kMt19937, seed)); }

}  // namespace

// torch.manual_seed(0); torch.nn.functional.dropout(torch.ones(20), 0.3)
TEST(Dropout, MaskIsPyTorchs) {
  manual_seed(0);
  const Tensor y = ops::dropout(ops::ones({20}, DType::kFloat32), 0.3);
  const char kept[] = "00101011111111111110";
  for (int i = 0; i < 20; ++i) EXPECT_FLOAT_EQ(y.data<float>()[i], kept[i] == '1' ? 1 / 0.7f : 0.0f) << i;
}

// A transposed input's mask is drawn in the order of its memory.
TEST(Dropout, MaskFollowsMemory) {
  const Tensor x = ops::ones({5, 7}, DType::kFloat32);
  const auto a = seeded(3), b = seeded(3);
  const Tensor y = ops::dropout(x, 0.5, true, a.get());
  const Tensor z =
      ops::contiguous(ops::transpose(ops::dropout(ops::transpose(x, 0, 1), 0.5, true, b.get()), 0, 1));
  for (int64_t i = 0; i < y.numel(); ++i) EXPECT_EQ(y.data<float>()[i], z.data<float>()[i]);
}

TEST(Dropout, ExtremesDrawNothing) {
  const Tensor x = tensor_of<float>({3}, {1, -2, 3});
  const auto used = seeded(5), fresh = seeded(5);
  EXPECT_TRUE(ops::dropout(x, 0, true, used.get()).is_same(x));
  EXPECT_TRUE(ops::dropout(x, 0.5, false, used.get()).is_same(x));
  const Tensor none = ops::dropout(x, 1, true, used.get());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(none.data<float>()[i], 0.0f);
  EXPECT_EQ(used->get_state(), fresh->get_state());
}

TEST(Dropout, GradientIsTheMask) {
  const Tensor x = ops::ones({50}, DType::kFloat64);
  set_requires_grad(x, true);
  const Tensor y = ops::dropout(x, 0.4);
  const Tensor root[] = {ops::sum(y)};
  backward(root, {}, {});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(x.grad().data<double>()[i], y.data<double>()[i]);
}

TEST(Dropout, Messages) {
  const Tensor x = ops::ones({3}, DType::kFloat32);
  EXPECT_EQ(message_of([&] { ops::dropout(x, -0.5); }), "p is -0.5, expected a number from 0 to 1");
  EXPECT_EQ(message_of([&] { ops::dropout(x, 1.5, false); }), "p is 1.5, expected a number from 0 to 1");
  EXPECT_EQ(message_of([&] { ops::dropout(x, std::numeric_limits<double>::quiet_NaN()); }),
            "p is nan, expected a number from 0 to 1");
  EXPECT_EQ(message_of([&] { ops::dropout(ops::ones({3}, DType::kInt64), 0.5); }),
            "dropout is not implemented for int64 in training");
}

TEST(Bernoulli, TheProbabilitiesGradientIsZero) {
  const Tensor p = ops::full({20}, 0.5, DType::kFloat64);
  set_requires_grad(p, true);
  const Tensor y = ops::bernoulli(p);
  EXPECT_TRUE(y.requires_grad());
  const Tensor root[] = {ops::sum(y)};
  backward(root, {}, {});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(p.grad().data<double>()[i], 0);
  const GradMode off(false);
  EXPECT_FALSE(ops::bernoulli(p).requires_grad());
}
