// Convolutions on the CUDA backend's kernels, run by the emulator, against the CPU's.
#pragma once

#include "cuda/conv/conv_body.h"
#include "cuda/kernel_check.h"

namespace tt::testing {

inline const KernelTable& cpu() { return cpu_backend().kernels; }
inline Epilogue epilogue_of(bool relu) { return relu ? kRelu : Epilogue{}; }

struct ConvCase {
  int64_t batch, in, height, width, out, groups, kernel[2], stride[2], padding[2], dilation[2];
};

inline ConvShape shape_of(const ConvCase& c) {
  ConvShape s;
  s.batch = c.batch;
  s.in_channels = c.in;
  s.height = c.height;
  s.width = c.width;
  s.out_channels = c.out;
  s.groups = c.groups;
  int64_t out[2];
  for (int i = 0; i < 2; ++i) {
    s.kernel[i] = c.kernel[i];
    s.stride[i] = c.stride[i];
    s.padding[i] = c.padding[i];
    s.dilation[i] = c.dilation[i];
    const int64_t size = i == 0 ? c.height : c.width;
    out[i] = (size + 2 * c.padding[i] - c.dilation[i] * (c.kernel[i] - 1) - 1) / c.stride[i] + 1;
  }
  s.out_height = out[0];
  s.out_width = out[1];
  return s;
}

struct Operands {
  Values input, weight, bias, grad;
  Operands(const ConvShape& s, DType dtype)
      : input(dtype, s.batch * s.in_channels * s.height * s.width, -1, 1, 1),
        weight(dtype, s.out_channels * s.taps(), -1, 1, 2),
        bias(dtype, s.out_channels, -1, 1, 3),
        grad(dtype, s.batch * s.out_channels * s.out_height * s.out_width, -1, 1, 4) {}
  // To numbers that TF32 holds.
  void round_to_tf32() {
    for (Values* v : {&input, &weight, &grad}) {
      for (int64_t i = 0; i < v->size(); ++i) v->set(i, std::round(v->get(i) * 512) / 512);
    }
  }
};

inline std::string describe(const ConvShape& s, DType dtype) {
  return str("conv ", dtype, " (", s.batch, ", ", s.in_channels, ", ", s.height, ", ", s.width, ") to ",
             s.out_channels, " of ", s.kernel[0], "x", s.kernel[1]);
}

// Sums of n products of numbers below 1, in another order.
inline double tolerance(DType dtype, int64_t n) {
  return is_reduced_floating(dtype) ? 2 : 1 + std::sqrt(static_cast<double>(n)) / 4;
}

inline cuda::ConvOptions options_of(bool tf32, cuda::ConvPath path = cuda::ConvPath::kGather) {
  return {tf32, path};
}

// output: of a convolution with ReLU; may be null.
inline call::ConvBackward data_gradient(const ConvShape& s, DType dtype, const Operands& t,
                                        const Values* output, Values& grad_input) {
  call::ConvBackward g{.shape = s, .dtype = dtype};
  g.grad_output = t.grad.data();
  g.output = output != nullptr ? output->data() : nullptr;
  g.weight = t.weight.data();
  g.grad_input = grad_input.data();
  return g;
}
inline call::ConvBackward weight_gradient(const ConvShape& s, DType dtype, const Operands& t,
                                          const Values* output, Values& grad_weight, Values* grad_bias) {
  call::ConvBackward g{.shape = s, .dtype = dtype};
  g.grad_output = t.grad.data();
  g.output = output != nullptr ? output->data() : nullptr;
  g.input = t.input.data();
  g.grad_weight = grad_weight.data();
  g.grad_bias = grad_bias != nullptr ? grad_bias->data() : nullptr;
  return g;
}

inline void check_data(const ConvShape& s, DType dtype, const Operands& t, const cuda::ConvOptions& options,
                       const Values* output = nullptr) {
  Values expected(dtype, t.input.size());
  cpu().run(data_gradient(s, dtype, t, output, expected));
  const auto gx =
      in_every_order({Values(dtype, t.input.size())}, [&](const Emulator& emulator, std::vector<Values>& r) {
        cuda::conv_backward(emulator, data_gradient(s, dtype, t, output, r[0]), options);
      });
  expect_close(gx[0], expected, describe(s, dtype) + " data",
               tolerance(dtype, s.group_outputs() * s.kernel[0] * s.kernel[1]));
}

inline void check_weight(const ConvShape& s, DType dtype, const Operands& t, const cuda::ConvOptions& options,
                         const Values* output = nullptr) {
  const std::string what = describe(s, dtype);
  Values expected_w(dtype, t.weight.size()), expected_b(dtype, s.out_channels);
  cpu().run(weight_gradient(s, dtype, t, output, expected_w, &expected_b));
  const auto gw = in_every_order({Values(dtype, t.weight.size()), Values(dtype, s.out_channels)},
                                 [&](const Emulator& emulator, std::vector<Values>& r) {
                                   cuda::conv_backward(
                                       emulator, weight_gradient(s, dtype, t, output, r[0], &r[1]), options);
                                 });
  const int64_t pixels = s.batch * s.out_height * s.out_width;
  expect_close(gw[0], expected_w, what + " weight", tolerance(dtype, pixels));
  expect_close(gw[1], expected_b, what + " bias", tolerance(dtype, pixels));
  Values alone(dtype, t.weight.size());
  cuda::conv_backward(Emulator(), weight_gradient(s, dtype, t, output, alone, nullptr), options);
  EXPECT_TRUE(alone == gw[0]) << what;
  // All at once.
  Values data(dtype, t.input.size()), weight(dtype, t.weight.size()), bias(dtype, s.out_channels);
  call::ConvBackward all = weight_gradient(s, dtype, t, output, weight, &bias);
  all.weight = t.weight.data();
  all.grad_input = data.data();
  cuda::conv_backward(Emulator(), all, options);
  EXPECT_TRUE(weight == gw[0]) << what;
  EXPECT_TRUE(bias == gw[1]) << what;
  Values expected_x(dtype, t.input.size());
  cpu().run(data_gradient(s, dtype, t, output, expected_x));
  expect_close(data, expected_x, what + " data, beside the weight",
               tolerance(dtype, s.group_outputs() * s.kernel[0] * s.kernel[1]));
}

// relu: the convolution with it, whose values are those without it, but for what is below zero.
inline void check(const ConvShape& s, DType dtype, const cuda::ConvOptions& options = options_of(false),
                  bool relu = false) {
  ASSERT_GT(s.out_height, 0);
  ASSERT_GT(s.out_width, 0);
  const std::string what = describe(s, dtype);
  Operands t(s, dtype);
  if (options.tf32) t.round_to_tf32();
  const auto forward = [&](const void* bias, bool joined) {
    Values expected(dtype, t.grad.size());
    cpu().run(
        call::Conv{s, dtype, t.input.data(), t.weight.data(), bias, epilogue_of(joined), expected.data()});
    const auto y =
        in_every_order({Values(dtype, t.grad.size())}, [&](const Emulator& emulator, std::vector<Values>& r) {
          cuda::conv_forward(emulator, s, dtype, t.input.data(), t.weight.data(), bias, joined, r[0].data(),
                             options);
        });
    expect_close(y[0], expected, what, tolerance(dtype, s.taps()));
    return y[0];
  };
  const Values y = forward(t.bias.data(), relu);
  if (relu) {
    const Values apart = forward(t.bias.data(), false);
    for (int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(y.get(i), apart.get(i) < 0 ? 0 : apart.get(i)) << what;
  } else {
    forward(nullptr, false);
  }
  if (is_integral(dtype)) return;
  check_data(s, dtype, t, options, relu ? &y : nullptr);
  check_weight(s, dtype, t, options, relu ? &y : nullptr);
}

}  // namespace tt::testing
