// Convolutions with and without ReLU, and their gradients. Operands are quarters below 2, so that every sum
// is exact in float32 and TF32 changes nothing: the device's results are the CPU's to the bit, whatever the
// order.
#include "ops/conv/conv.h"

#include "autograd/engine.h"
#include "base/float32_precision.h"
#include "device.h"

namespace tt::device_test {
namespace {

Tensor quarters(const Dims& sizes, DType dtype) {
  const Tensor out = empty(sizes, DType::kFloat32);
  for (int64_t i = 0; i < out.numel(); ++i) {
    out.data<float>()[i] = static_cast<float>(random_engine()() % 11) * 0.25f - 1.25f;
  }
  return ops::to_dtype(out, dtype);
}

struct ConvCase {
  int64_t batch, in, height, width, out, kernel[2];
  ops::ConvOptions options;
};

const ConvCase kCases[] = {
    {2, 3, 9, 8, 10, {3, 3}, {{1, 1}, {1, 1}}},              // few channels
    {2, 16, 8, 8, 32, {3, 3}, {{1, 1}, {1, 1}}},             // rows of the result in chunks of 16 bytes
    {3, 17, 9, 7, 35, {3, 3}, {{1, 1}, {1, 1}}},             // and no size that fits
    {2, 32, 8, 8, 64, {3, 3}, {{2, 2}, {1, 1}}},             // phases
    {1, 24, 11, 10, 16, {2, 4}, {{3, 2}, {2, 3}, {2, 1}}},   // and holes
    {1, 32, 9, 9, 32, {3, 3}, {{1, 1}, {2, 1}, {2, 3}, 2}},  // groups
    {2, 66, 5, 5, 130, {1, 1}, {}},                          // several tiles of channels
    {1, 80, 6, 6, 16, {3, 3}, {{1, 1}, {1, 1}}},             // a depth that is split
    {9, 16, 10, 10, 16, {1, 1}, {}},                         // and pixels that are
};

class DeviceConv : public testing::Test {
 protected:
  ~DeviceConv() override { float32_settings().conv = Float32Precision::kHighest; }
};

// The result and the three gradients.
std::vector<Tensor> results(const ConvCase& c, bool relu, const Tensor& x, const Tensor& w, const Tensor& b,
                            const Tensor& grad_output) {
  std::vector<Tensor> inputs{x, w, b};
  for (Tensor& t : inputs) {
    t = detach(t);
    set_requires_grad(t, true);
  }
  const Tensor y = relu ? ops::conv2d_relu(inputs[0], inputs[1], inputs[2], c.options)
                        : ops::conv2d(inputs[0], inputs[1], inputs[2], c.options);
  std::vector<Tensor> out{y};
  for (const Tensor& t : grad(std::vector{y}, inputs, std::vector{grad_output}, {})) {
    out.push_back(t);
  }
  return out;
}

void compare(const ConvCase& c, DType dtype, const std::string& what, bool both) {
  const Tensor x = quarters({c.batch, c.in, c.height, c.width}, dtype),
               w = quarters({c.out, c.in / c.options.groups, c.kernel[0], c.kernel[1]}, dtype),
               b = quarters({c.out}, dtype);
  const Tensor g = quarters(ops::conv2d(x, w, b, c.options).sizes(), dtype);
  for (const bool relu : {true, false}) {
    if (!relu && !both) break;
    const auto want = results(c, relu, x, w, b, g);
    const auto got = results(c, relu, on_cuda(x), on_cuda(w), on_cuda(b), on_cuda(g));
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(difference(got[i], want[i], 0, 0), "") << what << (relu ? " relu" : "") << ", result " << i;
    }
  }
}

TEST_F(DeviceConv, IsTheCpusToTheBit) {
  for (const ConvCase& c : kCases) {
    const auto i = &c - kCases;
    const std::string what = str("case ", static_cast<int64_t>(i), " ");
    compare(c, DType::kBFloat16, what + "bfloat16", false);
    float32_settings().conv = Float32Precision::kHigh;
    compare(c, DType::kFloat32, what + "TF32", false);
    float32_settings().conv = Float32Precision::kHighest;
    // The emulated device takes its time.
    if (i != 1) continue;
    for (const DType dtype : {DType::kFloat64, DType::kFloat16, DType::kFloat32}) {
      compare(c, dtype, what + std::string(name(dtype)), true);
    }
  }
}

}  // namespace
}  // namespace tt::device_test
