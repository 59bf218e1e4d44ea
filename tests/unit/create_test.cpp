// Making tensors: lengths, exactness, and numbers that do not fit.
#include "autograd_check.h"

using namespace tt;
using namespace tt::test;

TEST(Create, ArangeLengths) {
  EXPECT_EQ(ops::arange(0.0, 1.0, 0.1, DType::kFloat32).numel(), 10);
  EXPECT_EQ(ops::arange(1.0, 10.0, 3.0, DType::kFloat32).numel(), 3);
  EXPECT_EQ(ops::arange(5.0, 0.0, -2.0, DType::kInt64).numel(), 3);
  EXPECT_EQ(ops::arange(2.0, 2.0, 1.0, DType::kFloat32).numel(), 0);
  const int64_t big = (int64_t{1} << 53) + 1;
  const Tensor exact = ops::arange(big, big + 3, int64_t{1}, DType::kInt64);
  ASSERT_EQ(exact.numel(), 3);
  EXPECT_EQ(exact.data<int64_t>()[2], big + 2);
  EXPECT_EQ(message_of([] { ops::arange(0.0, 5.0, 0.0, DType::kFloat32); }), "step must be nonzero");
  EXPECT_EQ(message_of([] { ops::arange(0.0, 5.0, -1.0, DType::kFloat32); }),
            "upper bound and lower bound inconsistent with step sign");
  EXPECT_EQ(message_of([] { ops::arange(INT64_MIN, INT64_MAX, int64_t{1}, DType::kInt64); }),
            "invalid size, possible overflow?");
}

TEST(Create, LinspaceEndsAreExact) {
  const Tensor t = ops::linspace(-0.1, 0.7, 7, DType::kFloat64);
  EXPECT_EQ(t.data<double>()[0], -0.1);
  EXPECT_EQ(t.data<double>()[6], 0.7);
  EXPECT_EQ(ops::linspace(2.0, 5.0, 1, DType::kFloat32).data<float>()[0], 2.0f);
  EXPECT_EQ(ops::linspace(0.0, 1.0, 0, DType::kFloat32).numel(), 0);
}

TEST(Create, NumbersThatDoNotFit) {
  EXPECT_EQ(message_of([] { ops::full({2}, 300.0, DType::kUInt8); }),
            "value cannot be converted to type uint8 without overflow, got 300");
  message_of([] { ops::full({2}, 1e6, DType::kFloat16); });
  message_of([] { ops::full({2}, std::nan(""), DType::kInt64); });
  EXPECT_TRUE(std::isinf(static_cast<float>(ops::full({1}, INFINITY, DType::kFloat16).data<Half>()[0])));
}

TEST(Create, OneHotAndEye) {
  const Tensor classes = ops::arange(0, 3, 1, DType::kInt64);
  const Tensor hot = ops::one_hot(classes);
  const Tensor eye = ops::eye(3, 3, DType::kInt64);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(hot.data<int64_t>()[i], eye.data<int64_t>()[i]);
  EXPECT_EQ(message_of([&] { ops::one_hot(classes, 2); }),
            "Class values must be smaller than num_classes (2), got 2");
  EXPECT_EQ(message_of([&] { ops::one_hot(classes, 0); }), "num_classes should be positive, got 0");
  EXPECT_EQ(message_of([&] { ops::one_hot(ops::sub(classes, 1), 5); }),
            "Class values must be non-negative, got -1");
  EXPECT_EQ(ops::one_hot(classes, 5).sizes(), (Dims{3, 5}));
}

TEST(Create, EmptyStridedChecksOverflow) {
  EXPECT_EQ(ops::empty_strided({2, 3}, {1, 2}, DType::kFloat32).strides(), (Dims{1, 2}));
  message_of([] { ops::empty_strided({2, 3}, {INT64_MAX, 2}, DType::kFloat32); });
}
