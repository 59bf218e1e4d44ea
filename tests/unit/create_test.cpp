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
  EXPECT_EQ(message_of([] { ops::arange(0.0, 5.0, 0.0, DType::kFloat32); }), "step must not be 0");
  EXPECT_EQ(message_of([] { ops::arange(0.0, 5.0, -1.0, DType::kFloat32); }), "step leads away from end");
  EXPECT_EQ(message_of([] { ops::arange(INT64_MIN, INT64_MAX, int64_t{1}, DType::kInt64); }),
            "there would be more elements than int64 counts");
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
  EXPECT_EQ(message_of([] { ops::linspace(0.0, 300.0, 3, DType::kUInt8); }),
            "end cannot be converted to type uint8 without overflow, got 300");
  EXPECT_EQ(message_of([] { ops::linspace(std::nan(""), 3.0, 3, DType::kInt64); }),
            "start cannot be converted to type int64 without overflow, got nan");
  EXPECT_EQ(message_of([] { ops::logspace(0.0, 20.0, 2, 10.0, DType::kInt32); }),
            "a power of base cannot be converted to type int32 without overflow, got 1e+20");
  EXPECT_EQ(ops::logspace(0.0, 2.9, 3, 10.0, DType::kUInt8).data<uint8_t>()[2], 100);
  EXPECT_EQ(message_of([] { ops::arange(0.0, 5.0, INFINITY, DType::kFloat32); }),
            "step is inf, expected a finite number");
  EXPECT_EQ(ops::arange(0, 300, 100, DType::kUInt8).numel(), 3);
  EXPECT_TRUE(std::isinf(static_cast<float>(ops::full({1}, INFINITY, DType::kFloat16).data<Half>()[0])));
}

TEST(Create, FactorsThatDoNotFit) {
  const Tensor m = ops::ones({2, 2}, DType::kUInt8), v = ops::ones({2}, DType::kUInt8);
  const Tensor batch = ops::ones({1, 2, 2}, DType::kUInt8), index = ops::zeros({2}, DType::kInt64);
  const Tensor longs = ops::ones({2, 2}, DType::kInt64);
  for (const double bad : {300.0, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    const std::string text = str(" cannot be converted to type uint8 without overflow, got ", bad);
    const std::string beta = "beta" + text, alpha = "alpha" + text;
    EXPECT_EQ(message_of([&] { ops::addmm(m, m, m, 1, bad); }), alpha);
    EXPECT_EQ(message_of([&] { ops::addmm(m, m, m, bad, 1); }), beta);
    EXPECT_EQ(message_of([&] { ops::addmm_(m, m, m, bad, 1); }), beta);
    EXPECT_EQ(message_of([&] { ops::addmv(v, m, v, 1, bad); }), alpha);
    EXPECT_EQ(message_of([&] { ops::baddbmm(batch, batch, batch, bad, 1); }), beta);
    EXPECT_EQ(message_of([&] { ops::baddbmm_(batch, batch, batch, 1, bad); }), alpha);
    EXPECT_EQ(message_of([&] { ops::index_add(m, 0, index, m, bad); }), alpha);
    EXPECT_EQ(message_of([&] { ops::index_add_(m, 0, index, ops::clone(m), bad); }), alpha);
    if (!std::isnan(bad)) {
      EXPECT_EQ(message_of([&] { ops::add_scaled(m, m, bad); }), alpha);
      EXPECT_EQ(message_of([&] { ops::sub_scaled_(m, m, bad); }), alpha);
    }
  }
  EXPECT_EQ(message_of([&] { ops::addmm(longs, longs, longs, 1, 0x1p63); }),
            "alpha cannot be converted to type int64 without overflow, got 9223372036854775808");
  // As in PyTorch, integers may be negative.
  EXPECT_EQ(ops::addmm(m, m, m, 1, -1).data<uint8_t>()[0], 255);
  EXPECT_EQ(ops::addmm(m, m, m, -1, 1).data<uint8_t>()[0], 1);
  EXPECT_EQ(ops::add_scaled(m, m, -1).data<uint8_t>()[0], 0);
  EXPECT_EQ(ops::sub_scaled(m, m, -1).data<uint8_t>()[0], 2);
  EXPECT_EQ(ops::addmm(longs, longs, longs, 1, 300).data<int64_t>()[0], 601);
  EXPECT_EQ(ops::addmm(m, m, m, 1, 2.5).data<uint8_t>()[0], 5);
  for (const double bad : {300.0, -1e9, static_cast<double>(NAN)}) {
    const Tensor mask = ops::ones({2, 2}, DType::kBool);
    const std::string message = str("value cannot be converted to type uint8 without overflow, got ", bad);
    EXPECT_EQ(message_of([&] { ops::masked_fill(m, mask, bad); }), message);
    EXPECT_EQ(message_of([&] { ops::masked_fill_(m, mask, bad); }), message);
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(m.data<uint8_t>()[i], 1);
}

TEST(Create, OneHotAndEye) {
  const Tensor classes = ops::arange(0, 3, 1, DType::kInt64);
  const Tensor hot = ops::one_hot(classes);
  const Tensor eye = ops::eye(3, 3, DType::kInt64);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(hot.data<int64_t>()[i], eye.data<int64_t>()[i]);
  EXPECT_EQ(message_of([&] { ops::one_hot(classes, 2); }), "input has the class 2, but num_classes is 2");
  EXPECT_EQ(message_of([&] { ops::one_hot(classes, 0); }), "num_classes is 0, expected 1 or more, or -1");
  EXPECT_EQ(message_of([&] { ops::one_hot(ops::sub(classes, 1), 5); }),
            "input has the class -1, expected 0 or more");
  EXPECT_EQ(ops::one_hot(classes, 5).sizes(), (Dims{3, 5}));
}

TEST(Create, EmptyStridedChecksOverflow) {
  EXPECT_EQ(ops::empty_strided({2, 3}, {1, 2}, DType::kFloat32).strides(), (Dims{1, 2}));
  message_of([] { ops::empty_strided({2, 3}, {INT64_MAX, 2}, DType::kFloat32); });
}
