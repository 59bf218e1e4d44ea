// Training steps keep to a number of kernels: with few rows, how many are started is how long a step takes.
// Counted on the emulated device, in steps after those that make what is made once.
#include <dlfcn.h>

#include <cstdlib>

#include "autograd/engine.h"
#include "device/gemm.h"
#include "random/generator.h"
#include "device.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/pool.h"
#include "nn/shape.h"
#include "ops/loss/loss.h"
#include "ops/random/random.h"
#include "optim/sgd.h"

namespace tt::device_test {
namespace {

using nn::Module;
using Layers = std::vector<Ref<Module>>;

uint64_t (*launches())() {
  const char* path = std::getenv("TINYTORCH_CUDA_LIBRARY");
  void* library = path != nullptr ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : nullptr;
  if (library == nullptr) return nullptr;
  return reinterpret_cast<uint64_t (*)()>(dlsym(library, "emulated_launches"));
}

Ref<Module> conv(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, bool bias) {
  const int64_t size[] = {kernel, kernel};
  ops::ConvOptions options;
  options.stride[0] = options.stride[1] = stride;
  options.padding[0] = options.padding[1] = padding;
  return make_ref<nn::Conv>(2, in, out, size, options, bias);
}
Ref<Module> linear(int64_t in, int64_t out) { return make_ref<nn::Linear>(in, out, true); }
Ref<Module> relu() { return nn::activation("ReLU"); }
Ref<Module> max_pool() { return make_ref<nn::MaxPool2d>(ops::PoolOptions{{2, 2}}); }

// What a step of the network starts, on so many rows.
uint64_t step(const Layers& layers, const Dims& input, double momentum) {
  uint64_t (*const count)() = launches();
  const Ref<Module> net = make_ref<nn::Sequential>(layers);
  net->to(std::nullopt, kCuda);
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  options.lr = 0.01;
  options.momentum = momentum;
  const Ref<optim::Optimizer> optimizer = make_ref<optim::Sgd>(net->parameters(), options);
  const Tensor x = on_cuda(ops::randn(input, DType::kFloat32)), y = on_cuda(indices({input[0]}, 10));
  uint64_t before = 0;
  for (int i = 0; i < 2; ++i) {
    before = count();
    const Tensor roots[] = {ops::cross_entropy((*net)(x), y)};
    optimizer->zero_grad(true);
    backward(roots, {}, {});
    optimizer->step();
  }
  return count() - before;
}

// A product with its bias is one kernel, wherever the bias lies.
TEST(DeviceLaunches, OneForABiasOfAnyAlignment) {
  uint64_t (*const count)() = launches();
  if (count == nullptr) GTEST_SKIP() << "only the emulated device counts";
  const int64_t n = 8;
  const auto zeros = [&] { return ops::zeros({n * n + 4}, DType::kFloat32, kCuda); };
  const Tensor a = zeros(), b = zeros(), c = zeros(), bias = zeros();
  call::Gemm args;
  args.dtype = DType::kFloat32;
  args.m = args.n = args.k = args.lda = args.ldb = args.ldc = n;
  args.a = a.raw();
  args.b = b.raw();
  args.c = c.data<float>() + 4;
  for (const int64_t offset : {0, 4}) {
    args.bias = bias.data<float>() + offset;
    const uint64_t before = count();
    run(kCuda, args);
    EXPECT_EQ(count() - before, 1u) << offset;
  }
}

// bench/workloads_run.c's networks.
TEST(DeviceLaunches, AreAsFewAsTheyWere) {
  if (launches() == nullptr) GTEST_SKIP() << "only the emulated device counts";
  // Products and two of ReLU (5), the loss with its gradient, a layer's backward each (3), SGD.
  EXPECT_LE(step({linear(784, 256), relu(), linear(256, 128), relu(), linear(128, 10)}, {64, 784}, 0), 10u);
  EXPECT_LE(step({conv(3, 6, 5, 1, 0, true), relu(), max_pool(), conv(6, 16, 5, 1, 0, true), relu(),
                  max_pool(), make_ref<nn::Flatten>(1, -1), linear(16 * 5 * 5, 120), relu(), linear(120, 84),
                  relu(), linear(84, 10)},
                 {8, 3, 32, 32}, 0.9),
            23u);
  Layers layers;
  int64_t in = 3;
  for (const int64_t out : {32, 64, 128}) {
    layers.push_back(conv(in, out, 3, in == 3 ? 1 : 2, 1, false));
    layers.push_back(make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k2d, out, nn::NormOptions{}));
    layers.push_back(relu());
    in = out;
  }
  const int64_t one[] = {1, 1};
  layers.push_back(make_ref<nn::AdaptiveAvgPool2d>(one));
  layers.push_back(make_ref<nn::Flatten>(1, -1));
  layers.push_back(linear(128, 10));
  EXPECT_LE(step(layers, {16, 3, 32, 32}, 0), 29u);
}

}  // namespace
}  // namespace tt::device_test
