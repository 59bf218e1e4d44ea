// Gathering, scattering, joining, filling by position; and random numbers.
#include "core/generator.h"
#include "device.h"
#include "ops/dropout.h"
#include "ops/random.h"

namespace tt::device_test {
namespace {

const std::vector<DType> kTypes{DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

void same(const Tensor& got, const Tensor& want, const char* what, double rtol = 0) {
  EXPECT_EQ(difference(got, want, rtol, rtol), "") << what << " " << name(want.dtype());
}

TEST(DeviceIndex, Gathers) {
  for (const DType dtype : kTypes) {
    const Tensor x = values({40, 30}, dtype, true);
    const Tensor at = indices({25, 30}, 40), rows = indices({77}, 40);
    same(ops::gather(on_cuda(x), 0, on_cuda(at)), ops::gather(x, 0, at), "gather");
    same(ops::index_select(on_cuda(x), 0, on_cuda(rows)), ops::index_select(x, 0, rows), "index_select");
    same(ops::index_select(on_cuda(ops::transpose(x, 0, 1)), 1, on_cuda(rows)),
         ops::index_select(ops::transpose(x, 0, 1), 1, rows), "index_select");
    const Tensor narrow = ops::to_dtype(rows, DType::kInt32);
    same(ops::index_select(on_cuda(x), 0, on_cuda(narrow)), ops::index_select(x, 0, narrow), "index_select");
    const Tensor pair[] = {rows, ops::sub(indices({77}, 30), 30)};
    const Tensor pair_there[] = {on_cuda(pair[0]), on_cuda(pair[1])};
    same(ops::index(on_cuda(x), pair_there), ops::index(x, pair), "index");
    const Tensor mask = values({40, 30}, DType::kBool, false);
    same(ops::nonzero(on_cuda(mask)), ops::nonzero(mask), "nonzero");
    same(ops::masked_select(on_cuda(x), on_cuda(mask)), ops::masked_select(x, mask), "masked_select");
  }
}

// Repeated indices: in the order of the loop, so that the results are equal, not only close.
TEST(DeviceIndex, Scatters) {
  for (const DType dtype : kTypes) {
    const Tensor x = values({20, 30}, dtype, false), source = values({50, 30}, dtype, false);
    const Tensor at = indices({50, 30}, 20), rows = indices({50}, 20);
    same(ops::scatter(on_cuda(x), 0, on_cuda(at), on_cuda(source)), ops::scatter(x, 0, at, source),
         "scatter");
    same(ops::scatter_add(on_cuda(x), 0, on_cuda(at), on_cuda(source)), ops::scatter_add(x, 0, at, source),
         "scatter_add");
    same(ops::index_add(on_cuda(x), 0, on_cuda(rows), on_cuda(source)), ops::index_add(x, 0, rows, source),
         "index_add");
    const Tensor pair[] = {rows, indices({50}, 30)};
    const Tensor pair_there[] = {on_cuda(pair[0]), on_cuda(pair[1])};
    const Tensor put = values({50}, dtype, false);
    for (const bool accumulate : {false, true}) {
      same(ops::index_put(on_cuda(x), pair_there, on_cuda(put), accumulate),
           ops::index_put(x, pair, put, accumulate), "index_put");
    }
  }
}

TEST(DeviceIndex, RefusesWhatIsOutOfRange) {
  const Tensor x = on_cuda(values({20, 30}, DType::kFloat32, false));
  const Tensor at = on_cuda(ops::full({3}, 20, DType::kInt64));
  EXPECT_THROW(ops::index_select(x, 0, at), Error);
  EXPECT_THROW(ops::index_add(x, 0, at, on_cuda(values({3, 30}, DType::kFloat32, false))), Error);
  const Tensor list[] = {at};
  EXPECT_THROW(ops::index(x, list), Error);
  EXPECT_EQ(ops::sum(x).device(), kCuda);  // and goes on working
}

TEST(DeviceIndex, JoinsAndFills) {
  for (const DType dtype : kTypes) {
    const Tensor a = values({3, 17, 5}, dtype, true), b = values({3, 8, 5}, dtype, true);
    const Tensor here[] = {a, b}, there[] = {on_cuda(a), on_cuda(b)};
    same(ops::cat(there, 1), ops::cat(here, 1), "cat");
    const Tensor flat[] = {ops::flatten(a), ops::flatten(b)},
                 flat_there[] = {on_cuda(flat[0]), on_cuda(flat[1])};
    same(ops::cat(flat_there), ops::cat(flat), "cat");
    for (const int64_t diagonal : {-2, 0, 3}) {
      same(ops::tril(on_cuda(a), diagonal), ops::tril(a, diagonal), "tril");
      same(ops::triu(on_cuda(a), diagonal), ops::triu(a, diagonal), "triu");
    }
    const int64_t dims[] = {0, 2};
    same(ops::flip(on_cuda(a), dims), ops::flip(a, dims), "flip");
    if (dtype == DType::kBool) continue;
    same(ops::arange(3, 100, 7, dtype, kCuda), ops::arange(3, 100, 7, dtype), "arange");
    same(ops::linspace(-3, 11, 57, dtype, kCuda), ops::linspace(-3, 11, 57, dtype), "linspace");
    if (is_floating(dtype)) {
      same(ops::logspace(-1, 2, 31, 2, dtype, kCuda), ops::logspace(-1, 2, 31, 2, dtype), "logspace",
           tolerance(dtype));
    }
  }
  const Tensor classes = indices({50}, 7);
  same(ops::one_hot(on_cuda(classes), 7), ops::one_hot(classes, 7), "one_hot");
}

// The numbers of a Philox generator are the CPU's.
TEST(DeviceRandom, HasTheNumbersOfTheCpu) {
  const auto both = [](const char* what, DType dtype,
                       const std::function<void(const Tensor&, Generator*)>& fill) {
    const Ref<Generator> here = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
    const Ref<Generator> there = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
    for (const int64_t n : {1, 3, 1001}) {
      const Tensor cpu = ops::zeros({n}, dtype), cuda = ops::zeros({n}, dtype, kCuda);
      fill(cpu, here.get());
      fill(cuda, there.get());
      same(cuda, cpu, what);
      EXPECT_EQ(here->offset(), there->offset());
    }
  };
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    both("uniform_", dtype, [](const Tensor& t, Generator* g) { ops::uniform_(t, -2, 3, g); });
    both("normal_", dtype, [](const Tensor& t, Generator* g) { ops::normal_(t, 1, 3, g); });
    both("exponential_", dtype, [](const Tensor& t, Generator* g) { ops::exponential_(t, 0.5, g); });
    both("dropout", dtype, [](const Tensor& t, Generator* g) {
      ops::copy_(t, ops::dropout(ops::ones(t.sizes(), t.dtype(), t.device()), 0.3, true, g));
    });
  }
  for (const DType dtype : kTypes) {
    both("bernoulli_", dtype, [](const Tensor& t, Generator* g) { ops::bernoulli_(t, 0.3, g); });
    both("random_", dtype, [](const Tensor& t, Generator* g) { ops::random_(t, {}, {}, g); });
    if (dtype != DType::kBool) {
      both("random_", dtype, [](const Tensor& t, Generator* g) { ops::random_(t, 3, 100, g); });
    }
  }
  both("random_", DType::kInt64,
       [](const Tensor& t, Generator* g) { ops::random_(t, -5, int64_t{1} << 40, g); });
}

TEST(DeviceRandom, SeedsEveryDevice) {
  manual_seed(3);
  const Tensor first = ops::randn({100}, DType::kFloat32, nullptr, kCuda);
  const Tensor second = ops::randn({100}, DType::kFloat32, nullptr, kCuda);
  manual_seed(3);
  EXPECT_TRUE(ops::equal(ops::randn({100}, DType::kFloat32, nullptr, kCuda), first));
  EXPECT_FALSE(ops::equal(first, second));
  EXPECT_EQ(default_generator(kCuda).engine(), Engine::kPhilox);
}

// mt19937's numbers come from the CPU.
TEST(DeviceRandom, TakesMt19937Generators) {
  const Ref<Generator> a = make_ref<Generator>(Engine::kMt19937, uint64_t{9});
  const Ref<Generator> b = make_ref<Generator>(Engine::kMt19937, uint64_t{9});
  const Tensor here = ops::randn({50}, DType::kFloat32, a.get());
  same(ops::randn({50}, DType::kFloat32, b.get(), kCuda), here, "randn");
}

}  // namespace
}  // namespace tt::device_test
