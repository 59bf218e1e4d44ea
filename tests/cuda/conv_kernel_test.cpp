#include <numeric>

#include "cuda/conv_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

const ConvCase kCases[] = {
    {2, 3, 7, 6, 10, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},   // a first layer
    {2, 9, 8, 7, 40, 1, {3, 2}, {2, 3}, {2, 1}, {1, 1}},   // strides; more than 32 rows
    {1, 16, 9, 9, 16, 2, {3, 3}, {2, 1}, {2, 3}, {2, 3}},  // groups and holes
    {3, 6, 5, 5, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}},    // depthwise
    {2, 4, 6, 6, 12, 4, {3, 3}, {2, 2}, {1, 1}, {1, 2}},   // few channels a group
    {2, 70, 4, 4, 70, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}},  // two tiles of rows
    {5, 8, 12, 11, 8, 1, {5, 5}, {1, 1}, {0, 0}, {1, 1}},  // several tiles of pixels; the depth is split
    {1, 9, 3, 3, 8, 1, {3, 3}, {1, 1}, {3, 3}, {1, 1}},    // windows that see nothing
};

}  // namespace

TEST(CudaConv, IsTheCpus) {
  for (const ConvCase& c : kCases) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kBFloat16}) check(shape_of(c), dtype);
  }
  for (const int i : {0, 1, 2, 5}) check(shape_of(kCases[i]), DType::kFloat16);
}

TEST(CudaConv, ReluIsJoined) {
  for (const int i : {0, 1, 4, 7}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16}) {
      check(shape_of(kCases[i]), dtype, options_of(false), true);
    }
  }
  // More pixels than a slice of the sums has.
  check(shape_of({3, 2, 80, 70, 9, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}}), DType::kFloat32, options_of(false),
        true);
}

TEST(CudaConv, TensorCoresAreTheCpus) {
  for (const ConvCase& c : kCases) check(shape_of(c), DType::kFloat32, options_of(true));
}

// The data gradient by phases of the stride, which know their taps.
const ConvCase kStrided[] = {
    {2, 8, 9, 8, 16, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1}},     // a usual one
    {1, 16, 7, 7, 70, 1, {1, 1}, {2, 2}, {0, 0}, {1, 1}},    // three of four phases meet no tap
    {1, 8, 11, 10, 8, 1, {2, 5}, {3, 2}, {1, 4}, {1, 1}},    // pixels that no tap meets; more padding than
                                                             // needed
    {1, 8, 13, 12, 9, 1, {3, 4}, {2, 4}, {2, 3}, {2, 2}},    // divisors of stride and dilation
    {1, 16, 14, 15, 16, 2, {3, 3}, {3, 2}, {2, 1}, {2, 3}},  // and none; groups
    {1, 8, 3, 20, 8, 1, {3, 6}, {5, 9}, {2, 3}, {1, 6}},     // a stride beyond the input
    {1, 8, 6, 6, 100, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1}},    // the depth is split, where a phase has less
    {3, 8, 16, 17, 8, 1, {4, 4}, {2, 2}, {1, 1}, {1, 1}},    // several tiles of pixels
};

TEST(CudaConv, DataGradientsByPhases) {
  for (const ConvCase& c : kStrided) {
    const ConvShape s = shape_of(c);
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kBFloat16}) {
      EXPECT_FALSE(cuda::direct_data(s));
      check_data(s, dtype, Operands(s, dtype), options_of(false));
    }
    Operands exact(s, DType::kFloat32);
    exact.round_to_tf32();
    check_data(s, DType::kFloat32, exact, options_of(true));
  }
}

TEST(CudaConv, PhasesWithLessDepthThanTheSplits) {
  const ConvShape s = shape_of(kStrided[6]);
  const cuda::DataProblem<float> problem(s, nullptr, nullptr, nullptr);
  const cuda::GemmTiles tiles = cuda::tiles_of(problem, 32, 128, 16);
  int64_t least = problem.depth();
  for (int64_t i = 0; i < problem.groups(); ++i) least = std::min(least, problem.depth(problem.group(i)));
  EXPECT_LT(least, (tiles.splits - 1) * tiles.split_depth);
}

