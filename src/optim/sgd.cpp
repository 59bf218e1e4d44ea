#include "optim/sgd.h"

#include <cmath>

#include "device/backend.h"

namespace tt::optim {

namespace {
enum Option { kLr, kMomentum, kDampening, kWeightDecay, kNesterov, kMaximize };
constexpr OptionSpec kOptions[] = {{"lr", false},           {"momentum", false}, {"dampening", false},
                                   {"weight_decay", false}, {"nesterov", true},  {"maximize", true}};
constexpr const char* kStates[] = {"momentum_buffer"};
}  // namespace

Sgd::Sgd(Tensors params, const SgdSettings& s) : Optimizer(kOptions, kStates, 1, false) {
  set_first_group(std::move(params), {s.lr, s.momentum, s.dampening, s.weight_decay, s.nesterov ? 1.0 : 0.0,
                                      s.maximize ? 1.0 : 0.0});
}

void Sgd::check_options(const OptionValues& values) const {
  TT_CHECK(values[kLr] >= 0, Status::kInvalidArgument, "lr is ", values[kLr], ", expected 0 or more");
  TT_CHECK(values[kMomentum] >= 0, Status::kInvalidArgument, "momentum is ", values[kMomentum],
           ", expected 0 or more");
  TT_CHECK(!std::isnan(values[kDampening]), Status::kInvalidArgument, "dampening is ", values[kDampening],
           ", expected a number");
  TT_CHECK(values[kWeightDecay] >= 0, Status::kInvalidArgument, "weight_decay is ", values[kWeightDecay],
           ", expected 0 or more");
  TT_CHECK(values[kNesterov] == 0 || (values[kMomentum] > 0 && values[kDampening] == 0),
           Status::kInvalidArgument, "nesterov needs a momentum above 0 and a dampening of 0");
}

void Sgd::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) {
  if (group.options[kMomentum] != 0 && !state.tensors[0].defined()) {
    state.tensors[0] = empty(param.sizes(), param.dtype(), param.device());
  }
}

namespace {

SgdOptions kernel_options(const OptionValues& v) {
  return {.lr = v[kLr],
          .momentum = v[kMomentum],
          .dampening = v[kDampening],
          .weight_decay = v[kWeightDecay],
          .nesterov = v[kNesterov] != 0,
          .maximize = v[kMaximize] != 0};
}

}  // namespace

void Sgd::update(const ParamGroup& group, std::span<const Update> updates, Device device) {
  const bool has_momentum = group.options[kMomentum] != 0;
  SgdOptions options = kernel_options(group.options);
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
  *numbers = SgdNumbers::of(kernel_options(group.options));
  auto* first = reinterpret_cast<double*>(numbers + 1);
  for (const size_t i : captured.params) {
    *first++ = group.states[i].step == 0 ? 1 : 0;
    if (group.options[kMomentum] != 0) group.states[i].step = 1;
  }
}

bool Sgd::can_follow(size_t option, double captured, double now) const {
  if (option == kMomentum) return (captured != 0) == (now != 0);
  return option != kNesterov && option != kMaximize;
}

}  // namespace tt::optim
