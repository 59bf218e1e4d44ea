// Expected texts: str() of the same tensors under PyTorch 2.15.
#include "tensor/format.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace tt {
namespace {

template <typename T>
Tensor make(const Dims& sizes, std::initializer_list<T> values) {
  Tensor t = empty(sizes, DTypeOf<T>::value);
  T* out = t.data<T>();
  for (const T& value : values) *out++ = value;
  return t;
}

template <typename T>
Tensor ramp(const Dims& sizes) {
  Tensor t = empty(sizes, DTypeOf<T>::value);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<T>()[i] = static_cast<T>(i);
  return t;
}

Tensor view(const Tensor& t, const Dims& sizes, const Dims& strides, int64_t offset) {
  return alias(t, sizes, strides, offset);
}

std::string text(const Tensor& t, std::string_view suffix = {}, const PrintOptions& options = {}) {
  return format_tensor(t, suffix, Device{}, options);
}

// clang-format off
TEST(Format, Scalars) {
  EXPECT_EQ(text(make<float>({}, {3.5f})),
            "tensor(3.5000)");
  EXPECT_EQ(text(make<float>({}, {2})),
            "tensor(2.)");
  EXPECT_EQ(text(make<int64_t>({}, {-7})),
            "tensor(-7)");
  EXPECT_EQ(text(make<bool>({}, {true})),
            "tensor(True)");
  EXPECT_EQ(text(make<float>({}, {NAN})),
            "tensor(nan)");
  EXPECT_EQ(text(make<float>({}, {-INFINITY})),
            "tensor(-inf)");
  EXPECT_EQ(text(make<double>({}, {1e-7})),
            "tensor(1.0000e-07, dtype=torch.float64)");
  EXPECT_EQ(text(make<float>({}, {0.5f}), "grad_fn=<MseLossBackward0>"),
            "tensor(0.5000, grad_fn=<MseLossBackward0>)");
}

TEST(Format, Empty) {
  EXPECT_EQ(text(make<float>({0}, {})),
            "tensor([])");
  EXPECT_EQ(text(make<float>({0, 3}, {})),
            "tensor([], size=(0, 3))");
  EXPECT_EQ(text(make<int64_t>({0}, {})),
            "tensor([], dtype=torch.int64)");
  EXPECT_EQ(text(make<bool>({2, 0, 1}, {})),
            "tensor([], size=(2, 0, 1), dtype=torch.bool)");
  EXPECT_EQ(text(make<double>({0, 3}, {})),
            "tensor([], size=(0, 3), dtype=torch.float64)");
  EXPECT_EQ(text(make<float>({0}, {}), "requires_grad=True"),
            "tensor([], requires_grad=True)");
}

TEST(Format, Integers) {
  EXPECT_EQ(text(make<int64_t>({5}, {1, -20, 300, 0, 5})),
            "tensor([  1, -20, 300,   0,   5])");
  EXPECT_EQ(text(make<uint8_t>({2, 2}, {0, 255, 7, 10})),
            R"(tensor([[  0, 255],
        [  7,  10]], dtype=torch.uint8))");
  EXPECT_EQ(text(make<int8_t>({2}, {-128, 127})),
            "tensor([-128,  127], dtype=torch.int8)");
  EXPECT_EQ(text(make<int64_t>({2}, {INT64_MIN, INT64_MAX})),
            "tensor([-9223372036854775808,  9223372036854775807])");
  EXPECT_EQ(text(make<bool>({2, 2}, {true, false, false, true})),
            R"(tensor([[ True, False],
        [False,  True]]))");
  EXPECT_EQ(text(make<int32_t>({1}, {4})),
            "tensor([4], dtype=torch.int32)");
  EXPECT_EQ(text(make<int16_t>({1}, {4})),
            "tensor([4], dtype=torch.int16)");
}

