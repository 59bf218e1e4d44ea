// Loading a backend, moving tensors to it and computing there, with the mock plug-in (TINYTORCH_CUDA_LIBRARY
// names it).
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "autograd/engine.h"
#include "random/generator.h"
#include "device/plugin.h"
#include "ops/ops.h"
#include "ops/random/random.h"
#include "optim/grad_scaler.h"
#include "optim/sgd.h"

namespace tt {
namespace {

const Device kFirst{DeviceType::kCuda, 0};
const Device kSecond{DeviceType::kCuda, 1};

// Before the first use of a device.
const int kPluginNamed = setenv("TINYTORCH_CUDA_LIBRARY", TT_MOCK_PLUGIN, 1);

std::string message_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(MockBackend, HasItsDevices) {
  ASSERT_EQ(kPluginNamed, 0);
  EXPECT_EQ(device_count(DeviceType::kCuda), 2);
  EXPECT_EQ(device_unavailable_reason(DeviceType::kCuda), "");
}

TEST(MockBackend, MovesTensorsThereAndBack) {
  Tensor x = ops::full({3, 4}, 2.5, DType::kFloat32);
  *x.data<float>() = 7;
  const Tensor there = ops::to_device(x, kFirst);
  EXPECT_EQ(there.device(), kFirst);
  const Tensor back = ops::to_device(ops::to_device(ops::transpose(there, 0, 1), kSecond), Device{});
  EXPECT_EQ(back.sizes(), (Dims{4, 3}));
  EXPECT_EQ(*back.data<float>(), 7);
  EXPECT_EQ(back.data<float>()[1], 2.5f);
}

TEST(MockBackend, ComputesAndDifferentiates) {
  Tensor x = ops::full({2, 3}, 2.0, DType::kFloat32, kFirst);
  set_requires_grad(x, true);
  const Tensor y = ops::sum(ops::mul(ops::mm(x, ops::full({3, 2}, 0.5, DType::kFloat32, kFirst)), 3.0));
  const Tensor roots[] = {y};
  backward(roots, {}, {});
  EXPECT_EQ(x.grad().device(), kFirst);
  EXPECT_EQ(*ops::to_device(y, Device{}).data<float>(), 36);
  EXPECT_EQ(*ops::to_device(x.grad(), Device{}).data<float>(), 3);
}

// What neither the recorded vectors nor the training runs ask of a device.
TEST(MockBackend, RareCallsAgreeWithTheCpu) {
  const auto same = [](const Tensor& there, const Tensor& here) {
    EXPECT_EQ(there.device(), kFirst);
    EXPECT_TRUE(ops::equal(ops::to_device(there, Device{}), here));
  };
  same(ops::linspace(-1, 2, 7, DType::kFloat32, kFirst), ops::linspace(-1, 2, 7, DType::kFloat32, Device{}));

  const Tensor counts = ops::arange(0, 6, 1, DType::kInt64, Device{});
  const Tensor index = ops::remainder(counts, int64_t{3}), into = ops::zeros({3}, DType::kInt64);
  const auto mean = [](const Tensor& self, const Tensor& at, const Tensor& src) {
    return ops::scatter_reduce(self, 0, at, src, ops::ScatterReduce::kMean, false);
  };
  same(mean(ops::to_device(into, kFirst), ops::to_device(index, kFirst), ops::to_device(counts, kFirst)),
       mean(into, index, counts));

  const int64_t sizes[] = {2, 2};
  Tensor x = ops::reshape(ops::arange(0, 30, 1, DType::kFloat32, Device{}), Dims{1, 2, 3, 5});
  Tensor moved = ops::to_device(x, kFirst);
  set_requires_grad(x, true);
  set_requires_grad(moved, true);
  const Tensor pooled = ops::adaptive_avg_pool2d(x, sizes), there = ops::adaptive_avg_pool2d(moved, sizes);
  same(detach(there), detach(pooled));
  const Tensor roots[] = {ops::sum(ops::square(pooled)), ops::sum(ops::square(there))};
  backward({roots, 1}, {}, {});
  backward({roots + 1, 1}, {}, {});
  same(moved.grad(), x.grad());
}

TEST(MockBackend, UnscalesGradients) {
  Tensor x = ops::full({3}, 2.0, DType::kFloat32, kFirst);
  set_requires_grad(x, true);
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  options.lr = 0.5;
  const Ref<optim::Optimizer> sgd = make_ref<optim::Sgd>(Tensors{x}, options);
  optim::GradScalerOptions scaling;
  scaling.init_scale = 1024;
  const auto scaler = make_ref<optim::GradScaler>(scaling);
  const Tensor roots[] = {scaler->scale(ops::sum(ops::mul(x, 3.0)))};
  backward(roots, {}, {});
  EXPECT_TRUE(scaler->step(*sgd));
  EXPECT_EQ(*ops::to_device(x, Device{}).data<float>(), 0.5f);
}

TEST(MockBackend, ZeroDimCpuTensorsJoinAnyDevice) {
  const Tensor x = ops::full({2}, 2.0, DType::kFloat32, kFirst);
  const Tensor y = ops::mul(x, scalar_tensor(4.0, DType::kFloat32));
  EXPECT_EQ(y.device(), kFirst);
  EXPECT_EQ(*ops::to_device(y, Device{}).data<float>(), 8);
}

TEST(MockBackend, TwoDevicesAreAnErrorThatNamesBoth) {
  const Tensor a = ops::full({2}, 1.0, DType::kFloat32, kFirst);
  const Tensor b = ops::full({2}, 1.0, DType::kFloat32);
  const Tensor c = ops::full({2}, 1.0, DType::kFloat32, kSecond);
  EXPECT_EQ(message_of([&] { ops::add(a, b); }),
            "expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!");
  EXPECT_EQ(
      message_of([&] { ops::add(a, c); }),
      "expected all tensors to be on the same device, but found at least two devices, cuda:0 and cuda:1!");
  EXPECT_EQ(message_of([&] {
              ops::full({2}, 1.0, DType::kFloat32, Device{DeviceType::kCuda, 2});
            }),
            "invalid device cuda:2: there are 2 devices");
}

TEST(MockBackend, MemoryCallsLeaveKernelsWithTheirDevice) {
  const Tensor x = ops::full({4}, 2.0, DType::kFloat32, kFirst);
  Tensor other = ops::full({4}, 2.0, DType::kFloat32, kSecond);
  Backend& backend = backend_of(kFirst);
  other = Tensor();
  other = empty({2}, DType::kFloat32, kSecond);
  EXPECT_THROW(check_device(Device{DeviceType::kCuda, 7}), Error);
  const Tensor y = empty({4}, DType::kFloat32, kFirst);
  backend.kernels.run(call::Unary{UnaryOp::neg, make_loop(x.sizes(), {y, x}), {}});
  EXPECT_EQ(*ops::to_device(y, Device{}).data<float>(), -2);
}

// The kernels find what is wrong; the mock's are the CPU's and say so at once.
TEST(MockBackend, IndicesAreCheckedByTheDevice) {
  const auto there = [](const Tensor& t) { return ops::to_device(t, kFirst); };
  const Tensor x = there(ops::full({3, 4}, 2.5, DType::kFloat32));
  const Tensor wrong = there(ops::full({2}, 3, DType::kInt64)), source = there(ops::zeros({2, 4}, x.dtype()));
  const std::string message = "index 3 is out of bounds for dimension 0 with size 3";
  EXPECT_EQ(message_of([&] { ops::index_select(x, 0, wrong); }), message);
  EXPECT_EQ(message_of([&] { ops::index_add_(x, 0, wrong, source); }), message);
  const Tensor list[] = {wrong};
  EXPECT_EQ(message_of([&] { ops::index_put_(x, list, source); }), message);
  EXPECT_EQ(message_of([&] { ops::one_hot(wrong, 2); }), "input has the class 3, but num_classes is 2");
  EXPECT_EQ(message_of([&] { ops::remainder(wrong, ops::zeros_like(wrong)); }),
            "an integer is divided by zero");
  EXPECT_TRUE(ops::equal(x, there(ops::full({3, 4}, 2.5, DType::kFloat32))));
}

TEST(MockBackend, DrawsAndPadsWithoutTheHost) {
  const auto draw = [](Device device) {
    const Ref<Generator> g = make_ref<Generator>(Engine::kPhilox, uint64_t{9});
    const Tensor p = ops::full({3, 50}, 0.25, DType::kFloat32, device);
    const int64_t amounts[] = {3, 4};
    return Tensors{
        ops::randperm(100, DType::kInt32, g.get(), device),
        ops::bernoulli(p, g.get()),
        ops::multinomial(p, 1, false, g.get()),
        ops::multinomial(p, 20, false, g.get()),
        ops::multinomial(p, 20, true, g.get()),
        ops::pad(ops::randn({3, 50}, DType::kFloat32, g.get(), device), amounts, ops::PadMode::kReflect)};
  };
  const Tensors got = draw(kFirst), want = draw(Device{});
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].device(), kFirst);
    EXPECT_TRUE(ops::equal(ops::to_device(got[i], Device{}), want[i])) << i;
  }
}

