// randperm, multinomial and bernoulli of a tensor by a Philox generator: what the numbers are, and that they
// are distributed as they should be. Fixed seeds: the statistics are always the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "random/random_fill.h"

namespace tt {
namespace {

constexpr uint64_t kSeed = 0x123456789abcdefu;

Ref<Generator> philox_generator(uint64_t seed = kSeed) { return make_ref<Generator>(Engine::kPhilox, seed); }

template <typename T>
std::vector<T> permutation(Generator& g, int64_t n) {
  std::vector<T> out(static_cast<size_t>(n));
  fill_randperm(g, out.data(), n);
  return out;
}

template <typename T = float>
std::vector<int64_t> draw(Generator& g, const std::vector<T>& weights, int64_t rows, int64_t samples,
                          bool replacement) {
  std::vector<int64_t> out(static_cast<size_t>(rows * samples));
  multinomial(g, weights.data(), rows, static_cast<int64_t>(weights.size()) / rows, samples, replacement,
              out.data());
  return out;
}

// Pearson's statistic, whose mean is about one less than the number of classes and whose variance is twice
// that.
double chi_square(const std::vector<int64_t>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double off = static_cast<double>(counts[i]) - expected[i];
    sum += off * off / expected[i];
  }
  return sum;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Status::kInvalidArgument);
    return error.message();
  }
  return "no error";
}

TEST(PhiloxChoice, RandpermIsTheOrderOfRandomNumbers) {
  const auto g = philox_generator();
  for (const int64_t n : {1, 2, 7, 1001, 70000}) {
    g->set_offset(3);
    const auto got = permutation<int64_t>(*g, n);
    EXPECT_EQ(g->offset(), 3 + (static_cast<uint64_t>(n) + 1) / 2);
    std::vector<int64_t> want(static_cast<size_t>(n));
    std::iota(want.begin(), want.end(), 0);
    std::stable_sort(want.begin(), want.end(), [](int64_t a, int64_t b) {
      return static_cast<int64_t>(philox::word64(kSeed, 3, static_cast<uint64_t>(a))) <
             static_cast<int64_t>(philox::word64(kSeed, 3, static_cast<uint64_t>(b)));
    });
    EXPECT_EQ(got, want);
  }
  g->set_offset(3);
  const auto wide = permutation<int64_t>(*g, 200);
  g->set_offset(3);
  const auto narrow = permutation<uint8_t>(*g, 200);
  g->set_offset(3);
  const auto halves = permutation<Half>(*g, 200);
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(narrow[i], wide[i]);
    EXPECT_EQ(static_cast<float>(halves[i]), static_cast<float>(wide[i]));
  }
  g->set_offset(3);
  permutation<int64_t>(*g, 0);
  EXPECT_EQ(g->offset(), 3u);
}

TEST(PhiloxChoice, PermutationsAreUniform) {
  const auto g = philox_generator();
  constexpr int kItems = 5, kOrders = 120, kDraws = 60000;
  std::vector<int64_t> places(kItems * kItems), orders(kOrders);
  for (int i = 0; i < kDraws; ++i) {
    const auto order = permutation<int64_t>(*g, kItems);
    int64_t rank = 0;
    for (int a = 0; a < kItems; ++a) {
      ++places[static_cast<size_t>(a * kItems + order[static_cast<size_t>(a)])];
      int64_t smaller = 0;
      for (int b = a + 1; b < kItems; ++b) {
        smaller += order[static_cast<size_t>(b)] < order[static_cast<size_t>(a)];
      }
      rank = rank * (kItems - a) + smaller;
    }
    ++orders[static_cast<size_t>(rank)];
  }
  // 16 and 119 degrees of freedom, 5 standard deviations above the mean.
  EXPECT_LT(chi_square(places, std::vector<double>(kItems * kItems, kDraws / double{kItems})), 16 + 29);
  EXPECT_LT(chi_square(orders, std::vector<double>(kOrders, kDraws / double{kOrders})), 119 + 78);
}