TEST(CudaConv, ManyPhasesAreDoneDirectly) {
  const ConvShape s = shape_of({1, 8, 50, 45, 8, 1, {3, 3}, {40, 33}, {2, 1}, {1, 2}});
  EXPECT_TRUE(cuda::direct_data(s));
  check_data(s, DType::kFloat32, Operands(s, DType::kFloat32), options_of(false));
}

// As many products as there are taps that meet pixels, but for those whose output pixel lies outside.
TEST(CudaConv, PhasesMultiplyNoZeros) {
  std::vector<ConvCase> cases(std::begin(kStrided), std::end(kStrided));
  cases.insert(cases.end(), std::begin(kCases), std::end(kCases));
  for (const ConvCase& c : cases) {
    const ConvShape s = shape_of(c);
    int64_t met[2] = {0, 0};
    for (int axis = 0; axis < 2; ++axis) {
      const int64_t size = axis == 0 ? s.height : s.width;
      for (int64_t pixel = 0; pixel < size; ++pixel) {
        for (int64_t tap = 0; tap < s.kernel[axis]; ++tap) {
          met[axis] += (pixel + s.padding[axis] - tap * s.dilation[axis]) % s.stride[axis] == 0;
        }
      }
    }
    const cuda::DataProblem<float> problem(s, nullptr, nullptr, nullptr);
    int64_t products = 0, pixels = 0;
    for (int64_t i = 0; i < problem.groups(); ++i) {
      const auto group = problem.group(i);
      EXPECT_LE(problem.cols(group), problem.cols());
      EXPECT_LE(problem.depth(group), problem.depth());
      products += problem.cols(group) * problem.depth(group);
      pixels += problem.cols(group);
    }
    EXPECT_EQ(products, s.batch * s.out_channels * met[0] * met[1]);
    EXPECT_EQ(pixels, s.groups * s.batch * s.height * s.width);
  }
}

TEST(CudaConv, InversesModulo) {
  for (int32_t n = 1; n < 40; ++n) {
    for (int32_t a = 1; a < 90; ++a) {
      if (std::gcd(a, n) != 1) continue;
      EXPECT_EQ(int64_t{cuda::inverse_modulo(a, n)} * a % n, n == 1 ? 0 : 1);
    }
  }
  EXPECT_EQ(int64_t{cuda::inverse_modulo(1 << 28, (1 << 29) - 1)} * (1 << 28) % ((1 << 29) - 1), 1);
}

TEST(CudaConv, Tf32HasTenBits) {
  EXPECT_EQ(cuda::round_tf32(1 + 0x1p-10f), 1 + 0x1p-10f);
  EXPECT_EQ(cuda::round_tf32(1 + 0x1p-11f), 1 + 0x1p-10f);
  EXPECT_EQ(cuda::round_tf32(-1 - 0x1p-11f), -1 - 0x1p-10f);
  EXPECT_EQ(cuda::round_tf32(1 + 0x1p-12f), 1.0f);
  EXPECT_EQ(cuda::round_tf32(INFINITY), INFINITY);
  EXPECT_TRUE(std::isnan(cuda::round_tf32(NAN)));
}

