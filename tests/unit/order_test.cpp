#include "ops/sort/order.h"

#include <gtest/gtest.h>

#include <cmath>

#include "autograd/engine.h"
#include "ops/ops.h"

using namespace tt;

namespace {
Tensor floats(std::initializer_list<float> values) {
  const Tensor t = empty({static_cast<int64_t>(values.size())}, DType::kFloat32);
  std::copy(values.begin(), values.end(), t.data<float>());
  return t;
}
}  // namespace

TEST(Order, SortIsStableAndPutsNanLast) {
  const Tensor x = floats({1, NAN, -0.0f, 0, 3, INFINITY});
  const int64_t up[] = {2, 3, 0, 4, 5, 1}, down[] = {1, 5, 4, 0, 2, 3};
  const Tensor a = ops::argsort(x), d = ops::argsort(x, -1, true);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(a.data<int64_t>()[i], up[i]);
    EXPECT_EQ(d.data<int64_t>()[i], down[i]);
  }
}

TEST(Order, LongSortsAgreeWithShortOnes) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kInt16}) {
    const Tensor wide = empty({5000}, DType::kInt64);
    for (int64_t i = 0; i < 5000; ++i) wide.data<int64_t>()[i] = (i * 7919) % 3001 - 1500;
    const Tensor x = ops::to_dtype(wide, dtype);
    const ops::ValuesAndIndices s = ops::sort(x);
    const Tensor v = ops::to_dtype(s.values, DType::kInt64);
    for (int64_t i = 1; i < 5000; ++i) {
      const int64_t before = v.data<int64_t>()[i - 1], here = v.data<int64_t>()[i];
      ASSERT_LE(before, here);
      if (before == here) {
        ASSERT_LT(s.indices.data<int64_t>()[i - 1], s.indices.data<int64_t>()[i]);
      }
      ASSERT_EQ(wide.data<int64_t>()[s.indices.data<int64_t>()[i]], here);
    }
  }
}

TEST(Order, SelectionAndMedian) {
  const Tensor x = floats({5, 1, 4, 2});
  const ops::ValuesAndIndices top = ops::topk(x, 2);
  EXPECT_EQ(top.values.data<float>()[0], 5.0f);
  EXPECT_EQ(top.indices.data<int64_t>()[1], 2);
  EXPECT_EQ(*ops::median(x).data<float>(), 2.0f);
  EXPECT_EQ(*ops::kthvalue(x, 3).values.data<float>(), 4.0f);
  EXPECT_THROW(ops::topk(x, 5), Error);
  EXPECT_THROW(ops::kthvalue(x, 0), Error);
}

TEST(Order, CumprodGradientWithZeros) {
  const Tensor x = floats({2, 0, 3});
  set_requires_grad(x, true);
  const Tensor roots[] = {ops::sum(ops::cumprod(x, 0))};
  backward(roots, {}, {});
  EXPECT_EQ(x.grad().data<float>()[0], 1.0f);
  EXPECT_EQ(x.grad().data<float>()[1], 8.0f);  // 2 + 2 * 3
  EXPECT_EQ(x.grad().data<float>()[2], 0.0f);
}

TEST(Order, UniqueAndCounts) {
  const ops::Unique u = ops::unique(floats({NAN, 1, NAN, -0.0f, 0}), true, true);
  EXPECT_EQ(u.values.numel(), 4);
  const int64_t inverse[] = {2, 1, 3, 0, 0};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(u.inverse.data<int64_t>()[i], inverse[i]);
  EXPECT_EQ(u.counts.data<int64_t>()[0], 2);
  const Tensor h = ops::histc(floats({1, 1, 1}), 3);
  EXPECT_EQ(h.data<float>()[1], 3.0f);
}
