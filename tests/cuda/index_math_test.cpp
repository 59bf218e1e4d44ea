// The index arithmetic and the sharing-out of work that the kernels use, on the CPU.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "cuda/index/index_math.h"
#include "cuda/reduce/reduce_math.h"
#include "ops/ops.h"

namespace tt::cuda {
namespace {

TEST(FastDivide, IsDivision) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const uint32_t divisor = std::max<uint32_t>(static_cast<uint32_t>(random() >> (random() % 31 + 1)), 1);
    const FastDivide divide(divisor);
    for (const uint32_t n :
         {0u, 1u, divisor - 1, divisor, divisor + 1, static_cast<uint32_t>(random() >> 1), 0x7fffffffu}) {
      if (n > 0x7fffffffu) continue;
      ASSERT_EQ(divide(n), n / divisor) << n << " / " << divisor;
    }
  }
  for (const uint32_t divisor : {1u, 2u, 3u, 0x40000000u, 0x40000001u, 0x7fffffffu}) {
    EXPECT_EQ(FastDivide(divisor)(0x7fffffffu), 0x7fffffffu / divisor);
  }
}

Loop some_loop() {
  static const Tensor a = ops::permute(ops::zeros({5, 7, 3}, DType::kFloat32), std::vector<int64_t>{2, 0, 1});
  static const Tensor b = ops::zeros({5, 1}, DType::kInt16);
  return make_loop(a.sizes(), {a, b});
}

// The offsets of every element, by counting.
std::multiset<std::pair<int64_t, int64_t>> by_counting(const Loop& loop) {
  std::multiset<std::pair<int64_t, int64_t>> out;
  int64_t index[kMaxDims] = {};
  for (int64_t i = 0; i < loop.numel; ++i) {
    int64_t a = 0, b = 0;
    for (int d = 0; d < loop.ndim; ++d) {
      a += index[d] * loop.strides[0][d];
      b += index[d] * loop.strides[1][d];
    }
    out.emplace(a, b);
    for (int d = 0; d < loop.ndim && ++index[d] == loop.sizes[d]; ++d) index[d] = 0;
  }
  return out;
}

TEST(OffsetMath, FindsEveryElement) {
  const Loop loop = some_loop();
  const OffsetMath<2> math(loop);
  std::multiset<std::pair<int64_t, int64_t>> found;
  for (uint32_t i = 0; i < loop.numel; ++i) {
    int64_t offset[2];
    math(i, offset);
    found.emplace(offset[0], offset[1]);
  }
  EXPECT_EQ(found, by_counting(loop));
}

TEST(WideOffsetMath, AgreesWithAndWithoutRealDivisions) {
  WideOffsetMath<2> narrow, wide;
  for (WideOffsetMath<2>* math : {&narrow, &wide}) {
    math->clear();
    math->add(6, {4, 400});
    math->add(10, {24, 0});
    math->add(9, {-240, 8});
    math->finish(math == &wide ? int64_t{1} << 31 : 540);
  }
  EXPECT_FALSE(narrow.wide);
  EXPECT_TRUE(wide.wide);
  for (int64_t i = 0; i < 540; ++i) {
    int64_t a[2], b[2];
    narrow(i, a);
    wide(i, b);
    EXPECT_EQ(a[0], b[0]);
    EXPECT_EQ(a[1], b[1]);
    EXPECT_EQ(a[0], i % 6 * 4 + i / 6 % 10 * 24 - i / 60 * 240);
  }
  int64_t far[2];
  wide(int64_t{1} << 40, far);
  EXPECT_EQ(far[1], (int64_t{1} << 40) % 6 * 400 + (int64_t{1} << 40) / 60 * 8);
}

TEST(ForEachPart, CoversTheLoopOnce) {
  const Loop loop = some_loop();
  std::multiset<std::pair<int64_t, int64_t>> found;
  for_each_part(
      loop,
      [&](const Loop& part) {
        EXPECT_GT(part.numel, 0);
        EXPECT_LE(part.numel, 4);
        for (const auto& [a, b] : by_counting(part)) {
          found.emplace(part.data[0] - loop.data[0] + a, part.data[1] - loop.data[1] + b);
        }
      },
      4);
  EXPECT_EQ(found, by_counting(loop));
}