TEST(PhiloxChoice, SamplesWithReplacementAreFoundInTheSums) {
  const auto g = philox_generator();
  const std::vector<double> weights = {0, 3, 1e-30, 2.5, 0, 4, 5, 1e-9, 1, 0.5, 7, 0};
  const auto got = draw(*g, weights, 2, 999, true);
  EXPECT_EQ(g->offset(), 999u);
  const double scale = 0x1p53;  // 6 categories
  for (size_t r = 0; r < 2; ++r) {
    const double* row = weights.data() + 6 * r;
    const double greatest = *std::max_element(row, row + 6);
    for (size_t s = 0; s < 999; ++s) {
      const size_t i = 999 * r + s;
      uint64_t sum = 0;
      for (int c = 0; c < 6; ++c) sum += static_cast<uint64_t>(row[c] / greatest * scale);
      __extension__ using Wide = unsigned __int128;
      const auto at = static_cast<uint64_t>(static_cast<Wide>(philox::word64(kSeed, 0, i)) * sum >> 64);
      int64_t category = 0;
      for (uint64_t reached = static_cast<uint64_t>(row[0] / greatest * scale); reached <= at; ++category) {
        reached += static_cast<uint64_t>(row[category + 1] / greatest * scale);
      }
      ASSERT_EQ(got[i], category) << "row " << r << " sample " << s;
    }
  }
}

TEST(PhiloxChoice, SamplesWithReplacementFollowTheWeights) {
  const auto g = philox_generator();
  constexpr int64_t kDraws = 200000;
  const std::vector<double> weights = {0, 3, 1, 2, 0, 4};
  const auto check = [&]<typename T>(T) {
    std::vector<T> typed;
    for (const double w : weights) typed.push_back(T(static_cast<float>(w)));
    std::vector<int64_t> counts(6);
    for (const int64_t c : draw(*g, typed, 1, kDraws, true)) ++counts[static_cast<size_t>(c)];
    EXPECT_EQ(counts[0] + counts[4], 0);
    const double each = kDraws / 10.0;
    EXPECT_LT(chi_square({counts[1], counts[2], counts[3], counts[5]}, {3 * each, each, 2 * each, 4 * each}),
              3 + 13);
  };
  check(float{});
  check(double{});
  check(Half{});
  check(BFloat16{});
}

TEST(PhiloxChoice, RacesAreWonByTheGreatestRatio) {
  const auto g = philox_generator();
  const std::vector<float> weights = {0, 3, 1, 2, 0, 4, 0.25f};
  const auto got = draw(*g, weights, 1, 7, false);
  EXPECT_EQ(g->offset(), 4u);
  std::vector<int64_t> want(7);
  std::iota(want.begin(), want.end(), 0);
  const auto ratio = [&](int64_t c) {
    const auto u = static_cast<double>((philox::word64(kSeed, 0, static_cast<uint64_t>(c)) >> 12) * 2 + 1);
    return static_cast<double>(weights[static_cast<size_t>(c)]) / 4 / -std::log(u * 0x1p-53);
  };
  std::stable_sort(want.begin(), want.end(), [&](int64_t a, int64_t b) { return ratio(a) > ratio(b); });
  EXPECT_EQ(got, want);
  EXPECT_EQ(got[5], 0);  // what has no weight comes last, in order
  EXPECT_EQ(got[6], 4);
}

