// Calls whose result's shape does not depend on data neither wait for the device nor use memory of the host,
// so that they can be captured into a graph.
#include <dlfcn.h>

#include <cstdlib>

#include "autograd/engine.h"
#include "random/generator.h"
#include "device.h"
#include "nn/gradients.h"
#include "ops/conv/conv.h"
#include "ops/loss/loss.h"
#include "ops/norm/norm.h"
#include "ops/random/random.h"
#include "ops/softmax/softmax.h"

namespace tt::device_test {
namespace {

// How often the device was waited for, or memory of the host read or written; the emulated device counts.
uint64_t (*waits())() {
  const char* path = std::getenv("TINYTORCH_CUDA_LIBRARY");
  void* library = path != nullptr ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : nullptr;
  if (library == nullptr) return nullptr;
  return reinterpret_cast<uint64_t (*)()>(dlsym(library, "emulated_waits"));
}

TEST(DeviceWaits, ForNoCallWhoseShapeIsKnown) {
  uint64_t (*const count)() = waits();
  if (count == nullptr) GTEST_SKIP() << "only the emulated device counts";
  const Tensor x = on_cuda(values({20, 30}, DType::kFloat32, false));
  const Tensor source = on_cuda(values({20, 30}, DType::kFloat32, false));
  const Tensor at = on_cuda(indices({20, 30}, 20)), rows = on_cuda(indices({20}, 20));
  const Tensor columns = on_cuda(indices({20}, 30)), mask = on_cuda(values({20, 30}, DType::kBool, false));
  const Tensor whole = on_cuda(ops::arange(4, 10, 2, DType::kInt64)),
               divisors = on_cuda(ops::arange(1, 4, 1, DType::kInt64));
  const Tensor p = ops::full({20, 30}, 0.5, DType::kFloat32, kCuda);
  const Tensor image = on_cuda(values({1, 2, 9, 9}, DType::kFloat32, false));
  const int64_t amounts[] = {1, 2, 3, 1};
  const Tensor pair[] = {rows, columns}, one[] = {rows};
  const auto free = [&](const char* what, const std::function<void()>& call) {
    const uint64_t before = count();
    call();
    EXPECT_EQ(count() - before, 0u) << what;
  };
  free("gather", [&] { ops::gather(x, 0, at); });
  free("take_along_dim", [&] { ops::take_along_dim(x, at, 0); });
  free("index_select", [&] { ops::index_select(x, 0, rows); });
  free("index", [&] { ops::index(x, pair); });
  free("scatter", [&] { ops::scatter(x, 0, at, source); });
  free("scatter of a number", [&] { ops::scatter(x, 0, at, Scalar(2)); });
  free("scatter_add", [&] { ops::scatter_add(x, 0, at, source); });
  free("index_add", [&] { ops::index_add(x, 0, rows, source); });
  for (const bool accumulate : {false, true}) {
    free("index_put", [&] { ops::index_put(x, one, source, accumulate); });
  }
  for (const ops::ScatterReduce how :
       {ops::ScatterReduce::kSum, ops::ScatterReduce::kMean, ops::ScatterReduce::kProd,
        ops::ScatterReduce::kAmax, ops::ScatterReduce::kAmin}) {
    for (const bool include : {false, true}) {
      free("scatter_reduce", [&] { ops::scatter_reduce(x, 0, at, source, how, include); });
    }
  }
  free("one_hot", [&] { ops::one_hot(rows, 20); });
  free("randperm", [&] { ops::randperm(1000, DType::kInt64, nullptr, kCuda); });
  free("randperm", [&] { ops::randperm(1000, DType::kFloat32, nullptr, kCuda); });
  free("bernoulli", [&] { ops::bernoulli(p); });
  free("multinomial", [&] { ops::multinomial(p, 1, false); });
  free("multinomial", [&] { ops::multinomial(p, 7, false); });
  free("multinomial", [&] { ops::multinomial(p, 50, true); });
  for (const auto mode : {ops::PadMode::kReflect, ops::PadMode::kReplicate, ops::PadMode::kCircular}) {
    free("pad", [&] { ops::pad(image, amounts, mode); });
  }
  free("where", [&] { ops::where(mask, x, 2.0); });
  free("where", [&] { ops::where(mask, scalar_tensor(1, DType::kFloat32), x); });
  free("masked_fill", [&] { ops::masked_fill(x, mask, 2.0); });
  free("masked_fill_", [&] { ops::masked_fill_(source, mask, 2.0); });
  free("scalar_tensor", [&] { scalar_tensor(3, DType::kFloat32, kCuda); });
  free("remainder", [&] { ops::remainder(whole, divisors); });
  free("remainder", [&] { ops::remainder(whole, 3); });
  const auto differentiate = [&](const Tensor& y) {
    const Tensor roots[] = {ops::sum(y)};
    backward(roots, {}, {});
  };
  const Tensor leaf = detach(x);
  set_requires_grad(leaf, true);
  free("gather backward", [&] { differentiate(ops::gather(leaf, 0, at)); });
  free("index backward", [&] { differentiate(ops::index(leaf, pair)); });
  free("index_select backward", [&] { differentiate(ops::index_select(leaf, 0, rows)); });
  free("where backward", [&] { differentiate(ops::where(mask, leaf, 0.0)); });
  // Others, of every family.
  const int64_t dims[] = {0, 1}, shifts[] = {3, 4};
  const Tensor two[] = {x, source};
  const Tensor weight = on_cuda(values({3, 2, 3, 3}, DType::kFloat32, false));
  const Tensor classes = on_cuda(indices({20}, 30)), zero = ops::zeros({2}, DType::kFloat32, kCuda);
  free("sort", [&] { ops::sort(x); });
  free("topk", [&] { ops::topk(x, 3); });
  free("kthvalue", [&] { ops::kthvalue(x, 3); });
  free("median", [&] { ops::median(x); });
  free("cumsum", [&] { ops::cumsum(x, 0); });
  free("cumprod", [&] { differentiate(ops::cumprod(leaf, 0)); });
  free("histc", [&] { ops::histc(x, 10, -1, 1); });
  free("cat", [&] { ops::cat(two, 1); });
  free("flip", [&] { ops::flip(x, dims); });
  free("roll", [&] { ops::roll(x, shifts, dims); });
  free("repeat_interleave", [&] { ops::repeat_interleave(x, 3, 0); });
  free("tril", [&] { ops::tril(x); });
  free("eye", [&] { ops::eye(5, 5, DType::kFloat32, kCuda); });
  free("arange", [&] { ops::arange(0, 9, 2, DType::kFloat32, kCuda); });
  free("full", [&] { ops::full({5}, 2, DType::kFloat32, kCuda); });
  free("reductions", [&] {
    ops::mean(x);
    ops::var(x);
    ops::vector_norm(x);
    ops::logsumexp(x, dims);
    ops::max(x);
    ops::argmax(x, 1);
    ops::any(x);
  });
  free("pow", [&] { ops::pow(2.0, x); });
  free("lerp", [&] { ops::lerp(x, source, 0.5); });
  free("softmax", [&] { differentiate(ops::softmax(leaf, 1)); });
  free("cross_entropy", [&] { differentiate(ops::cross_entropy(leaf, classes)); });
  free("mse_loss", [&] { differentiate(ops::mse_loss(leaf, source)); });
  free("binary_cross_entropy", [&] { ops::binary_cross_entropy(p, p); });
  free("conv2d", [&] { ops::conv2d(image, weight, {}, {}); });
  free("mm", [&] { differentiate(ops::mm(leaf, ops::t(source))); });
  free("batch_norm", [&] { ops::batch_norm(image, zero, zero, {}, {}, true, 0.1, 1e-5); });
  free("clip_grad_norm_", [&] {
    const Tensor leaves[] = {leaf};
    nn::clip_grad_norm_(leaves, 0.01, 2, false);
  });
  // What it counts.
  const uint64_t before = count();
  ops::to_device(x, Device{});
  EXPECT_GT(count(), before);
}

}  // namespace
}  // namespace tt::device_test
