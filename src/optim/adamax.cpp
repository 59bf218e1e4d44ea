#include "optim/adamax.h"

#include <cmath>
#include <cstddef>

namespace tt::optim {

namespace {

constexpr OptionRange kFromZeroBelowOne{.low = 0, .high = 1, .below_high = true};
constexpr OptionRow kOptions[] = {
    OptionRow{"lr", OptionKind::kReal, offsetof(tt_adamax_options, lr), kNotNegative},
    OptionRow{"beta1", OptionKind::kReal, offsetof(tt_adamax_options, beta1), kFromZeroBelowOne,
              Replays::kFollow, "betas"},
    OptionRow{"beta2", OptionKind::kReal, offsetof(tt_adamax_options, beta2), kFromZeroBelowOne,
              Replays::kFollow, "betas"},
    OptionRow{"eps", OptionKind::kReal, offsetof(tt_adamax_options, eps), kNotNegative},
    OptionRow{"weight_decay", OptionKind::kReal, offsetof(tt_adamax_options, weight_decay), kNotNegative},
    OptionRow{
        "maximize", OptionKind::kBoolean, offsetof(tt_adamax_options, maximize), {}, Replays::kDoNotFollow},
};
constexpr StateRow kStates[] = {
    {"exp_avg", StateKind::kTensor}, {"exp_inf", StateKind::kTensor}, {"step", StateKind::kSteps}};

size_t used_states(const OptionValues&) { return 2; }

GroupNumbers numbers(const OptionValues& values) {
  const auto o = values.as<tt_adamax_options>();
  return GroupNumbers::of(rules::Adamax::Numbers<double>{.sign = o.maximize != 0 ? -1.0 : 1.0,
                                                         .decay = o.weight_decay,
                                                         .weight = 1 - o.beta1,
                                                         .beta2 = o.beta2,
                                                         .eps = o.eps});
}

StepNumbers step(const OptionValues& values, int64_t step) {
  const auto o = values.as<tt_adamax_options>();
  return StepNumbers::of(
      rules::Adamax::Step<double>{.rate = -(o.lr / (1 - std::pow(o.beta1, static_cast<double>(step))))});
}

constexpr OptimizerTable kTable{"Adamax",    kOptions, kStates, OptimizerRule::kAdamax,
                                used_states, numbers,  step};

}  // namespace

Adamax::Adamax(Tensors params, const tt_adamax_options& options)
    : Optimizer(kTable, std::move(params), OptionValues(options)) {}

}  // namespace tt::optim
