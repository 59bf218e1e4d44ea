#include "optim/sgd.h"

#include <cstddef>

namespace tt::optim {

namespace {

constexpr OptionRow kOptions[] = {
    OptionRow{"lr", OptionKind::kReal, offsetof(tt_sgd_options, lr), kNotNegative},
    OptionRow{"momentum", OptionKind::kReal, offsetof(tt_sgd_options, momentum), kNotNegative,
              Replays::kFollowUnlessToOrFromZero},
    OptionRow{"dampening", OptionKind::kReal, offsetof(tt_sgd_options, dampening)},
    OptionRow{"weight_decay", OptionKind::kReal, offsetof(tt_sgd_options, weight_decay), kNotNegative},
    OptionRow{
        "nesterov", OptionKind::kBoolean, offsetof(tt_sgd_options, nesterov), {}, Replays::kDoNotFollow},
    OptionRow{
        "maximize", OptionKind::kBoolean, offsetof(tt_sgd_options, maximize), {}, Replays::kDoNotFollow},
};
constexpr StateRow kStates[] = {{"momentum_buffer", StateKind::kTensor}};

void check(const OptionValues& values) {
  const auto o = values.as<tt_sgd_options>();
  TT_CHECK(o.nesterov == 0 || (o.momentum > 0 && o.dampening == 0), Status::kInvalidArgument,
           "nesterov needs a momentum above 0 and a dampening of 0");
}

size_t used_states(const OptionValues& values) { return values.as<tt_sgd_options>().momentum != 0 ? 1 : 0; }

GroupNumbers numbers(const OptionValues& values) {
  const auto o = values.as<tt_sgd_options>();
  return GroupNumbers::of(rules::Sgd::Numbers<double>{.sign = o.maximize != 0 ? -1.0 : 1.0,
                                                      .decay = o.weight_decay,
                                                      .momentum = o.momentum,
                                                      .fresh = 1 - o.dampening,
                                                      .lookahead = o.nesterov != 0 ? o.momentum : 0,
                                                      .rate = -o.lr});
}

StepNumbers step(const OptionValues&, int64_t step) {
  return StepNumbers::of(rules::Sgd::Step<double>{.first = step == 1 ? 1.0 : 0.0});
}

constexpr OptimizerTable kTable{"SGD",       kOptions, kStates, OptimizerRule::kSgd,
                                used_states, numbers,  step,    check};

}  // namespace

Sgd::Sgd(Tensors params, const tt_sgd_options& options)
    : Optimizer(kTable, std::move(params), OptionValues(options)) {}

}  // namespace tt::optim