TEST(Format, Floats) {
  EXPECT_EQ(text(make<double>({3}, {1, 2, 3})),
            "tensor([1., 2., 3.], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({3}, {0.1, 0.25, 100})),
            "tensor([  0.1000,   0.2500, 100.0000], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({3}, {1, 1000, 1001})),
            "tensor([1.0000e+00, 1.0000e+03, 1.0010e+03], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0.001, 1.5})),
            "tensor([1.0000e-03, 1.5000e+00], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {1e-05, 1})),
            "tensor([1.0000e-05, 1.0000e+00], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({1}, {123456789})),
            "tensor([1.2346e+08], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {100000000.0, 1})),
            "tensor([1.0000e+08, 1.0000e+00], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({1}, {1000000000.0})),
            "tensor([1.0000e+09], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0, 0})),
            "tensor([0., 0.], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0.0, -0.0})),
            "tensor([0., -0.], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({3}, {NAN, 1, 2})),
            "tensor([nan, 1., 2.], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({3}, {INFINITY, -INFINITY, 1.5})),
            "tensor([   inf,   -inf, 1.5000], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {NAN, INFINITY})),
            "tensor([nan, inf], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {-1.5, 2.25})),
            "tensor([-1.5000,  2.2500], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {1e+38, 1e-38})),
            "tensor([1.0000e+38, 1.0000e-38], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({1}, {999.99996})),
            "tensor([1000.0000], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({1}, {0.99999})),
            "tensor([1.0000], dtype=torch.float64)");
  EXPECT_EQ(text(make<float>({3}, {0.1f, 0.2f, 16777216.0f})),
            "tensor([1.0000e-01, 2.0000e-01, 1.6777e+07])");
}

TEST(Format, HalfTypes) {
  EXPECT_EQ(text(make<Half>({2}, {Half(0.1f), Half(2)})),
            "tensor([0.1000, 2.0000], dtype=torch.float16)");
  EXPECT_EQ(text(make<BFloat16>({2}, {BFloat16(0.1f), BFloat16(2)})),
            "tensor([0.1001, 2.0000], dtype=torch.bfloat16)");
  EXPECT_EQ(text(make<Half>({2}, {Half(65504), Half(1)})),
            "tensor([6.5504e+04, 1.0000e+00], dtype=torch.float16)");
}

TEST(Format, Layout) {
  EXPECT_EQ(text(ramp<float>({2, 3})),
            R"(tensor([[0., 1., 2.],
        [3., 4., 5.]]))");
  EXPECT_EQ(text(ramp<int64_t>({2, 2, 3})),
            R"(tensor([[[ 0,  1,  2],
         [ 3,  4,  5]],

        [[ 6,  7,  8],
         [ 9, 10, 11]]]))");
  EXPECT_EQ(text(ramp<int64_t>({2, 1, 2, 2})),
            R"(tensor([[[[0, 1],
          [2, 3]]],


        [[[4, 5],
          [6, 7]]]]))");
  EXPECT_EQ(text(ramp<float>({30})),
            R"(tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,
        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,
        28., 29.]))");
  EXPECT_EQ(text(ramp<int64_t>({2, 40})),
            R"(tensor([[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
         18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
         36, 37, 38, 39],
        [40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,
         58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75,
         76, 77, 78, 79]]))");
  EXPECT_EQ(text(ramp<float>({1, 1, 1})),
            "tensor([[[0.]]])");
}

