// Convolutions with the channels last.
#include <cstring>

#include "cuda/conv_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

constexpr cuda::ConvPath kLast = cuda::ConvPath::kChannelsLast;

const ConvCase kCases[] = {
    {2, 16, 8, 8, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},   // rows of the result in whole chunks
    {3, 17, 7, 9, 35, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},   // channels that are filled up, several tiles
    {1, 24, 9, 8, 40, 1, {3, 2}, {2, 3}, {2, 1}, {1, 1}},   // strides; padding that a phase never sees
    {2, 16, 9, 10, 16, 1, {3, 3}, {2, 1}, {2, 3}, {2, 3}},  // holes
    {2, 70, 4, 4, 67, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}},   // two tiles of rows
    {1, 16, 7, 7, 18, 1, {1, 1}, {2, 2}, {0, 0}, {1, 1}},   // three of four phases meet no tap
    {1, 20, 3, 3, 16, 1, {3, 3}, {1, 1}, {3, 3}, {1, 1}},   // windows that see nothing
    {1, 16, 3, 20, 16, 1, {3, 6}, {5, 9}, {2, 3}, {1, 6}},  // a stride beyond the input
    {1, 16, 1, 30, 16, 1, {1, 4}, {1, 1}, {0, 2}, {1, 2}},  // one row
};

void run(const ConvShape& s, DType dtype, bool relu = false) {
  check(s, dtype, options_of(dtype == DType::kFloat32, kLast), relu);
}

TEST(CudaConvLast, IsTheCpus) {
  for (const ConvCase& c : kCases) {
    const ConvShape s = shape_of(c);
    EXPECT_TRUE(cuda::last_fits<float>(s));
    for (const DType dtype : {DType::kFloat32, DType::kBFloat16}) run(s, dtype);
  }
  for (const int i : {0, 1, 3}) run(shape_of(kCases[i]), DType::kFloat16);
}

TEST(CudaConvLast, ReluIsJoined) {
  for (const int i : {0, 1, 2}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat16}) run(shape_of(kCases[i]), dtype, true);
  }
}

// Depths that are split among blocks, of both kinds of products.
TEST(CudaConvLast, SplitsAreAddedUp) {
  const ConvShape deep = shape_of({1, 64, 4, 4, 34, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}});
  const auto problem = cuda::LastProblem<Half>::forward(deep, nullptr, nullptr, nullptr, false, nullptr);
  EXPECT_EQ(problem.depth(), 576);
  EXPECT_EQ(cuda::tiles_of(problem, 64, 128, 32).splits, 2);
  run(deep, DType::kFloat16);
  run(deep, DType::kFloat32);
  const ConvShape wide = shape_of({3, 16, 15, 13, 16, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}});
  EXPECT_EQ(
      cuda::tiles_of(cuda::LastWeightProblem<Half>(wide, nullptr, nullptr, nullptr), 64, 128, 32).splits, 2);
  run(wide, DType::kBFloat16);
}

// The tiles of 128 rows, which small problems do not get.
template <typename T>
void check_wide_tiles() {
  const DType dtype = DTypeOf<T>::value;
  const ConvShape s = shape_of({2, 24, 9, 8, 130, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}});
  Operands t(s, dtype);
  t.round_to_tf32();
  Values expected(dtype, t.grad.size()), expected_w(dtype, t.weight.size());
  cpu().run(call::Conv{s, dtype, t.input.data(), t.weight.data(), t.bias.data(), epilogue_of(true),
                       expected.data()});
  cpu().run(weight_gradient(s, dtype, t, nullptr, expected_w, nullptr));
  const auto got = in_every_order(
      {Values(dtype, t.grad.size()), Values(dtype, t.weight.size())},
      [&](const Emulator& emulator, std::vector<Values>& r) {
        constexpr int64_t kEach = cuda::kVectorOf<T>;
        auto image = emulator.buffer<cuda::Chunk<T>>(2 * 72 * 24 / kEach);
        auto taps = emulator.buffer<cuda::Chunk<T>>(130 * 9 * 24 / kEach);
        auto grads = emulator.buffer<cuda::Chunk<T>>(2 * 72 * cuda::filled_up<T>(130) / kEach);
        cuda::Rearrange<T> rearrange(true);
        rearrange.add({2, 24, 72, t.input.as<T>(), image.data()});
        rearrange.add({130, 24, 9, t.weight.as<T>(), taps.data()});
        rearrange.add({2, 130, 72, t.grad.as<T>(), grads.data()});
        emulator.launch("", rearrange, rearrange.blocks());
        cuda::conv_gemm_by<cuda::LastGemm<T, 128>>(
            emulator, "",
            cuda::LastProblem<T>::forward(s, image.data(), taps.data(), t.bias.as<T>(), true, r[0].as<T>()));
        cuda::conv_gemm_by<cuda::LastWeightGemm<T, 128>>(
            emulator, "", cuda::LastWeightProblem<T>(s, grads.data(), image.data(), r[1].as<T>()));
      });
  expect_close(got[0], expected, "wide tiles", tolerance(dtype, s.taps()));
  expect_close(got[1], expected_w, "wide tiles, weight", tolerance(dtype, 144));
}

TEST(CudaConvLast, WideTiles) {
  check_wide_tiles<float>();
  check_wide_tiles<Half>();
  check_wide_tiles<BFloat16>();
}

