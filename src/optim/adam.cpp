#include "optim/adam.h"

#include <cmath>

#include "core/backend.h"
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
  TT_CHECK(values[kLr] >= 0, Status::kInvalidArgument, "Invalid learning rate: ", values[kLr]);
  TT_CHECK(values[kEps] >= 0, Status::kInvalidArgument, "Invalid epsilon value: ", values[kEps]);
  for (const int i : {0, 1}) {
    const double beta = values[static_cast<size_t>(kBeta1 + i)];
    TT_CHECK(beta >= 0 && beta < 1, Status::kInvalidArgument, "Invalid beta parameter at index ", i, ": ",
             beta);
  }
  TT_CHECK(values[kWeightDecay] >= 0, Status::kInvalidArgument,
           "Invalid weight_decay value: ", values[kWeightDecay]);
}

void Adam::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) {
  const int wanted = group.options[kAmsgrad] != 0 ? 3 : 2;
  for (int i = 0; i < wanted; ++i) {
    Tensor& t = state.tensors[static_cast<size_t>(i)];
    if (!t.defined()) t = ops::zeros(param.sizes(), param.dtype(), param.device());
  }
}

void Adam::update(const ParamGroup& group, std::span<const Update> updates, Device device) {
  const OptionValues& v = group.options;
  const bool amsgrad = v[kAmsgrad] != 0;
  batch_.clear();
  for (const Update& u : updates) {
    const auto step = static_cast<double>(++u.state->step);
    auto& state = u.state->tensors;
    batch_.push_back({.dtype = u.param.dtype(),
                      .n = u.param.numel(),
                      .param = u.param.raw(),
                      .grad = u.grad.raw(),
                      .exp_avg = state[kExpAvg].raw(),
                      .exp_avg_sq = state[kExpAvgSq].raw(),
                      .max_exp_avg_sq = amsgrad ? state[kMaxExpAvgSq].raw() : nullptr,
                      .step_size = v[kLr] / (1 - std::pow(v[kBeta1], step)),
                      .bias_correction2_sqrt = std::sqrt(1 - std::pow(v[kBeta2], step))});
  }
  backend_of(device).optimizer->adam(batch_, {.lr = v[kLr],
                                              .beta1 = v[kBeta1],
                                              .beta2 = v[kBeta2],
                                              .eps = v[kEps],
                                              .weight_decay = v[kWeightDecay],
                                              .decoupled = decay_ == Decay::kParameter,
                                              .amsgrad = amsgrad,
                                              .maximize = v[kMaximize] != 0});
}

}  // namespace tt::optim
