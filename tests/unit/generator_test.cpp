#include "random/generator.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/error.h"
#include "kernels/philox.h"
#include "random/random_fill.h"

namespace tt {
namespace {

std::vector<int64_t> draws(Generator& generator, int64_t n) {
  std::vector<int64_t> out(static_cast<size_t>(n));
  fill_random_int(generator, out.data(), n, 0, 1000);
  return out;
}

// Expected numbers: PyTorch 2.15, torch.randint(0, 1000, (5,), generator=g).
TEST(Generator, DefaultSeedIsPyTorchs) {
  auto g = make_ref<Generator>();
  EXPECT_EQ(g->initial_seed(), 67280421310721u);
  EXPECT_EQ(g->kind(), Kind::kGenerator);
  EXPECT_EQ(draws(*g, 5), (std::vector<int64_t>{710, 284, 837, 820, 749}));
}

TEST(Generator, OnlyTheLow32BitsOfTheSeedReachMt19937) {
  auto g = make_ref<Generator>(Engine::kMt19937, (uint64_t{1} << 40) + 7);
  auto low = make_ref<Generator>(Engine::kMt19937, 7);
  EXPECT_EQ(g->initial_seed(), (uint64_t{1} << 40) + 7);
  const auto numbers = draws(*g, 5);
  EXPECT_EQ(numbers, (std::vector<int64_t>{615, 892, 721, 286, 283}));
  EXPECT_EQ(numbers, draws(*low, 5));
}

// The tenth thousandth output for seed 5489: the C++ standard's check of mt19937.
TEST(Generator, Mt19937MatchesTheStandardsCheckValue) {
  Mt19937 mt(5489);
  uint32_t last = 0;
  for (int i = 0; i < 10000; ++i) last = mt();
  EXPECT_EQ(last, 4123659995u);
}

TEST(Generator, Random64TakesTheHighHalfFirst) {
  auto a = make_ref<Generator>(Engine::kMt19937, 3);
  auto b = make_ref<Generator>(Engine::kMt19937, 3);
  const uint64_t high = b->random();
  EXPECT_EQ(a->random64(), high << 32 | b->random());
}

TEST(Generator, CloneGoesItsOwnWay) {
  auto g = make_ref<Generator>(Engine::kMt19937, 3);
  float one;
  fill_normal(*g, &one, 1);  // leaves a cached sample
  auto copy = g->clone();
  EXPECT_TRUE(copy->next_double_normal_sample().has_value());
  EXPECT_EQ(copy->initial_seed(), 3u);
  float x[3], y[3];
  fill_normal(*g, x, 3);
  fill_normal(*copy, y, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(x[i], y[i]);
  draws(*g, 10);
  EXPECT_NE(draws(*g, 5), draws(*copy, 5));
}

TEST(Generator, ManualSeedForgetsTheCachedSample) {
  auto g = make_ref<Generator>(Engine::kMt19937, 3);
  float first, again;
  fill_normal(*g, &first, 1);
  g->manual_seed(3);
  EXPECT_FALSE(g->next_double_normal_sample().has_value());
  fill_normal(*g, &again, 1);
  EXPECT_EQ(first, again);
}

class GeneratorState : public testing::TestWithParam<Engine> {};

TEST_P(GeneratorState, RoundTripsAtEveryPosition) {
  auto g = make_ref<Generator>(GetParam(), 11);
  for (int drawn = 0; drawn < 640; ++drawn) {
    const auto state = g->get_state();
    auto other = make_ref<Generator>(GetParam(), 99);
    other->set_state(state);
    EXPECT_EQ(other->get_state(), state);
    EXPECT_EQ(other->initial_seed(), 11u);
    EXPECT_EQ(other->random(), g->random());
  }
}

TEST_P(GeneratorState, KeepsTheCachedSamples) {
  auto g = make_ref<Generator>(GetParam());
  g->set_next_double_normal_sample(0.25);
  g->set_next_float_normal_sample(-1.5f);
  auto other = make_ref<Generator>(GetParam());
  other->set_state(g->get_state());
  EXPECT_EQ(other->next_double_normal_sample(), 0.25);
  EXPECT_EQ(other->next_float_normal_sample(), -1.5f);
}

TEST_P(GeneratorState, HasTheDocumentedSize) {
  auto g = make_ref<Generator>(GetParam());
  EXPECT_EQ(g->get_state().size(), GetParam() == Engine::kMt19937 ? 2540u : 56u);
}

TEST_P(GeneratorState, RefusesWhatIsNoStateAndChangesNothing) {
  auto g = make_ref<Generator>(GetParam(), 5);
  const auto good = g->get_state();
  const auto refuses = [&](std::vector<uint8_t> state) {
    try {
      g->set_state(state);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Status::kFormat) << error.message();
    }
    EXPECT_EQ(g->get_state(), good);
  };
  refuses({});
  for (const size_t size : {size_t{4}, size_t{39}, good.size() - 1}) {
    refuses(std::vector<uint8_t>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  auto bad = good;
  bad.push_back(0);
  refuses(bad);
  for (const size_t at : {0u, 4u, 8u, 12u}) {  // magic, version, engine, flags
    bad = good;
    bad[at] = 0x7f;
    refuses(bad);
  }
  bad = good;  // position
  bad[GetParam() == Engine::kMt19937 ? 43 : 48] = 0x7f;
  refuses(bad);
  auto other = make_ref<Generator>(GetParam() == Engine::kMt19937 ? Engine::kPhilox : Engine::kMt19937);
  refuses(other->get_state());
}

INSTANTIATE_TEST_SUITE_P(Engines, GeneratorState, testing::Values(Engine::kMt19937, Engine::kPhilox),
                         [](const auto& info) {
                           return info.param == Engine::kMt19937 ? "Mt19937" : "Philox";
                         });

TEST(Generator, UnknownEngineIsRefused) { EXPECT_THROW(make_ref<Generator>(static_cast<Engine>(7)), Error); }

TEST(Generator, SeedFromEntropyDiffers) {
  auto g = make_ref<Generator>();
  const uint64_t first = g->seed();
  EXPECT_EQ(g->initial_seed(), first);
  EXPECT_NE(g->seed(), first);
}

TEST(Generator, DefaultIsOneForTheProcess) {
  manual_seed(7);
  const auto numbers = draws(default_generator(), 5);
  Generator* elsewhere = nullptr;
  std::thread([&] { elsewhere = &default_generator(); }).join();
  EXPECT_EQ(elsewhere, &default_generator());
  manual_seed(7);
  EXPECT_EQ(draws(default_generator(), 5), numbers);
}

TEST(Generator, ThreadsShareOneStream) {
  auto g = make_ref<Generator>(Engine::kMt19937, 1);
  auto alone = make_ref<Generator>(Engine::kMt19937, 1);
  std::vector<double> expected(4000);
  fill_uniform(*alone, expected.data(), 4000);
  std::vector<double> got(4000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 10; ++k) fill_uniform(*g, got.data() + 1000 * t + 100 * k, 100);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::multiset<double>(got.begin(), got.end()),
            std::multiset<double>(expected.begin(), expected.end()));
}

// Known answers of Random123 (kat_vectors, philox4x32 of 10 rounds).
TEST(Philox, KnownAnswers) {
  const auto check = [](philox::Block counter, uint32_t key0, uint32_t key1, philox::Block expected) {
    const auto got = philox::rounds(counter, key0, key1);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(got.word[i], expected.word[i]);
  };
  check({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
        {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(Philox, WordsFollowTheCounter) {
  auto g = make_ref<Generator>(Engine::kPhilox, 42);
  for (uint64_t i = 0; i < 12; ++i) EXPECT_EQ(g->random(), philox::word32(42, 0, i));
  EXPECT_EQ(g->offset(), 3u);
  g->random();
  EXPECT_EQ(g->offset(), 4u);
  const philox::Start start = g->reserve(10);  // drops the rest of the block
  EXPECT_EQ(start.seed, 42u);
  EXPECT_EQ(start.offset, 4u);
  EXPECT_EQ(g->offset(), 14u);
  EXPECT_EQ(g->random(), philox::word32(42, 14, 0));
  g->set_offset(1);
  EXPECT_EQ(g->random(), philox::word32(42, 0, 4));
  g->manual_seed(42);
  EXPECT_EQ(g->offset(), 0u);
}

TEST(Philox, Mt19937HasNoOffset) {
  auto g = make_ref<Generator>();
  EXPECT_THROW(g->reserve(1), Error);
  EXPECT_THROW(g->set_offset(1), Error);
}

}  // namespace
}  // namespace tt
