#include "optim/adam.h"

#include <cmath>

#include "device/backend.h"
#include "ops/create.h"

namespace tt::optim {

namespace {
enum Option { kLr, kBeta1, kBeta2, kEps, kWeightDecay, kAmsgrad, kMaximize };
constexpr OptionSpec kOptions[] = {{"lr", false},     {"beta1", false},        {"beta2", false},
                                   {"eps", false},    {"weight_decay", false}, {"amsgrad", true},
                                   {"maximize", true}};
enum State { kExpAvg, kExpAvgSq, kMaxExpAvgSq };
constexpr const char* kStates[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
}  // namespace

Adam::Adam(Tensors params, const AdamSettings& s, Decay decay)
    : Optimizer(kOptions, kStates, 2, true), decay_(decay) {
  set_first_group(std::move(params), {s.lr, s.beta1, s.beta2, s.eps, s.weight_decay, s.amsgrad ? 1.0 : 0.0,
                                      s.maximize ? 1.0 : 0.0});
}

void Adam::check_options(const OptionValues& values) const {
  TT_CHECK(values[kLr] >= 0, Status::kInvalidArgument, "lr is ", values[kLr], ", expected 0 or more");
  TT_CHECK(values[kEps] >= 0, Status::kInvalidArgument, "eps is ", values[kEps], ", expected 0 or more");
  for (const int i : {0, 1}) {
    const double beta = values[static_cast<size_t>(kBeta1 + i)];
    TT_CHECK(beta >= 0 && beta < 1, Status::kInvalidArgument, "beta", i + 1, " is ", beta,
             ", expected from 0 to less than 1");
  }
  TT_CHECK(values[kWeightDecay] >= 0, Status::kInvalidArgument, "weight_decay is ", values[kWeightDecay],
           ", expected 0 or more");
}

void Adam::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) {
  const int wanted = group.options[kAmsgrad] != 0 ? 3 : 2;
  for (int i = 0; i < wanted; ++i) {
    Tensor& t = state.tensors[static_cast<size_t>(i)];
    if (!t.defined()) t = ops::zeros(param.sizes(), param.dtype(), param.device());
  }
}

AdamOptions Adam::kernel_options(const OptionValues& v) const {
  return {.lr = v[kLr],
          .beta1 = v[kBeta1],
          .beta2 = v[kBeta2],
          .eps = v[kEps],
          .weight_decay = v[kWeightDecay],
          .decoupled = decay_ == Decay::kParameter,
          .amsgrad = v[kAmsgrad] != 0,
          .maximize = v[kMaximize] != 0};
}

namespace {

AdamStep step_of(const OptionValues& v, int64_t steps) {
  const auto n = static_cast<double>(steps);
  return {v[kLr] / (1 - std::pow(v[kBeta1], n)), std::sqrt(1 - std::pow(v[kBeta2], n))};
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
                      .step = step_of(group.options, u.state->step),
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
  *numbers = AdamNumbers::of(kernel_options(group.options));
  auto* step = reinterpret_cast<AdamStep*>(numbers + 1);
  for (const size_t i : captured.params) *step++ = step_of(group.options, ++group.states[i].step);
}

bool Adam::can_follow(size_t option, double, double) const {
  return option != kAmsgrad && option != kMaximize;
}

}  // namespace tt::optim