TEST(Format, Summary) {
  EXPECT_EQ(text(ramp<int64_t>({1001})),
            "tensor([   0,    1,    2,  ...,  998,  999, 1000])");
  EXPECT_EQ(text(ramp<float>({40, 30})),
            R"(tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 2.7000e+01, 2.8000e+01,
         2.9000e+01],
        [3.0000e+01, 3.1000e+01, 3.2000e+01,  ..., 5.7000e+01, 5.8000e+01,
         5.9000e+01],
        [6.0000e+01, 6.1000e+01, 6.2000e+01,  ..., 8.7000e+01, 8.8000e+01,
         8.9000e+01],
        ...,
        [1.1100e+03, 1.1110e+03, 1.1120e+03,  ..., 1.1370e+03, 1.1380e+03,
         1.1390e+03],
        [1.1400e+03, 1.1410e+03, 1.1420e+03,  ..., 1.1670e+03, 1.1680e+03,
         1.1690e+03],
        [1.1700e+03, 1.1710e+03, 1.1720e+03,  ..., 1.1970e+03, 1.1980e+03,
         1.1990e+03]]))");
  EXPECT_EQ(text(ramp<int64_t>({2, 600})),
            R"(tensor([[   0,    1,    2,  ...,  597,  598,  599],
        [ 600,  601,  602,  ..., 1197, 1198, 1199]]))");
  EXPECT_EQ(text(ramp<int64_t>({8, 8, 20})),
            R"(tensor([[[   0,    1,    2,  ...,   17,   18,   19],
         [  20,   21,   22,  ...,   37,   38,   39],
         [  40,   41,   42,  ...,   57,   58,   59],
         ...,
         [ 100,  101,  102,  ...,  117,  118,  119],
         [ 120,  121,  122,  ...,  137,  138,  139],
         [ 140,  141,  142,  ...,  157,  158,  159]],

        [[ 160,  161,  162,  ...,  177,  178,  179],
         [ 180,  181,  182,  ...,  197,  198,  199],
         [ 200,  201,  202,  ...,  217,  218,  219],
         ...,
         [ 260,  261,  262,  ...,  277,  278,  279],
         [ 280,  281,  282,  ...,  297,  298,  299],
         [ 300,  301,  302,  ...,  317,  318,  319]],

        [[ 320,  321,  322,  ...,  337,  338,  339],
         [ 340,  341,  342,  ...,  357,  358,  359],
         [ 360,  361,  362,  ...,  377,  378,  379],
         ...,
         [ 420,  421,  422,  ...,  437,  438,  439],
         [ 440,  441,  442,  ...,  457,  458,  459],
         [ 460,  461,  462,  ...,  477,  478,  479]],

        ...,

        [[ 800,  801,  802,  ...,  817,  818,  819],
         [ 820,  821,  822,  ...,  837,  838,  839],
         [ 840,  841,  842,  ...,  857,  858,  859],
         ...,
         [ 900,  901,  902,  ...,  917,  918,  919],
         [ 920,  921,  922,  ...,  937,  938,  939],
         [ 940,  941,  942,  ...,  957,  958,  959]],

        [[ 960,  961,  962,  ...,  977,  978,  979],
         [ 980,  981,  982,  ...,  997,  998,  999],
         [1000, 1001, 1002,  ..., 1017, 1018, 1019],
         ...,
         [1060, 1061, 1062,  ..., 1077, 1078, 1079],
         [1080, 1081, 1082,  ..., 1097, 1098, 1099],
         [1100, 1101, 1102,  ..., 1117, 1118, 1119]],

        [[1120, 1121, 1122,  ..., 1137, 1138, 1139],
         [1140, 1141, 1142,  ..., 1157, 1158, 1159],
         [1160, 1161, 1162,  ..., 1177, 1178, 1179],
         ...,
         [1220, 1221, 1222,  ..., 1237, 1238, 1239],
         [1240, 1241, 1242,  ..., 1257, 1258, 1259],
         [1260, 1261, 1262,  ..., 1277, 1278, 1279]]]))");
  EXPECT_EQ(text(ramp<double>({300, 5})),
            R"(tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00, 3.0000e+00, 4.0000e+00],
        [5.0000e+00, 6.0000e+00, 7.0000e+00, 8.0000e+00, 9.0000e+00],
        [1.0000e+01, 1.1000e+01, 1.2000e+01, 1.3000e+01, 1.4000e+01],
        ...,
        [1.4850e+03, 1.4860e+03, 1.4870e+03, 1.4880e+03, 1.4890e+03],
        [1.4900e+03, 1.4910e+03, 1.4920e+03, 1.4930e+03, 1.4940e+03],
        [1.4950e+03, 1.4960e+03, 1.4970e+03, 1.4980e+03, 1.4990e+03]],
       dtype=torch.float64))");
}