TEST(ForEachPart, CutsWhatIsTooLargeFor32Bits) {
  Loop loop;
  loop.ndim = 1;
  loop.operands = 1;
  loop.sizes[0] = loop.numel = (int64_t{5} << 30) + 3;
  loop.strides[0][0] = 4;
  loop.data[0] = nullptr;
  int64_t next = 0;
  for_each_part(loop, [&](const Loop& part) {
    EXPECT_LE(part.numel, kMaxPart);
    EXPECT_EQ(reinterpret_cast<int64_t>(part.data[0]), next * 4);
    next += part.numel;
  });
  EXPECT_EQ(next, loop.numel);
}

TEST(PlanReduce, SharesOutEveryElementOnce) {
  for (const int64_t results : {1, 7, 300, 100'000}) {
    for (const int64_t count :
         {int64_t{1}, int64_t{33}, int64_t{5000}, int64_t{1'000'003}, int64_t{1} << 33}) {
      for (const bool across : {false, true}) {
        for (const int64_t together : {1, 2, 4, 16}) {
          const ReducePlan plan = plan_reduce(results, count, across, together, 132 * 2048);
          EXPECT_GE(plan.parts, 1);
          EXPECT_LE(plan.parts, 1024);
          EXPECT_GE(plan.parts * plan.part_size, count);
          EXPECT_LT((plan.parts - 1) * plan.part_size, count);
          EXPECT_EQ(plan.part_size % together, 0);
          EXPECT_GE(plan.block, 32);
          EXPECT_LE(plan.block, 256);
          EXPECT_EQ(plan.block & (plan.block - 1), 0);
        }
      }
    }
  }
  // One result keeps the device busy.
  for (const int64_t together : {1, 4, 16}) {
    EXPECT_GE(plan_reduce(1, int64_t{1} << 26, false, together, 132 * 2048).parts, 500);
  }
}

// Merged in any grouping, the accumulators give the same result, to rounding.
template <typename Op>
void check_merges(const std::vector<double>& x, double expected) {
  const ReduceArgs args{static_cast<double>(x.size()), 2, 1, false};
  for (const size_t group : {size_t{1}, size_t{3}, x.size()}) {
    auto total = Op::start();
    for (size_t begin = 0; begin < x.size(); begin += group) {
      auto part = Op::start();
      for (size_t i = begin; i < std::min(begin + group, x.size()); ++i) Op::step(part, x[i], args);
      Op::merge(total, part);
    }
    const double got = static_cast<double>(Op::result(total, args));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(got)) << got;
    } else if (std::isinf(expected)) {
      EXPECT_EQ(got, expected);
    } else {
      EXPECT_NEAR(got, expected, 1e-12 * (1 + std::fabs(expected)));
    }
  }
}

TEST(ReduceMath, MergesInAnyGrouping) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  check_merges<VarReduce<double>>({1, 2, 4, 8, 16}, 37.2);
  check_merges<LogSumExpReduce<double>>({0, std::log(2.0), std::log(3.0), -kInfinity}, std::log(6.0));
  check_merges<LogSumExpReduce<double>>({-kInfinity, -kInfinity}, -kInfinity);
  check_merges<LogSumExpReduce<double>>({1, kInfinity, 3, kInfinity}, kInfinity);
  check_merges<LogSumExpReduce<double>>({1, nan, 5, kInfinity}, nan);
  check_merges<LogSumExpReduce<double>>({1000, 1000}, 1000 + std::log(2.0));
  check_merges<MaxReduce<double>>({1, nan, 5}, nan);
  check_merges<MinReduce<double>>({1, nan, 5}, nan);
  check_merges<MinReduce<double>>({1, -3, 5}, -3);
  check_merges<Norm2Reduce<double>>({3, 4}, 5);
}

}  // namespace
}  // namespace tt::cuda