// The first pick by the weights, the second by those that are left.
TEST(PhiloxChoice, SamplesWithoutReplacementFollowTheWeights) {
  const auto g = philox_generator();
  constexpr int64_t kRows = 100000;
  std::vector<float> weights;
  for (int64_t r = 0; r < kRows; ++r) weights.insert(weights.end(), {1, 2, 3, 4});
  const auto got = draw(*g, weights, kRows, 2, false);
  std::vector<int64_t> pairs(16), singles(4);
  for (size_t r = 0; r < kRows; ++r) ++pairs[static_cast<size_t>(got[2 * r] * 4 + got[2 * r + 1])];
  std::vector<int64_t> counts;
  std::vector<double> expected;
  for (int a = 0; a < 4; ++a) {
    EXPECT_EQ(pairs[static_cast<size_t>(a * 5)], 0);
    for (int b = 0; b < 4; ++b) {
      if (a == b) continue;
      counts.push_back(pairs[static_cast<size_t>(a * 4 + b)]);
      expected.push_back(kRows * (a + 1) / 10.0 * (b + 1) / (9.0 - a));
    }
  }
  EXPECT_LT(chi_square(counts, expected), 11 + 24);
  for (const int64_t c : draw(*g, weights, kRows, 1, true)) ++singles[static_cast<size_t>(c)];
  EXPECT_LT(chi_square(singles, {kRows / 10.0, kRows / 5.0, 3 * kRows / 10.0, 2 * kRows / 5.0}), 3 + 13);
}

// Clocks of few bits would tie among many categories, and the lower indices would win.
TEST(PhiloxChoice, ManyEqualCategoriesAreEqual) {
  const auto g = philox_generator();
  constexpr int64_t kCategories = 100000, kDraws = 60;
  const std::vector<float> weights(kCategories, 0.125f);
  double sum = 0;
  for (int64_t i = 0; i < kDraws; ++i) {
    sum += static_cast<double>(draw(*g, weights, 1, 1, false)[0]) / kCategories;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * 0.289 / std::sqrt(kDraws));
  std::vector<int64_t> tenths(10);
  for (const int64_t c : draw(*g, weights, 1, 20000, true)) ++tenths[static_cast<size_t>(c / 10000)];
  EXPECT_LT(chi_square(tenths, std::vector<double>(10, 2000)), 9 + 22);
}

TEST(PhiloxChoice, NumbersStayAsTheyAre) {  // recorded from this implementation
  const auto g = philox_generator(7);
  using V = std::vector<int64_t>;
  EXPECT_EQ(permutation<int64_t>(*g, 10), (V{9, 5, 0, 4, 1, 7, 3, 8, 6, 2}));
  EXPECT_EQ(draw<float>(*g, {0, 3, 1, 2, 0, 4}, 1, 8, true), (V{2, 5, 5, 1, 1, 5, 1, 1}));
  EXPECT_EQ(draw<float>(*g, {0, 3, 1, 2, 0, 4}, 1, 4, false), (V{5, 2, 3, 1}));
}

TEST(PhiloxChoice, BernoulliComparesAWordAnElement) {
  const auto g = philox_generator();
  std::vector<double> p(1003);
  for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<double>(i) / 1002;
  std::vector<int16_t> out(p.size());
  fill_bernoulli(*g, out.data(), 1003, p.data());
  EXPECT_EQ(g->offset(), 251u);
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_EQ(out[i], philox::word32(kSeed, 0, i) < p[i] * 0x1p32) << "at " << i;
  }
}

TEST(PhiloxChoice, RefusalsDrawNothing) {
  const auto g = philox_generator();
  const auto refused = [&](std::vector<float> w, int64_t samples, bool replacement) {
    return refusal([&] { draw(*g, w, 1, samples, replacement); });
  };
  for (const bool replacement : {false, true}) {
    EXPECT_EQ(refused({0, 0}, 2, replacement), "the weights sum to 0");
    EXPECT_EQ(refused({1, -1}, 2, replacement),
              "a weight is -1, expected a finite number of 0 or more, at row 0, category 1");
  }
  EXPECT_EQ(refused({}, 2, true), "the weights sum to 0");
  const float p[] = {0.5f, 1.5f};
  float out[2];
  EXPECT_EQ(refusal([&] { fill_bernoulli(*g, out, 2, p); }),
            "a probability is 1.5, expected a number from 0 to 1");
  EXPECT_EQ(g->offset(), 0u);
}

}  // namespace
}  // namespace tt
