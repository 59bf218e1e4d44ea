#include "cuda/optim/optimizer_body.h"

#include "cuda/kernel_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

// Sizes that share blocks in every way, and more tensors than a table holds.
std::vector<int64_t> many_sizes() {
  std::vector<int64_t> sizes = {1, 0, 1023, 1024, 1025, 0, 5000, 3};
  for (int i = 0; i < 120; ++i) sizes.push_back(1 + i % 7);
  sizes.push_back(0);
  return sizes;
}

// Five vectors for each tensor: param, grad and the state.
struct Group {
  std::vector<std::vector<Values>> tensors;
  explicit Group(const std::vector<int64_t>& sizes) {
    unsigned seed = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const DType dtype = kFloatingDTypes[i % 4];
      std::vector<Values> v;
      for (int k = 0; k < 5; ++k) v.emplace_back(dtype, sizes[i], k < 3 ? -1 : 0.01, 1, seed++);
      tensors.push_back(std::move(v));
    }
  }
  std::vector<SgdTensor> sgd(bool momentum) {
    std::vector<SgdTensor> out;
    for (size_t i = 0; i < tensors.size(); ++i) {
      auto& v = tensors[i];
      out.push_back({v[0].dtype(), i % 3 == 0, v[0].size(), v[0].data(), v[1].data(),
                     momentum ? v[2].data() : nullptr});
    }
    return out;
  }
  std::vector<AdamTensor> adam(bool amsgrad) {
    std::vector<AdamTensor> out;
    double step = 1e-3;
    for (auto& v : tensors) {
      out.push_back({v[0].dtype(),
                     v[0].size(),
                     v[0].data(),
                     v[1].data(),
                     v[2].data(),
                     v[3].data(),
                     amsgrad ? v[4].data() : nullptr,
                     {step, 0.3}});
      step += 1e-4;
    }
    return out;
  }
};

void compare(Group& actual, Group& expected, const std::string& what) {
  for (size_t i = 0; i < actual.tensors.size(); ++i) {
    for (size_t k = 0; k < 5; ++k) {
      expect_close(actual.tensors[i][k], expected.tensors[i][k], str(what, " tensor ", i, " vector ", k));
    }
  }
}

}  // namespace

TEST(CudaOptimizer, SgdIsTheCpus) {
  const std::vector<int64_t> sizes = many_sizes();
  for (int mode = 0; mode < 16; ++mode) {
    const bool momentum = mode & 1, nesterov = momentum && (mode & 2), decay = mode & 4, maximize = mode & 8;
    const SgdOptions options{0.1,     momentum ? 0.9 : 0, nesterov ? 0 : 0.1, decay ? 0.01 : 0, nesterov,
                             maximize};
    Group expected(sizes), actual(sizes);
    cpu_backend().kernels.run(call::Sgd{expected.sgd(momentum), options});
    cuda::sgd_step(Emulator(), std::span<const SgdTensor>(actual.sgd(momentum)), options);
    compare(actual, expected, str("sgd mode ", mode));
  }
}

TEST(CudaOptimizer, AdamIsTheCpus) {
  const std::vector<int64_t> sizes = many_sizes();
  for (int mode = 0; mode < 16; ++mode) {
    const bool amsgrad = mode & 1, decoupled = mode & 2, decay = mode & 4, maximize = mode & 8;
    const AdamOptions options{
        1e-3, mode & 8 ? 0.3 : 0.9, 0.999, 1e-8, decay ? 0.01 : 0, decoupled, amsgrad, maximize};
    Group expected(sizes), actual(sizes);
    cpu_backend().kernels.run(call::Adam{expected.adam(amsgrad), options});
    cuda::adam_step(Emulator(), std::span<const AdamTensor>(actual.adam(amsgrad)), options);
    compare(actual, expected, str("adam mode ", mode));
  }
}

// A network's parameters are one launch.
TEST(CudaOptimizer, LaunchesOnce) {
  Group group(std::vector<int64_t>(4 * 40, 10));
  std::vector<AdamTensor> tensors;
  for (const AdamTensor& t : group.adam(false)) {
    if (t.dtype == DType::kFloat32) tensors.push_back(t);
  }
  ASSERT_EQ(tensors.size(), 40u);
  const Emulator emulator;
  cuda::adam_step(emulator, std::span<const AdamTensor>(tensors),
                  AdamOptions{1e-3, 0.9, 0.999, 1e-8, 0, false, false, false});
  EXPECT_EQ(emulator.launches(), 1);
  cuda::adam_step(emulator, std::span<const AdamTensor>(),
                  AdamOptions{1e-3, 0.9, 0.999, 1e-8, 0, false, false, false});
  EXPECT_EQ(emulator.launches(), 1);
}

TEST(CudaOptimizer, UnscaleIsTheCpus) {
  const std::vector<int64_t> sizes = many_sizes();
  for (const bool infinite : {false, true}) {
    Group expected(sizes), actual(sizes);
    std::vector<GradTensor> of_expected, of_actual;
    for (size_t i = 0; i < sizes.size(); ++i) {
      for (const auto& [group, list] : {std::pair{&expected, &of_expected}, std::pair{&actual, &of_actual}}) {
        Values& grad = group->tensors[i][1];
        if (infinite && i == 6) grad.set(sizes[i] - 1, INFINITY);
        list->push_back({grad.dtype(), grad.size(), grad.data()});
      }
    }
    const float inverse = 1.0f / 1024;
    float found_expected = 0, found_actual = 0;
    cpu_backend().kernels.run(call::Unscale{of_expected, &inverse, &found_expected});
    cuda::unscale_grads(Emulator(), std::span<const GradTensor>(of_actual), {&inverse, &found_actual});
    compare(actual, expected, str("infinite ", infinite));
    EXPECT_EQ(found_expected, infinite ? 1.0f : 0.0f);
    EXPECT_EQ(found_actual, found_expected);
  }
}
