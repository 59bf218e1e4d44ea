#include "cuda/pool/pool_body.h"

#include "cuda/kernel_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

const KernelTable& cpu() { return cpu_backend().kernels; }

struct PoolCase {
  int64_t planes, height, width, kernel[2], stride[2], padding[2], dilation[2];
  bool ceil;
};

// Along an axis, as the ops count windows.
int64_t windows(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil) {
  const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1 + (ceil ? stride - 1 : 0);
  const int64_t count = room / stride + 1;
  return ceil && (count - 1) * stride >= size + padding ? count - 1 : count;
}

PoolShape shape_of(const PoolCase& c) {
  PoolShape s;
  s.planes = c.planes;
  s.height = c.height;
  s.width = c.width;
  for (int i = 0; i < 2; ++i) {
    s.kernel[i] = c.kernel[i];
    s.stride[i] = c.stride[i];
    s.padding[i] = c.padding[i];
    s.dilation[i] = c.dilation[i];
  }
  s.out_height = windows(c.height, c.kernel[0], c.stride[0], c.padding[0], c.dilation[0], c.ceil);
  s.out_width = windows(c.width, c.kernel[1], c.stride[1], c.padding[1], c.dilation[1], c.ceil);
  return s;
}

const PoolCase kCases[] = {
    {3, 8, 8, {2, 2}, {2, 2}, {0, 0}, {1, 1}, false},
    {2, 7, 9, {3, 3}, {2, 2}, {1, 1}, {1, 1}, true},
    {2, 9, 7, {3, 2}, {1, 3}, {1, 1}, {2, 1}, false},
    {1, 20, 20, {9, 9}, {4, 5}, {4, 3}, {1, 1}, true},
    {2, 5, 6, {1, 1}, {1, 1}, {0, 0}, {1, 1}, false},
    {1, 40, 30, {2, 2}, {3, 3}, {0, 1}, {1, 1}, true},
    // The second window of a row misses the input.
    {2, 3, 3, {2, 2}, {1, 1}, {1, 1}, {4, 4}, false},
    {2, 2, 3, {3, 2}, {1, 2}, {4, 1}, {4, 2}, false},
};

std::string describe(const PoolShape& s, DType dtype) {
  return str(dtype, " ", s.height, "x", s.width, " to ", s.out_height, "x", s.out_width, " kernel ",
             s.kernel[0], "x", s.kernel[1]);
}

// With ReLU before the pooling: what the two give one after the other, bit for bit.
void check_after_relu(const PoolShape& s, const Values& x, const Values& grad, const std::string& what) {
  const DType dtype = x.dtype();
  Values positive = x;
  for (int64_t i = 0; i < x.size(); ++i) {
    // Maxima on both sides of zero, and zeros.
    positive.set(i, x.get(i) - 3);
  }
  const Values moved = positive;
  for (int64_t i = 0; i < x.size(); ++i) {
    if (moved.get(i) < 0) positive.set(i, 0);
  }
  Values two(dtype, grad.size()), at(DType::kInt64, grad.size());
  cuda::max_pool(Emulator(), s, dtype, false, positive.data(), two.data(), at.as<int64_t>());
  const auto one = in_every_order(
      {Values(dtype, grad.size()), Values(DType::kInt64, grad.size()), Values(dtype, x.size())},
      [&](const Emulator& emulator, std::vector<Values>& r) {
        cuda::max_pool(emulator, s, dtype, true, moved.data(), r[0].data(), r[1].as<int64_t>());
        cuda::max_pool_backward(emulator, s, dtype, grad.data(), r[1].as<int64_t>(), r[0].data(),
                                r[2].data());
      });
  EXPECT_TRUE(one[0] == two) << what;
  EXPECT_TRUE(one[1] == at) << what;
  Values through(dtype, x.size());
  cuda::max_pool_backward(Emulator(), s, dtype, grad.data(), at.as<int64_t>(), nullptr, through.data());
  for (int64_t i = 0; i < x.size(); ++i) {
    if (positive.get(i) <= 0) through.set(i, 0);
  }
  EXPECT_TRUE(one[2] == through) << what << " backward after relu";
}

}  // namespace