TEST(Format, Strides) {
  EXPECT_EQ(text(view(ramp<float>({3, 4}), {4, 3}, {1, 4}, 0)),
            R"(tensor([[ 0.,  4.,  8.],
        [ 1.,  5.,  9.],
        [ 2.,  6., 10.],
        [ 3.,  7., 11.]]))");
  EXPECT_EQ(text(view(ramp<float>({3, 4}), {2, 2}, {8, 2}, 1)),
            R"(tensor([[ 1.,  3.],
        [ 9., 11.]]))");
  EXPECT_EQ(text(view(ramp<float>({3, 4}), {3, 2}, {0, 1}, 5)),
            R"(tensor([[5., 6.],
        [5., 6.],
        [5., 6.]]))");
  EXPECT_EQ(text(view(ramp<float>({3, 4}), {}, {}, 7)),
            "tensor(7.)");
}

TEST(Format, Suffixes) {
  EXPECT_EQ(text(make<float>({1, 2}, {0.1234567f, -1.5f}), "grad_fn=<AddBackward0>"),
            "tensor([[ 0.1235, -1.5000]], grad_fn=<AddBackward0>)");
  EXPECT_EQ(text(make<float>({1, 2}, {0.1234567f, -1.5f}), "requires_grad=True"),
            "tensor([[ 0.1235, -1.5000]], requires_grad=True)");
  EXPECT_EQ(text(make<double>({1, 2}, {0.1234567, -1.5}), "grad_fn=<MmBackward0>"),
            "tensor([[ 0.1235, -1.5000]], dtype=torch.float64, grad_fn=<MmBackward0>)");
  EXPECT_EQ(text(ramp<double>({7}), "grad_fn=<NativeBatchNormBackward0>"),
            R"(tensor([0., 1., 2., 3., 4., 5., 6.], dtype=torch.float64,
       grad_fn=<NativeBatchNormBackward0>))");
  EXPECT_EQ(text(ramp<float>({2, 5}), "grad_fn=<AddmmBackward0>"),
            R"(tensor([[0., 1., 2., 3., 4.],
        [5., 6., 7., 8., 9.]], grad_fn=<AddmmBackward0>))");
}

TEST(Format, Options) {
  EXPECT_EQ(text(make<double>({2}, {0.123456789, 12.5}), "", {.precision = 8}),
            "tensor([ 0.12345679, 12.50000000], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0.123456789, 12.5}), "", {.precision = 0}),
            "tensor([ 0, 12], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0.123456789, 12.5}), "", {.sci_mode = SciMode::kOn}),
            "tensor([1.2346e-01, 1.2500e+01], dtype=torch.float64)");
  EXPECT_EQ(text(make<double>({2}, {0.00001, 12.5}), "", {.sci_mode = SciMode::kOff}),
            "tensor([ 0.0000, 12.5000], dtype=torch.float64)");
  EXPECT_EQ(text(ramp<float>({3}), "", {.sci_mode = SciMode::kOn}),
            "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00])");
  EXPECT_EQ(text(ramp<int64_t>({10}), "", {.threshold = 5}),
            "tensor([0, 1, 2,  ..., 7, 8, 9])");
  EXPECT_EQ(text(ramp<int64_t>({10}), "", {.threshold = 5, .edgeitems = 1}),
            "tensor([0,  ..., 9])");
  EXPECT_EQ(text(ramp<int64_t>({10}), "", {.threshold = 5, .edgeitems = 0}),
            "tensor([...], size=(10,))");
  EXPECT_EQ(text(ramp<int64_t>({5, 5}), "", {.threshold = 5, .edgeitems = 0}),
            "tensor([...], size=(5, 5))");
  EXPECT_EQ(text(ramp<int64_t>({5, 5}), "", {.threshold = 5, .edgeitems = 2}),
            R"(tensor([[ 0,  1,  ...,  3,  4],
        [ 5,  6,  ...,  8,  9],
        ...,
        [15, 16,  ..., 18, 19],
        [20, 21,  ..., 23, 24]]))");
  EXPECT_EQ(text(ramp<int64_t>({2}), "", {.edgeitems = 0}),
            "tensor([0, 1], size=(2,))");
  EXPECT_EQ(text(ramp<int64_t>({10}), "", {.linewidth = 20}),
            R"(tensor([0, 1, 2, 3,
        4, 5, 6, 7,
        8, 9]))");
  EXPECT_EQ(text(ramp<int64_t>({3}), "", {.linewidth = 0}),
            R"(tensor([0,
        1,
        2]))");
  EXPECT_EQ(text(ramp<int64_t>({}), "", {.threshold = 0}),
            "tensor(0)");
}
// clang-format on

