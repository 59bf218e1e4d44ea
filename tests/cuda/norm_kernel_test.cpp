#include "cuda/norm/norm_body.h"

#include "cuda/kernel_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

const KernelTable& cpu() { return cpu_backend().kernels; }

void check(const BatchNormShape& s, bool vectors) {
  const std::string what = str("batch_norm ", s.dtype, " (", s.batch, ", ", s.channels, ", ", s.inner,
                               s.epilogue.some() ? ") relu" : ")");
  const int64_t n = s.batch * s.channels * s.inner, c = s.channels;
  const DType wide = s.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  // Far from zero, as sums of squares would lose.
  const Values x(s.dtype, n, 9, 11, 1), weight(s.param_dtype, c, 0.5, 2, 2), bias(s.param_dtype, c, -1, 1, 3);
  const void* w = vectors ? weight.data() : nullptr;
  const void* b = vectors ? bias.data() : nullptr;
  const std::vector<Values> results = {Values(s.dtype, n),
                                       Values(wide, c),
                                       Values(wide, c),
                                       Values(s.param_dtype, c, -1, 1, 4),
                                       Values(s.param_dtype, c, 0.5, 1, 5),
                                       Values(DType::kInt64, 1, 41, 41, 6)};
  std::vector<Values> expected = results;
  const auto train = [&](const KernelTable* kernels, const Emulator* emulator, std::vector<Values>& r) {
    void* rm = vectors ? r[3].data() : nullptr;
    void* rv = vectors ? r[4].data() : nullptr;
    int64_t* batches = vectors ? r[5].as<int64_t>() : nullptr;
    if (kernels != nullptr) {
      kernels->run(call::BatchNormTrain{s, x.data(), w, b, rm, rv, batches, 0.1, r[1].data(), r[2].data(),
                                        r[0].data()});
    } else {
      cuda::batch_norm_train(*emulator, s, x.data(), w, b, rm, rv, batches, 0.1, r[1].data(), r[2].data(),
                             r[0].data());
    }
  };
  train(&cpu(), nullptr, expected);
  const auto actual = in_every_order(
      results, [&](const Emulator& emulator, std::vector<Values>& out) { train(nullptr, &emulator, out); });
  for (size_t i = 0; i < results.size(); ++i) {
    // float's mean of 10 has an error of 1e-6, which the deviations of 1 feel as 1e-6 more.
    expect_close(actual[i], expected[i], str(what, " result ", i), i == 0 ? 4 : 1);
  }

  const Values mean(s.param_dtype, c, 9, 11, 6), variance(s.param_dtype, c, 0.2, 1, 7);
  Values expected_eval(s.dtype, n), eval(s.dtype, n);
  cpu().run(call::BatchNormEval{s, x.data(), w, b, mean.data(), variance.data(), expected_eval.data()});
  cuda::batch_norm_eval(Emulator(), s, x.data(), w, b, mean.data(), variance.data(), eval.data());
  expect_close(eval, expected_eval, what + " eval");

  const Values grad(s.dtype, n, -1, 1, 8);
  const Values& y = expected[0];
  const void* shown = s.epilogue.some() ? y.data() : nullptr;
  for (const bool training : {true, false}) {
    for (const bool input_only : {false, true}) {
      const std::vector<Values> grads = {Values(s.dtype, n), Values(s.param_dtype, c),
                                         Values(s.param_dtype, c)};
      std::vector<Values> expected_grads = grads;
      cpu().run(call::BatchNormBackward{s, training, grad.data(), x.data(), shown, w, expected[1].data(),
                                        expected[2].data(), expected_grads[0].data(),
                                        input_only ? nullptr : expected_grads[1].data(),
                                        input_only ? nullptr : expected_grads[2].data()});
      const auto g = in_every_order(grads, [&](const Emulator& emulator, std::vector<Values>& out) {
        cuda::batch_norm_backward(emulator, s, training, grad.data(), x.data(), shown, w, expected[1].data(),
                                  expected[2].data(), out[0].data(), input_only ? nullptr : out[1].data(),
                                  input_only ? nullptr : out[2].data());
      });
      for (size_t i = 0; i < 3; ++i)
        expect_close(g[i], expected_grads[i], str(what, " gradient ", i), i == 0 ? 1 : 8);
      if (input_only) continue;
      Values alone(s.param_dtype, c);
      cuda::batch_norm_backward(Emulator(), s, training, grad.data(), x.data(), shown, w, expected[1].data(),
                                expected[2].data(), nullptr, nullptr, alone.data());
      EXPECT_TRUE(alone == g[2]) << what;
    }
  }
}

}  // namespace

TEST(CudaNorm, IsTheCpus) {
  const int64_t shapes[][3] = {{2, 1, 2},    {8, 3, 25}, {40, 70, 1}, {600, 33, 1},
                               {3, 2, 5000}, {2, 1, 1},  {1100, 3, 1}};
  for (const auto& shape : shapes) {
    for (const DType dtype : kFloatingDTypes) {
      for (const bool vectors : {false, true}) {
        BatchNormShape s;
        s.batch = shape[0];
        s.channels = shape[1];
        s.inner = shape[2];
        s.dtype = dtype;
        s.param_dtype = dtype;
        if (vectors) s.epilogue = kRelu;
        check(s, vectors);
      }
    }
  }
}

TEST(CudaNorm, ManySlicesAreMergedApart) {
  BatchNormShape s;
  s.batch = 131073;
  s.channels = 2;
  s.inner = 1;
  ASSERT_FALSE(cuda::NormPlan(s).few_slices());
  check(s, true);
}

TEST(CudaNorm, HalfInputsWithFloatParameters) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    BatchNormShape s;
    s.batch = 4;
    s.channels = 5;
    s.inner = 9;
    s.dtype = dtype;
    s.param_dtype = DType::kFloat32;
    check(s, true);
  }
}

TEST(CudaBlock, DividesByMultiplicationWhereItCan) {
  for (const int64_t divisor : {int64_t{1}, int64_t{3}, int64_t{641}, int64_t{INT32_MAX}, int64_t{1} << 40}) {
    const cuda::CountDivide narrow(divisor, INT32_MAX), wide(divisor, int64_t{1} << 50);
    EXPECT_EQ(narrow.wide, divisor > INT32_MAX);
    EXPECT_TRUE(wide.wide);
    for (const int64_t n : {int64_t{0}, divisor - 1, divisor, 7 * divisor + 5, int64_t{INT32_MAX} - 1}) {
      if (n < INT32_MAX) {
        EXPECT_EQ(narrow(n), n / divisor) << n << " / " << divisor;
      }
      EXPECT_EQ(wide(n), n / divisor) << n << " / " << divisor;
    }
  }
}
