// More than 2^31 elements. Left out where the device has no room for them.
#include "device.h"

namespace tt::device_test {
namespace {

TEST(DeviceLarge, CountsBeyond32Bits) {
  const int64_t n = (int64_t{1} << 31) + 353;  // 1 more than a multiple of 1000
  Tensor x;
  try {
    if (ops::zeros({int64_t{16} << 30}, DType::kUInt8, kCuda).numel() == 0) return;
    x = ops::full({n}, 1, DType::kInt8, kCuda);
  } catch (const Error& error) {
    GTEST_SKIP() << error.message();
  }
  const auto item = [](const Tensor& t) { return *ops::to_device(t, Device{}).data<int64_t>(); };
  EXPECT_EQ(item(ops::sum(x)), n);
  ops::fill_(ops::slice(x, 0, n - 3), 5);
  ops::add_(x, x);
  EXPECT_EQ(item(ops::sum(x)), 2 * n + 3 * 8);
  EXPECT_EQ(item(ops::argmax(x)), n - 3);
  const Tensor pairs = ops::view(ops::slice(x, 0, 1), {-1, 1000});
  EXPECT_EQ(item(ops::sum(ops::select(ops::sum(pairs, std::vector<int64_t>{0}), 0, 999))),
            2 * (n - 1) / 1000 + 8);
  const Tensor strided = ops::slice(x, 0, 0, std::nullopt, 2);
  EXPECT_EQ(item(ops::sum(ops::mul(strided, strided))), (n + 1) / 2 * 4 + 2 * 96);
  // Dense kernels, too.
  const Tensor halves = ops::add(ops::full({n}, 1, DType::kFloat16, kCuda), 1.0);
  EXPECT_TRUE(ops::equal(halves, ops::full({n}, 2, DType::kFloat16, kCuda)));
  const Tensor last = ops::gather(x, 0, on_cuda(ops::full({1}, n - 1, DType::kInt64)));
  EXPECT_EQ(item(ops::to_dtype(last, DType::kInt64)), 10);
}

}  // namespace
}  // namespace tt::device_test