// Numbers and 0-dim CPU tensors go by value.
TEST(MockBackend, ChoosesAmongNumbers) {
  const Tensor mask = ops::to_device(ops::eq(ops::arange(0, 4, 1, DType::kInt64), 2), kFirst);
  const Tensor x = ops::full({4}, 1.5, DType::kFloat32, kFirst);
  const Tensor y = ops::to_device(ops::where(mask, scalar_tensor(4, DType::kFloat32), x), Device{});
  const Tensor z = ops::to_device(ops::masked_fill(x, mask, 4), Device{});
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(y.data<float>()[i], i == 2 ? 4 : 1.5f);
    EXPECT_EQ(z.data<float>()[i], i == 2 ? 4 : 1.5f);
  }
  const Tensor all = ops::where(scalar_tensor(true, DType::kBool), x, 0.0);
  EXPECT_TRUE(ops::equal(all, x));
  EXPECT_EQ(*ops::to_device(scalar_tensor(3, DType::kFloat16, kFirst), Device{}).data<Half>(), Half(3.0f));
}

TEST(MockBackend, RunsOutOfMemoryWithoutHarm) {
  EXPECT_EQ(message_of([&] { ops::zeros({int64_t{1} << 33}, DType::kUInt8, kFirst); }),
            "mock: out of memory: could not allocate 8589934592 bytes");
  EXPECT_EQ(ops::zeros({4}, DType::kUInt8, kFirst).numel(), 4);
}

}  // namespace
}  // namespace tt
