// Stochastic gradient descent, with momentum.
#pragma once

#include "device/optimizer.h"
#include "optim/optimizer.h"

namespace tt::optim {

struct SgdSettings {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

class Sgd final : public Optimizer {
 public:
  Sgd(Tensors params, const SgdSettings& settings);
  const char* type_name() const override { return "SGD"; }

 private:
  ~Sgd() override = default;
  void check_options(const OptionValues& values) const override;
  void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) override;
  void reserve(size_t updates) override { batch_.reserve(updates); }
  void update(const ParamGroup& group, std::span<const Update> updates, Device device) override;
  size_t live_bytes(size_t params) const override;
  void next_live(const CapturedUpdate& captured, void* values) noexcept override;
  bool can_follow(size_t option, double captured, double now) const override;

  std::vector<SgdTensor> batch_;  // kept between steps for its memory
};

}  // namespace tt::optim
