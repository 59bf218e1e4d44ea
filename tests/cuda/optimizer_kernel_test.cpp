#include "cuda/optim/optimizer_body.h"

#include <array>
#include <utility>

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
  // With the given states of the vectors from the third on; `step` says the numbers of tensor i.
  template <typename Step>
  std::vector<OptimizerTensor> steps(std::array<bool, 3> has_state, Step&& step) {
    std::vector<OptimizerTensor> out;
    for (size_t i = 0; i < tensors.size(); ++i) {
      auto& v = tensors[i];
      const auto state = [&](size_t k) { return has_state[k] ? v[2 + k].data() : nullptr; };
      out.push_back({v[0].dtype(),
                     v[0].size(),
                     v[0].data(),
                     v[1].data(),
                     {state(0), state(1), state(2)},
                     StepNumbers::of(step(i))});
    }
    return out;
  }
  std::vector<OptimizerTensor> sgd(bool momentum) {
    return steps({momentum, false, false},
                 [](size_t i) { return rules::Sgd::Step<double>{i % 3 == 0 ? 1.0 : 0.0}; });
  }
  std::vector<OptimizerTensor> adam(bool amsgrad) {
    return steps({true, true, amsgrad}, [](size_t i) {
      return rules::Adam::Step<double>{-1e-3 - 1e-4 * static_cast<double>(i), 0.3};
    });
  }
};

void compare(Group& actual, Group& expected, const std::string& what) {
  for (size_t i = 0; i < actual.tensors.size(); ++i) {
    for (size_t k = 0; k < 5; ++k) {
      expect_close(actual.tensors[i][k], expected.tensors[i][k], str(what, " tensor ", i, " vector ", k));
    }
  }
}

constexpr rules::Adam::Numbers<double> kAdamNumbers{1, 0, 1, 0.1, 0.999, 0.001, 1e-8};

// What the rule does on the CPU and, emulated, on a CUDA device: by the given numbers and by live ones.
template <typename Numbers, typename Tensors>
void expect_same(OptimizerRule rule, const Numbers& numbers, Tensors&& tensors_of, const std::string& what) {
  const std::vector<int64_t> sizes = many_sizes();
  const GroupNumbers given = GroupNumbers::of(numbers);
  Group expected(sizes);
  const std::vector<OptimizerTensor> on_cpu = tensors_of(expected);
  cpu_backend().kernels.run(call::OptimizerStep{rule, on_cpu, given});
  for (const bool live : {false, true}) {
    Group actual(sizes);
    std::vector<OptimizerTensor> tensors = tensors_of(actual);
    call::OptimizerStep step{rule, tensors, given};
    std::vector<StepNumbers> live_steps;
    if (live) {
      for (OptimizerTensor& t : tensors) live_steps.push_back(std::exchange(t.step, StepNumbers{}));
      for (size_t i = 0; i < tensors.size(); ++i) tensors[i].live_step = live_steps[i].values;
      step.numbers = {};
      step.live = given.values;
    }
    cuda::optimizer_step(Emulator(), step);
    compare(actual, expected, str(what, live ? " live" : ""));
  }
}

}  // namespace

TEST(CudaOptimizer, SgdIsTheCpus) {
  for (int mode = 0; mode < 16; ++mode) {
    const bool momentum = mode & 1, nesterov = momentum && (mode & 2), decay = mode & 4, maximize = mode & 8;
    const rules::Sgd::Numbers<double> numbers{.sign = maximize ? -1.0 : 1.0,
                                              .decay = decay ? 0.01 : 0,
                                              .momentum = momentum ? 0.9 : 0,
                                              .fresh = nesterov ? 1 : 0.9,
                                              .lookahead = nesterov ? 0.9 : 0,
                                              .rate = -0.1};
    expect_same(
        OptimizerRule::kSgd, numbers, [&](Group& group) { return group.sgd(momentum); },
        str("sgd mode ", mode));
  }
}

TEST(CudaOptimizer, AdamIsTheCpus) {
  for (int mode = 0; mode < 16; ++mode) {
    const bool amsgrad = mode & 1, decoupled = mode & 2, decay = mode & 4, maximize = mode & 8;
    rules::Adam::Numbers<double> numbers = kAdamNumbers;
    if (maximize) numbers.sign = -1;
    if (decay && decoupled) numbers.param_decay = 1 - 1e-5;
    if (decay && !decoupled) numbers.grad_decay = 0.01;
    if (mode & 8) numbers.weight = 0.7;
    expect_same(
        OptimizerRule::kAdam, numbers, [&](Group& group) { return group.adam(amsgrad); },
        str("adam mode ", mode));
  }
}

TEST(CudaOptimizer, AdamaxIsTheCpus) {
  for (int mode = 0; mode < 8; ++mode) {
    const rules::Adamax::Numbers<double> numbers{.sign = mode & 1 ? -1.0 : 1.0,
                                                 .decay = mode & 2 ? 0.01 : 0,
                                                 .weight = mode & 4 ? 0.7 : 0.1,
                                                 .beta2 = 0.999,
                                                 .eps = 1e-3};
    const auto tensors = [](Group& group) {
      return group.steps({true, true, false}, [](size_t i) {
        return rules::Adamax::Step<double>{-1e-3 - 1e-4 * static_cast<double>(i)};
      });
    };
    expect_same(OptimizerRule::kAdamax, numbers, tensors, str("adamax mode ", mode));
  }
}

// A network's parameters are one launch.
TEST(CudaOptimizer, LaunchesOnce) {
  Group group(std::vector<int64_t>(4 * 40, 10));
  std::vector<OptimizerTensor> tensors;
  for (const OptimizerTensor& t : group.adam(false)) {
    if (t.dtype == DType::kFloat32) tensors.push_back(t);
  }
  ASSERT_EQ(tensors.size(), 40u);
  const Emulator emulator;
  call::OptimizerStep step{OptimizerRule::kAdam, tensors, GroupNumbers::of(kAdamNumbers)};
  cuda::optimizer_step(emulator, step);
  EXPECT_EQ(emulator.launches(), 1);
  step.tensors = {};
  cuda::optimizer_step(emulator, step);
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