// Fragments placed by the words of the PTX ISA ("Matrix Fragments for mma.m16n8k16 with floating point type")
// give the product, and c is where it says.
template <typename T>
void check_fragments() {
  const DType dtype = DTypeOf<T>::value;
  const Values a(dtype, 16 * 16, -2, 2, 1), b(dtype, 16 * 8, -2, 2, 2);
  const auto with = [](uint32_t pair, int i, const Values& from, int at) {
    return i % 2 == 0 ? uint32_t{from.as<T>()[at].bits} : pair | uint32_t{from.as<T>()[at].bits} << 16;
  };
  Values sums(DType::kFloat32, 16 * 8), expected(DType::kFloat32, 16 * 8, -1, 1, 3);
  const Values start = expected;
  EmulatedBlock::run(1, 32, 0, Order::kShuffled, [&](EmulatedBlock& block) {
    const int group = block.thread() >> 2, in_group = block.thread() % 4;
    uint32_t ra[4], rb[2];
    float c[4];
    for (int i = 0; i < 8; ++i) {
      const int row = (0 <= i && i < 2) || (4 <= i && i < 6) ? group : group + 8;
      const int col = i < 4 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8;
      ra[i / 2] = with(ra[i / 2], i, a, row * 16 + col);
    }
    for (int i = 0; i < 4; ++i) {
      const int row = i < 2 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8;
      rb[i / 2] = with(rb[i / 2], i, b, row * 8 + group);
    }
    const auto at = [&](int i) { return (i < 2 ? group : group + 8) * 8 + in_group * 2 + (i & 1); };
    for (int i = 0; i < 4; ++i) c[i] = start.as<float>()[at(i)];
    block.mma_half<T>(c, ra, rb);
    for (int i = 0; i < 4; ++i) sums.as<float>()[at(i)] = c[i];
  });
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 8; ++j) {
      for (int k = 0; k < 16; ++k) {
        expected.as<float>()[i * 8 + j] += static_cast<float>(a.get(i * 16 + k) * b.get(k * 8 + j));
      }
    }
  }
  expect_close(sums, expected, str("fragments of ", dtype), 4);
}

TEST(CudaConv, FragmentsOfHalfTypes) {
  check_fragments<Half>();
  check_fragments<BFloat16>();
}

// Half types are not rounded on the way: float16 has the mantissa of TF32, but sums of subnormals count.
TEST(CudaConv, HalfTypesKeepTheirBits) {
  const ConvShape s = shape_of({1, 16, 4, 4, 16, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}});
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    Values x(dtype, 16 * 16), w(dtype, 16 * 16), y(dtype, 16 * 16);
    for (int64_t i = 0; i < x.size(); ++i) x.set(i, dtype == DType::kFloat16 ? 0x1p-24 : 1 + 0x1p-7);
    for (int64_t i = 0; i < w.size(); ++i) w.set(i, 1);
    for (const auto path : {cuda::ConvPath::kGather, cuda::ConvPath::kChannelsLast}) {
      cuda::conv_forward(Emulator(), s, dtype, x.data(), w.data(), nullptr, false, y.data(),
                         options_of(true, path));
      for (int64_t i = 0; i < y.size(); ++i) {
        EXPECT_EQ(y.get(i), dtype == DType::kFloat16 ? 0x1p-20 : 16 * (1 + 0x1p-7));
      }
    }
  }
}

// A device without them.
TEST(CudaConv, HalfTypesWithoutTensorCores) {
  const ConvShape s = shape_of(kCases[1]);
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    const Operands t(s, dtype);
    Values expected(dtype, t.grad.size()), actual(dtype, t.grad.size());
    cpu().run(
        call::Conv{s, dtype, t.input.data(), t.weight.data(), nullptr, epilogue_of(false), expected.data()});
    cuda::conv_forward(Emulator(Order::kForward, false), s, dtype, t.input.data(), t.weight.data(), nullptr,
                       false, actual.data(), options_of(true));
    expect_close(actual, expected, "without tensor cores", 2);
  }
}

