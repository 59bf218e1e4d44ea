// Adam, and AdamW, which decays the parameters instead of the gradients.
#pragma once

#include "device/optimizer.h"
#include "optim/optimizer.h"

namespace tt::optim {

class Adam : public Optimizer {
 public:
  static constexpr tt_adam_options kDefaults = TT_ADAM_OPTIONS_INIT;
  explicit Adam(Tensors params, const tt_adam_options& options = kDefaults);

 protected:
  Adam(const OptimizerTable& table, Tensors params, const tt_adam_options& options);
  ~Adam() override = default;

 private:
  void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) override;
  void reserve(size_t updates) override { batch_.reserve(updates); }
  void update(const ParamGroup& group, std::span<const Update> updates, Device device) override;
  size_t live_bytes(size_t params) const override;
  void next_live(const CapturedUpdate& captured, void* values) noexcept override;
  AdamOptions kernel_options(const OptionValues& values) const;
  virtual bool decays_parameter() const { return false; }

  std::vector<AdamTensor> batch_;  // kept between steps for its memory
};

class AdamW final : public Adam {
 public:
  static constexpr tt_adam_options kDefaults = TT_ADAMW_OPTIONS_INIT;
  explicit AdamW(Tensors params, const tt_adam_options& options = kDefaults);

 private:
  ~AdamW() override = default;
  bool decays_parameter() const override { return true; }
};

}  // namespace tt::optim
