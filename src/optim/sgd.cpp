#include "optim/sgd.h"

#include <cstddef>

#include "device/backend.h"

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

constexpr OptimizerTable kTable{"SGD", kOptions, kStates, check};

double momentum_of(const ParamGroup& group) { return group.options.as<tt_sgd_options>().momentum; }

}  // namespace

Sgd::Sgd(Tensors params, const tt_sgd_options& options) : Optimizer(kTable) {
  set_first_group(std::move(params), OptionValues(options));
}

void Sgd::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) {
  if (momentum_of(group) != 0 && !state.tensors[0].defined()) {
    state.tensors[0] = empty(param.sizes(), param.dtype(), param.device());
  }
}

namespace {

SgdOptions kernel_options(const OptionValues& values) {
  const auto o = values.as<tt_sgd_options>();
  return {.lr = o.lr,
          .momentum = o.momentum,
          .dampening = o.dampening,
          .weight_decay = o.weight_decay,
          .nesterov = o.nesterov != 0,
          .maximize = o.maximize != 0};
}

}  // namespace

void Sgd::update(const ParamGroup& group, std::span<const Update> updates, Device device) {
  SgdOptions options = kernel_options(group.options);
  const bool has_momentum = options.momentum != 0;
  auto* live = static_cast<SgdNumbers*>(capture(group, updates, device));
  const double* live_first = live != nullptr ? reinterpret_cast<double*>(live + 1) : nullptr;
  options.live = live;
  batch_.clear();
  for (const Update& u : updates) {
    batch_.push_back({.dtype = u.param.dtype(),
                      .first = u.state->step == 0,
                      .n = u.param.numel(),
                      .param = u.param.raw(),
                      .grad = u.grad.raw(),
                      .momentum = has_momentum ? u.state->tensors[0].raw() : nullptr,
                      .live_first = live_first});
    if (live_first != nullptr) ++live_first;
  }
  run(device, call::Sgd{batch_, options});
  if (has_momentum && live == nullptr) {
    for (const Update& u : updates) u.state->step = 1;
  }
}

// The numbers, then for each parameter whether its momentum is new.
size_t Sgd::live_bytes(size_t params) const { return sizeof(SgdNumbers) + params * sizeof(double); }

void Sgd::next_live(const CapturedUpdate& captured, void* values) noexcept {
  ParamGroup& group = groups_[captured.group];
  auto* numbers = static_cast<SgdNumbers*>(values);
  const SgdOptions options = kernel_options(group.options);
  *numbers = SgdNumbers::of(options);
  auto* first = reinterpret_cast<double*>(numbers + 1);
  for (const size_t i : captured.params) {
    *first++ = group.states[i].step == 0 ? 1 : 0;
    if (options.momentum != 0) group.states[i].step = 1;
  }
}

}  // namespace tt::optim
