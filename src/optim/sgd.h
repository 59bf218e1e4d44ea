// Stochastic gradient descent, with momentum.
#pragma once

#include "device/optimizer.h"
#include "optim/optimizer.h"

namespace tt::optim {

class Sgd final : public Optimizer {
 public:
  static constexpr tt_sgd_options kDefaults = TT_SGD_OPTIONS_INIT;
  explicit Sgd(Tensors params, const tt_sgd_options& options = kDefaults);

 private:
  ~Sgd() override = default;
  void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) override;
  void reserve(size_t updates) override { batch_.reserve(updates); }
  void update(const ParamGroup& group, std::span<const Update> updates, Device device) override;
  size_t live_bytes(size_t params) const override;
  void next_live(const CapturedUpdate& captured, void* values) noexcept override;

  std::vector<SgdTensor> batch_;  // kept between steps for its memory
};

}  // namespace tt::optim
