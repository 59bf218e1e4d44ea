// Adam, and AdamW, which decays the parameters instead of the gradients.
#pragma once

#include "device/optimizer.h"
#include "optim/optimizer.h"

namespace tt::optim {

struct AdamSettings {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  // AdamW's default is 1e-2
  bool amsgrad = false;
  bool maximize = false;
};

class Adam final : public Optimizer {
 public:
  enum class Decay { kGradient, kParameter };
  Adam(Tensors params, const AdamSettings& settings, Decay decay = Decay::kGradient);
  const char* type_name() const override { return decay_ == Decay::kParameter ? "AdamW" : "Adam"; }

 private:
  ~Adam() override = default;
  void check_options(const OptionValues& values) const override;
  void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) override;
  void reserve(size_t updates) override { batch_.reserve(updates); }
  void update(const ParamGroup& group, std::span<const Update> updates, Device device) override;
  size_t live_bytes(size_t params) const override;
  void next_live(const CapturedUpdate& captured, void* values) noexcept override;
  bool can_follow(size_t option, double captured, double now) const override;
  AdamOptions kernel_options(const OptionValues& values) const;

  Decay decay_;
  std::vector<AdamTensor> batch_;  // kept between steps for its memory
};

}  // namespace tt::optim
