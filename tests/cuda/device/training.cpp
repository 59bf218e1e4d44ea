// What training joins on a device, beside what the CPU does one after the other: a linear layer's gradients,
// ReLU with its neighbours, the loss with its gradient, a norm's count of batches. And that whoever looks in
// between, or differentiates twice, sees what he sees without.
#include <cstring>

#include "autograd/engine.h"
#include "random/generator.h"
#include "device.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/pool.h"
#include "ops/loss/loss.h"
#include "ops/norm/norm.h"
#include "ops/pool/pool.h"
#include "ops/random/random.h"

namespace tt::device_test {
namespace {

constexpr DType kFloating[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16};
constexpr Device kDevices[] = {Device{}, kCuda};

Tensor random(const Dims& sizes, DType dtype = DType::kFloat32) {
  return ops::to_dtype(ops::randn(sizes, DType::kFloat32), dtype);
}
Tensor leaf(const Tensor& t, Device device) {
  const Tensor out = ops::clone(ops::to_device(t, device));
  set_requires_grad(out, true);
  return out;
}
double number(const Tensor& t) {
  const Tensor host = ops::to_dtype(ops::to_device(t, Device{}), DType::kFloat64);
  return *ops::contiguous(host).data<double>();
}
bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = ops::contiguous(ops::to_device(a, Device{})),
               y = ops::contiguous(ops::to_device(b, Device{}));
  return x.dtype() == y.dtype() && x.sizes() == y.sizes() &&
         std::memcmp(x.raw(), y.raw(), static_cast<size_t>(x.numel()) * size_of(x.dtype())) == 0;
}
// Sums of so many products of numbers around 1.
std::string far(const Tensor& device, const Tensor& cpu, int64_t terms) {
  const double rtol = tolerance(cpu.dtype());
  return difference(device, cpu, rtol, 4 * rtol * std::sqrt(static_cast<double>(terms)));
}

// The function's value and the gradients of its inputs, on a device; those of `frozen` (a bit each) are not
// wanted.
using Function = std::function<Tensor(const Tensors& inputs)>;
Tensors differentiate(const Function& f, const Tensors& inputs, Device device, unsigned frozen = 0) {
  Tensors own, wanted;
  for (size_t i = 0; i < inputs.size(); ++i) {
    own.push_back(frozen >> i & 1 ? ops::to_device(inputs[i], device) : leaf(inputs[i], device));
    if (!(frozen >> i & 1)) wanted.push_back(own.back());
  }
  const Tensor y = f(own);
  manual_seed(5);
  const Tensor g = ops::to_device(random(y.sizes(), y.dtype()), device);
  Tensors out = grad(std::vector{y}, wanted, std::vector{g}, {});
  out.insert(out.begin(), detach(y));
  return out;
}
void compare(const Function& f, const Tensors& inputs, int64_t terms, const std::string& what,
             unsigned frozen = 0) {
  const Tensors cpu = differentiate(f, inputs, Device{}, frozen);
  const Tensors cuda = differentiate(f, inputs, kCuda, frozen);
  ASSERT_EQ(cpu.size(), cuda.size());
  for (size_t i = 0; i < cpu.size(); ++i) EXPECT_EQ(far(cuda[i], cpu[i], terms), "") << what << " " << i;
}

TEST(DeviceTraining, LinearGradientsAreTheCpus) {
  manual_seed(1);
  const Function plain = [](const Tensors& t) { return ops::linear(t[0], t[1], t[2]); };
  const Function relu = [](const Tensors& t) { return ops::linear_relu(t[0], t[1], t[2]); };
  const Function sigmoid = [](const Tensors& t) {
    return ops::linear_activated(t[0], t[1], t[2], UnaryOp::sigmoid);
  };
  // From 300 rows on there is more than one launch. One input has no way in the emulated cublasLt; the last
  // two are too long for one block, and too large.
  const int64_t shapes[][3] = {{5, 7, 3},    {64, 128, 10}, {9, 1, 40},    {1, 3, 1},       {20, 30, 300},
                               {300, 20, 9}, {300, 1, 9},   {1100, 4, 33}, {1030, 270, 250}};
  for (const DType dtype : kFloating) {
    for (const auto& [rows, in, out] : shapes) {
      if (rows > 1025 && dtype != DType::kFloat32) continue;
      const Tensors inputs = {random({rows, in}, dtype), random({out, in}, dtype), random({out}, dtype)};
      const std::string what = str(name(dtype), " ", rows, " x ", in, " to ", out);
      const int64_t terms = std::max({rows, in, out});
      compare(plain, inputs, terms, what);
      compare(relu, inputs, terms, what + " relu");
      compare(sigmoid, inputs, terms, what + " sigmoid");
    }
  }
  const Tensors inputs = {random({4, 6, 5}), random({7, 5}), random({7})};
  for (unsigned frozen = 0; frozen < 7; ++frozen) {
    compare(plain, inputs, 24, str("frozen ", static_cast<uint64_t>(frozen)), frozen);
    compare(relu, inputs, 24, str("relu frozen ", static_cast<uint64_t>(frozen)), frozen);
  }
  // Gradients that do not lie dense.
  compare([&](const Tensors& t) { return ops::t(relu(t)); }, {random({30, 5}), random({7, 5}), random({7})},
          30, "transposed");
}

// In one kernel and in several; with sums beside a product, and nothing behind them.
TEST(DeviceTraining, LinearGradientsStayInTheirPlace) {
  manual_seed(9);
  for (const DType dtype : kFloating) {
    for (const int64_t rows : {20, 300}) {
      const int64_t in = 12, out = 9;
      const Tensor x = random({rows, in}, dtype), w = random({out, in}, dtype),
                   g = random({rows, out}, dtype);
      const Tensor device_x = on_cuda(x), device_w = on_cuda(w), device_g = on_cuda(g);
      const auto guarded = [&](int64_t n) { return on_cuda(ops::full({n + 8}, 7, dtype)); };
      const Tensor gx = guarded(rows * in), gw = guarded(out * in), gb = guarded(out);
      call::LinearBackward args;
      args.dtype = dtype;
      args.rows = rows;
      args.in = in;
      args.out = out;
      args.grad = device_g.raw();
      args.input = device_x.raw();
      args.weight = device_w.raw();
      args.grad_input = gx.raw();
      args.grad_weight = gw.raw();
      args.grad_bias = gb.raw();
      run(kCuda, args);
      const int64_t dims[] = {0};
      const std::pair<Tensor, Tensor> results[] = {
          {gx, ops::mm(g, w)}, {gw, ops::mm(ops::t(g), x)}, {gb, ops::sum(g, dims)}};
      for (const auto& [got, want] : results) {
        const int64_t n = want.numel();
        EXPECT_EQ(far(ops::narrow(got, 0, 0, n), ops::reshape(want, {n}), rows), "") << name(dtype);
        EXPECT_EQ(far(ops::narrow(got, 0, n, 8), ops::full({8}, 7, dtype), 0), "") << name(dtype);
      }
    }
  }
}

TEST(DeviceTraining, GradientsOfGradients) {
  manual_seed(2);
  const Tensor x = random({6, 5}), w = random({4, 5}), b = random({4}), image = random({2, 3, 6, 6});
  const ops::PoolOptions pool{{2, 2}};
  const Function functions[] = {
      [](const Tensors& t) { return ops::linear(t[0], t[1], t[2]); },
      [](const Tensors& t) { return ops::linear_relu(t[0], t[1], t[2]); },
      [&](const Tensors& t) { return ops::relu_max_pool2d(ops::mul(t[0], t[0]), pool); },
      [](const Tensors& t) {
        return ops::cross_entropy(ops::linear(t[0], t[1], t[2]),
                                  ops::zeros({6}, DType::kInt64, t[0].device()));
      },
      [](const Tensors& t) {
        return ops::mse_loss(ops::linear(t[0], t[1], t[2]),
                             ops::zeros({6, 4}, DType::kFloat32, t[0].device()));
      }};
  for (size_t f = 0; f < std::size(functions); ++f) {
    const Tensors inputs = f == 2 ? Tensors{image} : Tensors{x, w, b};
    Tensors of_device[2];
    for (int d = 0; d < 2; ++d) {
      Tensors own;
      for (const Tensor& t : inputs) own.push_back(leaf(t, kDevices[d]));
      const Tensor y = ops::sum(ops::mul(functions[f](own), 3.0));
      BackwardOptions options;
      options.create_graph = true;
      const Tensors first = grad(std::vector{y}, own, {}, options);
      Tensor total = ops::sum(ops::mul(first[0], first[0]));
      for (size_t i = 1; i < first.size(); ++i)
        total = ops::add(total, ops::sum(ops::mul(first[i], first[i])));
      BackwardOptions unused;
      unused.allow_unused = true;
      of_device[d] = grad(std::vector{total}, own, {}, unused);
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      ASSERT_EQ(of_device[0][i].defined(), of_device[1][i].defined());
      if (of_device[0][i].defined()) {
        EXPECT_EQ(difference(of_device[1][i], of_device[0][i], 1e-4, 1e-3), "") << f << " input " << i;
      }
    }
  }
}

TEST(DeviceTraining, PoolingAfterRelu) {
  manual_seed(3);
  const ops::PoolOptions cases[] = {{{2, 2}},
                                    {{3, 2}, {2, 1}, {1, 1}},
                                    {{3, 3}, {1, 1}, {0, 0}, {2, 2}},
                                    // A window that reads nothing.
                                    {{2, 2}, {1, 1}, {1, 1}, {4, 4}}};
  for (const DType dtype : kFloating) {
    const Tensor x = values({2, 3, 7, 6}, dtype, true);
    for (const ops::PoolOptions& options : cases) {
      for (const Device device : kDevices) {
        const Tensors inputs = {x};
        const Tensors one = differentiate(
            [&](const Tensors& t) { return ops::relu_max_pool2d(t[0], options); }, inputs, device);
        const Tensors two = differentiate(
            [&](const Tensors& t) { return ops::max_pool2d(ops::relu(t[0]), options); }, inputs, device);
        for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(same_bits(one[i], two[i])) << name(dtype) << " " << i;
      }
    }
  }
  const Tensor a = leaf(random({1, 1, 4, 4}), kCuda), y = ops::relu_max_pool2d(a, cases[0]);
  EXPECT_EQ(grad_fn(y)->display_name(), "MaxPool2dBackward0");
  ops::mul_(y, 2.0);
  const Tensor roots[] = {ops::sum(y)};
  EXPECT_THROW(backward(roots, {}, {}), Error);  // what was saved has been written to
  // No gradient: nothing is kept.
  const GradMode off(false);
  EXPECT_TRUE(
      same_bits(ops::relu_max_pool2d(detach(a), cases[0]), ops::max_pool2d(ops::relu(detach(a)), cases[0])));
}

TEST(DeviceTraining, HooksSeeWhatPasses) {
  manual_seed(4);
  std::vector<Ref<nn::Module>> layers = {
      nn::activation("ReLU"), make_ref<nn::MaxPool2d>(ops::PoolOptions{{2, 2}}), nn::activation("ReLU")};
  const Ref<nn::Sequential> net = make_ref<nn::Sequential>(layers);
  const Tensor x = on_cuda(random({2, 2, 4, 4}));
  const Tensor joined = (*net)(x);
  int seen = 0;
  layers[0]->add_forward_hook([&](nn::Module&, std::span<const Tensor>, std::span<Tensor> out) {
    seen += out[0].sizes() == Dims{2, 2, 4, 4};
  });
  layers[1]->add_forward_pre_hook([&](nn::Module&, std::span<const Tensor> inputs, std::optional<Tensors>&) {
    seen += inputs[0].sizes() == Dims{2, 2, 4, 4};
  });
  EXPECT_TRUE(same_bits((*net)(x), joined));
  EXPECT_EQ(seen, 2);
}

// The losses that may begin backward without being given the 1.
using Loss = std::function<Tensor(const Tensor& x, Device device)>;
std::vector<std::pair<std::string, Loss>> losses() {
  const auto like = [](const Tensor& x) { return ops::full(x.sizes(), 0.25, x.dtype(), x.device()); };
  const auto classes = [](const Tensor& x) { return ops::full({x.size(0)}, 2, DType::kInt64, x.device()); };
  std::vector<std::pair<std::string, Loss>> all;
  for (const ops::Reduction r : {ops::Reduction::kMean, ops::Reduction::kSum}) {
    const std::string how = r == ops::Reduction::kMean ? " mean" : " sum";
    all.emplace_back("cross_entropy" + how,
                     [=](const Tensor& x, Device) { return ops::cross_entropy(x, classes(x), {}, r); });
    all.emplace_back("smoothed" + how, [=](const Tensor& x, Device) {
      return ops::cross_entropy(x, classes(x), {}, r, -100, 0.1);
    });
    all.emplace_back("probabilities" + how,
                     [=](const Tensor& x, Device) { return ops::cross_entropy(x, like(x), {}, r); });
    all.emplace_back("nll_loss" + how,
                     [=](const Tensor& x, Device) { return ops::nll_loss(x, classes(x), {}, r); });
    all.emplace_back("mse_loss" + how, [=](const Tensor& x, Device) { return ops::mse_loss(x, like(x), r); });
    all.emplace_back("l1_loss" + how, [=](const Tensor& x, Device) { return ops::l1_loss(x, like(x), r); });
    all.emplace_back("huber_loss" + how,
                     [=](const Tensor& x, Device) { return ops::huber_loss(x, like(x), r, 1); });
    all.emplace_back("with_logits" + how, [=](const Tensor& x, Device) {
      return ops::binary_cross_entropy_with_logits(x, like(x), like(x), like(x), r);
    });
  }
  return all;
}

TEST(DeviceTraining, ALossNeedsNoGradientOfOne) {
  manual_seed(6);
  for (const DType dtype : kFloating) {
    const Tensor values = random({12, 5}, dtype);
    for (const auto& [what, loss] : losses()) {
      Tensor on_cpu;
      for (const Device device : kDevices) {
        const Tensor x = leaf(values, device);
        const Tensor one = ops::ones({}, dtype, device);
        const Tensor y = loss(x, device), again = loss(x, device);
        BackwardOptions keep;
        keep.retain_graph = true;
        const Tensor given = grad(std::vector{again}, std::vector{x}, std::vector{one}, {})[0];
        const Tensor implicit = grad(std::vector{y}, std::vector{x}, {}, keep)[0];
        EXPECT_TRUE(same_bits(implicit, given)) << what << " " << name(dtype) << " " << to_string(device);
        // Once more, after whoever got the first has written to it.
        ops::fill_(implicit, 3);
        EXPECT_TRUE(same_bits(grad(std::vector{y}, std::vector{x}, {}, keep)[0], given)) << what;
        EXPECT_TRUE(same_bits(grad(std::vector{y}, std::vector{x}, {}, {})[0], given)) << what;
        if (device == Device{}) on_cpu = given;
        if (device == kCuda) {
          EXPECT_EQ(far(given, on_cpu, 12), "") << what << " " << name(dtype);
        }
      }
    }
  }
  // Of one element, not reduced.
  for (const Device device : kDevices) {
    const Tensor x = leaf(ops::full({1}, 3, DType::kFloat32), device);
    const Tensor y = ops::mse_loss(x, ops::zeros({1}, DType::kFloat32, device), ops::Reduction::kNone);
    EXPECT_EQ(number(grad(std::vector{y}, std::vector{x}, {}, {})[0]), 6);
  }
}

TEST(DeviceTraining, ALossSharedOrWatchedIsGivenItsOne) {
  manual_seed(7);
  const Tensor values = random({8, 4});
  for (const auto& [what, loss] : losses()) {
    for (const Device device : kDevices) {
      const Tensor x = leaf(values, device);
      const Tensor expected = grad(std::vector{loss(x, device)}, std::vector{x}, {}, {})[0];
      const auto times = [&](double factor) { return ops::mul(expected, factor); };
      const auto close = [&](const Tensor& got, double factor) {
        const Tensor host = ops::to_device(got, Device{}), want = ops::to_device(times(factor), Device{});
        return ops::allclose(host, want, 1e-5, 1e-6);
      };
      // Two roots that are one; a root that another one is made of.
      Tensor y = loss(x, device);
      EXPECT_TRUE(close(grad(std::vector{y, y}, std::vector{x}, {}, {})[0], 2)) << what;
      y = loss(x, device);
      EXPECT_TRUE(close(grad(std::vector{y, ops::mul(y, 3.0)}, std::vector{x}, {}, {})[0], 4)) << what;
      // Its own gradient.
      y = loss(x, device);
      const Tensors both = grad(std::vector{y}, std::vector{y, x}, {}, {});
      EXPECT_EQ(number(both[0]), 1) << what;
      EXPECT_TRUE(close(both[1], 1)) << what;
      // A hook, which sees 1 and may replace it; a gradient that is retained.
      y = loss(x, device);
      double seen = 0;
      add_tensor_hook(y, [&](const Tensor& g) {
        seen = number(g);
        return ops::mul(g, 2.0);
      });
      EXPECT_TRUE(close(grad(std::vector{y}, std::vector{x}, {}, {})[0], 2)) << what;
      EXPECT_EQ(seen, 1) << what;
      y = loss(x, device);
      retain_grad(y);
      const Tensor roots[] = {y};
      backward(roots, {}, {});
      EXPECT_EQ(number(autograd_meta(y).grad), 1) << what;
      EXPECT_TRUE(close(autograd_meta(x).grad, 1)) << what;
      // What it was computed from has been written to since: the gradient is there already, or refused.
      const Tensor z = ops::mul(x, 1.0);
      y = loss(z, device);
      ops::mul_(z, 2.0);
      try {
        EXPECT_TRUE(close(grad(std::vector{y}, std::vector{x}, {}, {})[0], 1)) << what;
      } catch (const Error& error) {
        EXPECT_NE(error.message().find("written to in place"), std::string::npos) << what;
      }
    }
  }
}

// A target that takes a gradient too.
TEST(DeviceTraining, TargetsTakeGradients) {
  manual_seed(8);
  const Tensor a = random({5, 3}), b = ops::sigmoid(random({5, 3}));
  Tensors of_device[2];
  for (int d = 0; d < 2; ++d) {
    const Tensor x = leaf(a, kDevices[d]), y = leaf(b, kDevices[d]);
    for (const Tensor& loss : {ops::binary_cross_entropy_with_logits(x, y, {}, {}, ops::Reduction::kMean),
                               ops::mse_loss(x, y), ops::cross_entropy(x, y)}) {
      for (const Tensor& g : grad(std::vector{loss}, std::vector{x, y}, {}, {})) of_device[d].push_back(g);
    }
  }
  for (size_t i = 0; i < of_device[0].size(); ++i)
    EXPECT_EQ(far(of_device[1][i], of_device[0][i], 4), "") << i;
}

TEST(DeviceTraining, NormsCountBatches) {
  for (const Device device : kDevices) {
    const Ref<nn::BatchNorm> norm =
        make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k1d, 3, nn::NormOptions{});
    norm->to(std::nullopt, device);
    const Tensor x = ops::to_device(random({4, 3}), device);
    const Tensor count = norm->get_buffer("num_batches_tracked");
    const uint32_t version = count.version();
    (*norm)(x);
    norm->forward_relu(x);
    EXPECT_EQ(number(count), 2);
    EXPECT_EQ(count.version(), version + 2);
    norm->train(false);
    (*norm)(x);
    EXPECT_EQ(number(count), 2);
    norm->train(true);
    // Another buffer in its place.
    norm->register_buffer("num_batches_tracked", ops::full({}, 7, DType::kInt32, device));
    (*norm)(x);
    EXPECT_EQ(number(norm->get_buffer("num_batches_tracked")), 8);
    EXPECT_EQ(number(count), 2);
    EXPECT_THROW((*norm)(ops::zeros({1, 3}, DType::kFloat32, device)), Error);
    EXPECT_EQ(number(norm->get_buffer("num_batches_tracked")), 8);
  }
}

}  // namespace
}  // namespace tt::device_test