TEST(CudaConv, IntegersAreTheCpus) {
  for (const DType dtype : {DType::kUInt8, DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64}) {
    const ConvShape s = shape_of(kCases[2]);
    const Values x(dtype, s.batch * s.in_channels * s.height * s.width, -9, 9, 1),
        w(dtype, s.out_channels * s.taps(), -9, 9, 2), b(dtype, s.out_channels, -9, 9, 3);
    const int64_t n = s.batch * s.out_channels * s.out_height * s.out_width;
    Values expected(dtype, n), actual(dtype, n);
    for (const bool relu : {false, true}) {
      cpu().run(call::Conv{s, dtype, x.data(), w.data(), b.data(), epilogue_of(relu), expected.data()});
      cuda::conv_forward(Emulator(), s, dtype, x.data(), w.data(), b.data(), relu, actual.data(),
                         options_of(false));
      EXPECT_TRUE(actual == expected) << name(dtype);
    }
    call::ConvBackward g{.shape = s, .dtype = dtype};
    g.grad_output = x.data();
    g.weight = w.data();
    g.grad_input = actual.data();
    EXPECT_THROW(cuda::conv_backward(Emulator(), g, options_of(false)), Error);
  }
}

// Depths that are split among blocks.
TEST(CudaConv, SplitsAreAddedUp) {
  const ConvShape s = shape_of({1, 64, 3, 3, 34, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}});
  const Operands t(s, DType::kFloat32);
  const cuda::ForwardProblem<float> problem{cuda::InputPlaces<float>(s, t.input.as<float>()),
                                            t.weight.as<float>(), nullptr, false, nullptr};
  EXPECT_EQ(cuda::tiles_of(problem, 64, 128, 16).splits, 4);
  check(s, DType::kFloat32);
  check(s, DType::kFloat16);
  const ConvShape wide = shape_of({3, 2, 80, 70, 9, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}});
  check(wide, DType::kFloat32);
}

TEST(CudaConv, TilesCoverTheDepthOnce) {
  struct Sizes {
    int64_t r, c, d, g;
    int64_t rows() const { return r; }
    int64_t cols() const { return c; }
    int64_t depth() const { return d; }
    int64_t groups() const { return g; }
  };
  for (const int64_t depth : {0, 1, 15, 16, 17, 129, 1000, 4097, 1 << 20}) {
    for (const int64_t rows : {1, 64, 65, 4096}) {
      const cuda::GemmTiles t = cuda::tiles_of(Sizes{rows, 300, depth, 2}, 64, 128, 16);
      EXPECT_GE(t.splits, 1);
      EXPECT_GE(t.splits * t.split_depth, depth);
      EXPECT_TRUE(t.splits == 1 || (t.splits - 1) * t.split_depth < depth);
      EXPECT_EQ(t.split_depth % 16, 0);
    }
  }
}

// The depth of the data gradient and the channels may be nothing.
TEST(CudaConv, NoChannels) {
  ConvShape s = shape_of({2, 3, 4, 4, 0, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}});
  Values grad_input(DType::kFloat32, 2 * 3 * 16);
  const float none = 0;
  call::ConvBackward g{.shape = s, .dtype = DType::kFloat32};
  g.grad_output = g.weight = &none;
  g.grad_input = grad_input.data();
  cuda::conv_backward(Emulator(), g, options_of(false));
  for (int64_t i = 0; i < grad_input.size(); ++i) EXPECT_EQ(grad_input.get(i), 0);
  s = shape_of({2, 0, 4, 4, 9, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}});
  Values output(DType::kFloat32, 2 * 9 * 16), bias(DType::kFloat32, 9, -1, 1, 1);
  cuda::conv_forward(Emulator(), s, DType::kFloat32, &none, &none, bias.data(), false, output.data(),
                     options_of(false));
  for (int64_t i = 0; i < output.size(); ++i) EXPECT_EQ(output.get(i), bias.get(i / 16 % 9));
}

// Sizes without room in 32 bits are done directly.
TEST(CudaConv, HugeGeometries) {
  ConvShape s = shape_of({1, 8, 3, 3, 8, 1, {2, 2}, {1, 1}, {0, 0}, {1, 1}});
  EXPECT_TRUE(cuda::conv_fits(s));
  EXPECT_FALSE(cuda::direct_forward(s));
  s.stride[0] = int64_t{1} << 40;
  s.out_height = 1;
  EXPECT_FALSE(cuda::conv_fits(s));
  check(s, DType::kFloat32);
}
