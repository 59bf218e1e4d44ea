#include "optim/adam.h"

#include <cmath>
#include <cstddef>

namespace tt::optim {

namespace {

constexpr OptionRange kFromZeroBelowOne{.low = 0, .high = 1, .below_high = true};
constexpr OptionRow kOptions[] = {
    OptionRow{"lr", OptionKind::kReal, offsetof(tt_adam_options, lr), kNotNegative},
    OptionRow{"beta1", OptionKind::kReal, offsetof(tt_adam_options, beta1), kFromZeroBelowOne,
              Replays::kFollow, "betas"},
    OptionRow{"beta2", OptionKind::kReal, offsetof(tt_adam_options, beta2), kFromZeroBelowOne,
              Replays::kFollow, "betas"},
    OptionRow{"eps", OptionKind::kReal, offsetof(tt_adam_options, eps), kNotNegative},
    OptionRow{"weight_decay", OptionKind::kReal, offsetof(tt_adam_options, weight_decay), kNotNegative},
    OptionRow{"amsgrad", OptionKind::kBoolean, offsetof(tt_adam_options, amsgrad), {}, Replays::kDoNotFollow},
    OptionRow{
        "maximize", OptionKind::kBoolean, offsetof(tt_adam_options, maximize), {}, Replays::kDoNotFollow},
};
constexpr StateRow kStates[] = {{"exp_avg", StateKind::kTensor},
                                {"exp_avg_sq", StateKind::kTensor},
                                {"max_exp_avg_sq", StateKind::kOptionalTensor},
                                {"step", StateKind::kSteps}};

size_t used_states(const OptionValues& values) { return values.as<tt_adam_options>().amsgrad != 0 ? 3 : 2; }

template <bool kDecoupled>
GroupNumbers numbers(const OptionValues& values) {
  const auto o = values.as<tt_adam_options>();
  return GroupNumbers::of(
      rules::Adam::Numbers<double>{.sign = o.maximize != 0 ? -1.0 : 1.0,
                                   .grad_decay = kDecoupled ? 0 : o.weight_decay,
                                   .param_decay = kDecoupled ? 1 - o.lr * o.weight_decay : 1,
                                   .weight = 1 - o.beta1,
                                   .beta2 = o.beta2,
                                   .fresh2 = 1 - o.beta2,
                                   .eps = o.eps});
}

StepNumbers step(const OptionValues& values, int64_t step) {
  const auto o = values.as<tt_adam_options>();
  const auto n = static_cast<double>(step);
  return StepNumbers::of(
      rules::Adam::Step<double>{.rate = -(o.lr / (1 - std::pow(o.beta1, n))),
                                .bias_correction2_sqrt = std::sqrt(1 - std::pow(o.beta2, n))});
}

constexpr OptimizerTable kAdam{"Adam",      kOptions,       kStates, OptimizerRule::kAdam,
                               used_states, numbers<false>, step};
constexpr OptimizerTable kAdamW{"AdamW",     kOptions,      kStates, OptimizerRule::kAdam,
                                used_states, numbers<true>, step};

}  // namespace

Adam::Adam(Tensors params, const tt_adam_options& options)
    : Optimizer(kAdam, std::move(params), OptionValues(options)) {}
AdamW::AdamW(Tensors params, const tt_adam_options& options)
    : Optimizer(kAdamW, std::move(params), OptionValues(options)) {}

}  // namespace tt::optim
