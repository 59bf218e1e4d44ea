// Random numbers: those of a Philox generator are the CPU's, to the bit.
#include "random/generator.h"
#include "device.h"
#include "ops/random/dropout.h"
#include "ops/random/random.h"

namespace tt::device_test {
namespace {

const std::vector<DType> kTypes{DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

void same(const Tensor& got, const Tensor& want, const char* what, double rtol = 0) {
  EXPECT_EQ(difference(got, want, rtol, rtol), "") << what << " " << name(want.dtype());
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

template <typename Draw>
void equal_draws(const char* what, const Draw& draw) {
  const Ref<Generator> here = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
  const Ref<Generator> there = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
  for (int i = 0; i < 2; ++i) {  // the second from where the first ended
    same(draw(there.get(), kCuda), draw(here.get(), Device{}), what);
    EXPECT_EQ(here->offset(), there->offset()) << what;
  }
}

TEST(DeviceRandom, PermutesAsTheCpu) {
  for (const int64_t n : {0, 1, 2, 5, 100, 40001}) {
    for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kFloat32, DType::kFloat64}) {
      equal_draws("randperm",
                  [&](Generator* g, Device device) { return ops::randperm(n, dtype, g, device); });
    }
  }
  equal_draws("randperm",
              [](Generator* g, Device device) { return ops::randperm(120, DType::kInt8, g, device); });
}

TEST(DeviceRandom, ChoosesAsTheCpu) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    for (const Dims& sizes : {Dims{1}, Dims{7}, Dims{1, 1000}, Dims{5, 33}, Dims{3, 2000}}) {
      Tensor weights = ops::abs(values(sizes, dtype, false));
      ops::add_(ops::narrow(weights, -1, 0, 1), 0.5);  // no row is without weight
      const int64_t categories = sizes[sizes.size() - 1];
      for (const int64_t samples : {int64_t{1}, (categories + 1) / 2, categories}) {
        for (const bool replacement : {false, true}) {
          equal_draws("multinomial", [&](Generator* g, Device device) {
            return ops::multinomial(ops::to_device(weights, device), samples, replacement, g);
          });
        }
      }
      equal_draws("multinomial", [&](Generator* g, Device device) {
        return ops::multinomial(ops::to_device(weights, device), 3001, true, g);
      });
    }
    const Tensor wide = ops::clamp(ops::abs(values({40, 30}, dtype, false)), std::nullopt, 1.0);
    const Tensor p = ops::transpose(wide, 0, 1);
    equal_draws("bernoulli",
                [&](Generator* g, Device device) { return ops::bernoulli(ops::to_device(p, device), g); });
  }
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
  const Tensor order = ops::randperm(50, DType::kInt64, a.get());
  same(ops::randperm(50, DType::kInt64, b.get(), kCuda), order, "randperm");
  const Tensor p = ops::full({50}, 0.5, DType::kFloat32);
  const Tensor coins = ops::bernoulli(p, a.get());
  same(ops::bernoulli(on_cuda(p), b.get()), coins, "bernoulli");
  const Tensor picks = ops::multinomial(p, 20, true, a.get());
  same(ops::multinomial(on_cuda(p), 20, true, b.get()), picks, "multinomial");
}

}  // namespace
}  // namespace tt::device_test