TEST(Format, Devices) {
  EXPECT_EQ(format_tensor(ramp<float>({2}), "grad_fn=<AddBackward0>", {DeviceType::kCuda, 1}, {}),
            "tensor([0., 1.], device='cuda:1', grad_fn=<AddBackward0>)");
  EXPECT_EQ(format_tensor(ramp<int32_t>({2}), "", {DeviceType::kCuda, 0}, {}),
            "tensor([0, 1], device='cuda:0', dtype=torch.int32)");
}

TEST(Format, DefaultDtypeNeedsNoSuffix) {
  set_default_dtype(DType::kFloat64);
  EXPECT_EQ(text(ramp<double>({2})), "tensor([0., 1.])");
  EXPECT_EQ(text(ramp<float>({2})), "tensor([0., 1.], dtype=torch.float32)");
  set_default_dtype(DType::kFloat32);
}

TEST(Format, Sizes) {
  EXPECT_EQ(format_sizes_torch({1, 3}), "torch.Size([1, 3])");
  EXPECT_EQ(format_sizes_torch({5}), "torch.Size([5])");
  EXPECT_EQ(format_sizes_torch({}), "torch.Size([])");
}

TEST(Format, ProcessOptions) {
  const PrintOptions before = print_options();
  EXPECT_EQ(before, PrintOptions{});
  PrintOptions options = print_profile(PrintProfile::kShort);
  EXPECT_EQ(options.precision, 2);
  EXPECT_EQ(options.edgeitems, 2);
  set_print_options(options);
  EXPECT_EQ(print_options(), options);
  EXPECT_EQ(format_tensor(make<float>({1}, {0.125f})), "tensor([0.12])");
  EXPECT_EQ(print_profile(PrintProfile::kFull).threshold, PrintOptions::kNoThreshold);
  for (const PrintOptions& bad :
       {PrintOptions{.precision = -1}, PrintOptions{.precision = 1001}, PrintOptions{.threshold = -1},
        PrintOptions{.edgeitems = -1}, PrintOptions{.linewidth = -1},
        PrintOptions{.sci_mode = static_cast<SciMode>(3)}}) {
    EXPECT_THROW(set_print_options(bad), Error);
    EXPECT_EQ(print_options(), options);
  }
  EXPECT_THROW(print_profile(static_cast<PrintProfile>(9)), Error);
  set_print_options(before);
}

TEST(Format, ExtremeOptionsAreHarmless) {
  PrintOptions options;
  options.precision = 1000;
  options.edgeitems = options.linewidth = INT64_MAX;
  options.threshold = 0;
  EXPECT_EQ(text(make<double>({1}, {0.5}), "", options).size(),
            1002u + std::strlen("tensor([], dtype=torch.float64)"));
  options.sci_mode = SciMode::kOff;
  EXPECT_GT(text(make<double>({2}, {1.7e308, 0.5}), "", options).size(), 2000u);
}

TEST(Format, IgnoresTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  if (std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr) GTEST_SKIP() << "no de_DE.UTF-8 locale here";
  EXPECT_EQ(text(make<float>({1}, {1234.5f})), "tensor([1234.5000])");
  std::setlocale(LC_ALL, before.c_str());
}

TEST(Format, UndefinedIsRefused) { EXPECT_THROW(text(Tensor()), Error); }

}  // namespace
}  // namespace tt
