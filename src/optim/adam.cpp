#include "optim/adam.h"

#include <cmath>
#include <cstddef>

#include "device/backend.h"
#include "ops/create/create.h"

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
enum State { kExpAvg, kExpAvgSq, kMaxExpAvgSq };
constexpr StateRow kStates[] = {{"exp_avg", StateKind::kTensor},
                                {"exp_avg_sq", StateKind::kTensor},
                                {"max_exp_avg_sq", StateKind::kOptionalTensor},
                                {"step", StateKind::kSteps}};
constexpr OptimizerTable kAdam{"Adam", kOptions, kStates}, kAdamW{"AdamW", kOptions, kStates};

}  // namespace

Adam::Adam(const OptimizerTable& table, Tensors params, const tt_adam_options& options) : Optimizer(table) {
  set_first_group(std::move(params), OptionValues(options));
}
Adam::Adam(Tensors params, const tt_adam_options& options) : Adam(kAdam, std::move(params), options) {}
AdamW::AdamW(Tensors params, const tt_adam_options& options) : Adam(kAdamW, std::move(params), options) {}

void Adam::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) {
  const int wanted = group.options.as<tt_adam_options>().amsgrad != 0 ? 3 : 2;
  for (int i = 0; i < wanted; ++i) {
    Tensor& t = state.tensors[static_cast<size_t>(i)];
    if (!t.defined()) t = ops::zeros(param.sizes(), param.dtype(), param.device());
  }
}

AdamOptions Adam::kernel_options(const OptionValues& values) const {
  const auto o = values.as<tt_adam_options>();
  return {.lr = o.lr,
          .beta1 = o.beta1,
          .beta2 = o.beta2,
          .eps = o.eps,
          .weight_decay = o.weight_decay,
          .decoupled = decays_parameter(),
          .amsgrad = o.amsgrad != 0,
          .maximize = o.maximize != 0};
}

namespace {

AdamStep step_of(const AdamOptions& o, int64_t steps) {
  const auto n = static_cast<double>(steps);
  return {o.lr / (1 - std::pow(o.beta1, n)), std::sqrt(1 - std::pow(o.beta2, n))};
}

}  // namespace

void Adam::update(const ParamGroup& group, std::span<const Update> updates, Device device) {
  AdamOptions options = kernel_options(group.options);
  auto* live = static_cast<AdamNumbers*>(capture(group, updates, device));
  const AdamStep* live_step = live != nullptr ? reinterpret_cast<AdamStep*>(live + 1) : nullptr;
  options.live = live;
  batch_.clear();
  for (const Update& u : updates) {
    if (live == nullptr) ++u.state->step;
    auto& state = u.state->tensors;
    batch_.push_back({.dtype = u.param.dtype(),
                      .n = u.param.numel(),
                      .param = u.param.raw(),
                      .grad = u.grad.raw(),
                      .exp_avg = state[kExpAvg].raw(),
                      .exp_avg_sq = state[kExpAvgSq].raw(),
                      .max_exp_avg_sq = options.amsgrad ? state[kMaxExpAvgSq].raw() : nullptr,
                      .step = step_of(options, u.state->step),
                      .live_step = live_step});
    if (live_step != nullptr) ++live_step;
  }
  run(device, call::Adam{batch_, options});
}

// The numbers, then each parameter's step.
size_t Adam::live_bytes(size_t params) const { return sizeof(AdamNumbers) + params * sizeof(AdamStep); }

void Adam::next_live(const CapturedUpdate& captured, void* values) noexcept {
  ParamGroup& group = groups_[captured.group];
  auto* numbers = static_cast<AdamNumbers*>(values);
  const AdamOptions options = kernel_options(group.options);
  *numbers = AdamNumbers::of(options);
  auto* step = reinterpret_cast<AdamStep*>(numbers + 1);
  for (const size_t i : captured.params) *step++ = step_of(options, ++group.states[i].step);
}

}  // namespace tt::optim