TEST(CudaPool, MaxIsTheCpus) {
  for (const PoolCase& c : kCases) {
    const PoolShape s = shape_of(c);
    ASSERT_GT(s.out_height, 0);
    ASSERT_GT(s.out_width, 0);
    const int64_t in = cuda::pool_inputs(s), out = cuda::pool_outputs(s);
    for (int code = 1; code < kDTypeCount; ++code) {
      const auto dtype = static_cast<DType>(code);
      const std::string what = describe(s, dtype);
      // Few values, so that there are equals.
      Values x(dtype, in, 0, 6, 1);
      if (!is_integral(dtype)) {
        for (int64_t i = 0; i < in; ++i)
          x.set(i, i % 17 == 5 ? NAN : i % 5 == 2 ? -INFINITY : std::floor(x.get(i)));
      }
      Values expected(dtype, out), expected_at(DType::kInt64, out);
      cpu().run(call::MaxPool{s, dtype, {}, x.data(), expected.data(), expected_at.as<int64_t>()});
      const auto y = in_every_order({Values(dtype, out), Values(DType::kInt64, out)},
                                    [&](const Emulator& emulator, std::vector<Values>& r) {
                                      cuda::max_pool(emulator, s, dtype, false, x.data(), r[0].data(),
                                                     r[1].as<int64_t>());
                                    });
      expect_close(y[0], expected, what);
      EXPECT_TRUE(y[1] == expected_at) << what;
      Values alone(dtype, out);
      cuda::max_pool(Emulator(), s, dtype, false, x.data(), alone.data(), nullptr);
      expect_close(alone, expected, what);
      Values gathered(dtype, out), expected_gathered(dtype, out);
      cpu().run(call::MaxPoolGather{s, dtype, x.data(), expected_at.as<int64_t>(), expected_gathered.data()});
      cuda::max_pool_gather(Emulator(), s, dtype, x.data(), expected_at.as<int64_t>(), gathered.data());
      EXPECT_TRUE(gathered == expected_gathered) << what;
      if (is_integral(dtype)) continue;
      const Values grad(dtype, out, -1, 1, 2);
      Values expected_grad(dtype, in), actual_grad(dtype, in);
      cpu().run(call::MaxPoolBackward{s, dtype, grad.data(), expected_at.as<int64_t>(), nullptr,
                                      expected_grad.data()});
      cuda::max_pool_backward(Emulator(), s, dtype, grad.data(), expected_at.as<int64_t>(), nullptr,
                              actual_grad.data());
      expect_close(actual_grad, expected_grad, what + " backward", is_reduced_floating(dtype) ? 4 : 1);
      if (cuda::every_window_reads(s)) check_after_relu(s, x, grad, what);
    }
  }
}

TEST(CudaPool, AverageIsTheCpus) {
  for (const PoolCase& c : kCases) {
    PoolCase plain = c;
    plain.dilation[0] = plain.dilation[1] = 1;
    if (plain.padding[0] > plain.kernel[0] / 2) plain.padding[0] = plain.kernel[0] / 2;
    const PoolShape s = shape_of(plain);
    const int64_t in = cuda::pool_inputs(s), out = cuda::pool_outputs(s);
    for (const DType dtype :
         {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16, DType::kInt64}) {
      for (const AvgPoolOptions& o :
           {AvgPoolOptions{true, 0}, AvgPoolOptions{false, 0}, AvgPoolOptions{true, 3}}) {
        const std::string what = describe(s, dtype);
        const Values x(dtype, in, -20, 20, 1);
        Values expected(dtype, out);
        cpu().run(call::AvgPool{s, o, dtype, x.data(), expected.data()});
        const auto y =
            in_every_order({Values(dtype, out)}, [&](const Emulator& emulator, std::vector<Values>& r) {
              cuda::avg_pool(emulator, s, o, dtype, x.data(), r[0].data());
            });
        expect_close(y[0], expected, what);
        if (dtype == DType::kInt64) continue;
        const Values grad(dtype, out, -1, 1, 2);
        Values expected_grad(dtype, in), actual_grad(dtype, in);
        cpu().run(call::AvgPoolBackward{s, o, dtype, grad.data(), expected_grad.data()});
        cuda::avg_pool_backward(Emulator(), s, o, dtype, grad.data(), actual_grad.data());
        // The same additions in the same order.
        EXPECT_TRUE(actual_grad == expected_grad) << what;
      }
    }
  }
}

TEST(CudaPool, AdaptiveIsTheCpus) {
  const int64_t sizes[][5] = {
      {3, 8, 8, 1, 1}, {2, 7, 5, 3, 2}, {2, 4, 4, 6, 9}, {1, 1, 10, 1, 3}, {2, 30, 31, 7, 2}};
  for (const auto& size : sizes) {
    PoolShape s;
    s.planes = size[0];
    s.height = size[1];
    s.width = size[2];
    s.out_height = size[3];
    s.out_width = size[4];
    const int64_t in = cuda::pool_inputs(s), out = cuda::pool_outputs(s);
    for (const DType dtype : kFloatingDTypes) {
      const std::string what = describe(s, dtype);
      const Values x(dtype, in, -2, 2, 1), grad(dtype, out, -1, 1, 2);
      Values expected(dtype, out), expected_grad(dtype, in), actual_grad(dtype, in);
      cpu().run(call::AdaptiveAvgPool{s, dtype, x.data(), expected.data()});
      const auto y =
          in_every_order({Values(dtype, out)}, [&](const Emulator& emulator, std::vector<Values>& r) {
            cuda::adaptive_avg_pool(emulator, s, dtype, x.data(), r[0].data());
          });
      expect_close(y[0], expected, what);
      cpu().run(call::AdaptiveAvgPoolBackward{s, dtype, grad.data(), expected_grad.data()});
      cuda::adaptive_avg_pool_backward(Emulator(), s, dtype, grad.data(), actual_grad.data());
      EXPECT_TRUE(actual_grad == expected_grad) << what;
    }
  }
}