// Values that half types and TF32 hold, in places where they were, and zeros behind them.
TEST(CudaConvLast, ChannelsComeLast) {
  const int64_t images = 3, channels = 67, pixels = 50;
  const Values from(DType::kFloat32, images * channels * pixels, -1, 1, 1);
  const int64_t filled = cuda::filled_up<float>(channels);
  EXPECT_EQ(filled, 68);
  for (const bool round : {false, true}) {
    Values to(DType::kFloat32, images * pixels * filled);
    cuda::Rearrange<float> rearrange(round);
    rearrange.add(
        {images, channels, pixels, from.as<float>(), reinterpret_cast<cuda::Chunk<float>*>(to.data())});
    Emulator().launch("", rearrange, rearrange.blocks());
    for (int64_t i = 0; i < images * pixels; ++i) {
      for (int64_t c = 0; c < filled; ++c) {
        const float value =
            c < channels ? from.as<float>()[(i / pixels * channels + c) * pixels + i % pixels] : 0.0f;
        ASSERT_EQ(to.as<float>()[i * filled + c], round ? cuda::round_tf32(value) : value) << i << " " << c;
      }
    }
  }
}

// Blocks of several tiles, which only large tensors have.
TEST(CudaConvLast, LongSlices) {
  const int64_t pixels = 700, channels = 16;
  const Values from(DType::kFloat32, channels * pixels, -1, 1, 1),
      result(DType::kFloat32, channels * pixels, -1, 1, 2);
  Values to(DType::kFloat32, channels * pixels);
  cuda::Rearrangement<float> plan(1, channels, pixels, from.as<float>(),
                                  reinterpret_cast<cuda::Chunk<float>*>(to.data()));
  EXPECT_EQ(plan.tiles, 1);
  plan.tiles = 3;
  plan.slices = 4;
  plan.output = result.as<float>();
  std::vector<double> sums(static_cast<size_t>(channels * plan.slices));
  plan.sums = sums.data();
  cuda::Rearrange<float> rearrange(false);
  rearrange.add(plan);
  Emulator(Order::kShuffled).launch("", rearrange, rearrange.blocks());
  for (int64_t c = 0; c < channels; ++c) {
    double expected = 0, sum = 0;
    for (int64_t i = 0; i < pixels; ++i) {
      const float value = result.as<float>()[c * pixels + i] <= 0 ? 0 : from.as<float>()[c * pixels + i];
      expected += value;
      ASSERT_EQ(to.as<float>()[i * channels + c], value);
    }
    for (int64_t i = 0; i < plan.slices; ++i) sum += sums[static_cast<size_t>(c * plan.slices + i)];
    EXPECT_NEAR(sum, expected, 1e-4);
  }
}

// What ldmatrix gives each lane, by the words of the PTX ISA.
TEST(CudaConvLast, LoadsMatrices) {
  uint16_t matrices[4][8][8];
  for (int i = 0; i < 256; ++i) matrices[i / 64][i / 8 % 8][i % 8] = static_cast<uint16_t>(i);
  alignas(16) uint16_t at[4][8][8];
  std::memcpy(at, matrices, sizeof at);
  EmulatedBlock::run(1, 32, 0, Order::kShuffled, [&](EmulatedBlock& block) {
    const int lane = block.thread();
    uint32_t words[4], turned[4];
    block.load_matrices<false>(words, at[lane >> 3][lane & 7]);
    block.load_matrices<true>(turned, at[lane >> 3][lane & 7]);
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 2; ++j) {
        EXPECT_EQ(words[i] >> 16 * j & 0xffff, matrices[i][lane >> 2][2 * (lane & 3) + j]);
        EXPECT_EQ(turned[i] >> 16 * j & 0xffff, matrices[i][2 * (lane & 3) + j][lane >> 2]);
      }
    }
  });
}

// Which convolutions are done so, unless they must.
TEST(CudaConvLast, WhereItPays) {
  const Emulator device, old_device(Order::kForward, false);
  const auto pays = [&](const ConvCase& c, const cuda::ConvOptions& options) {
    return cuda::forward_by_last<BFloat16>(device, shape_of(c), options);
  };
  const auto forced = options_of(false, kLast), never = options_of(true),
             by_cost = options_of(true, cuda::ConvPath::kAuto);
  const ConvCase wide{1024, 64, 31, 31, 256, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      few{1024, 3, 32, 32, 64, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      grouped{64, 64, 32, 32, 64, 2, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      small{1, 16, 4, 4, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      huge{1 << 14, 64, 64, 64, 64, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}};
  EXPECT_TRUE(pays(wide, by_cost));
  EXPECT_FALSE(pays(wide, never));
  EXPECT_FALSE(pays(few, forced));
  EXPECT_FALSE(pays(grouped, forced));
  EXPECT_FALSE(pays(huge, forced));
  EXPECT_FALSE(pays(small, by_cost));
  EXPECT_TRUE(pays(small, forced));
  const ConvShape s = shape_of(wide);
  EXPECT_FALSE(cuda::forward_by_last<BFloat16>(old_device, s, forced));
  EXPECT_FALSE(cuda::forward_by_last<float>(device, s, forced));  // without leave to round
  EXPECT_TRUE(cuda::forward_by_last<float>(device, s, by_cost));
}

}  // namespace
