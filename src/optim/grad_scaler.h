// Scaling of the loss, so that small gradients survive in half types: PyTorch's GradScaler.
#pragma once

#include <unordered_map>

#include "nn/state_dict.h"
#include "optim/optimizer.h"

namespace tt::optim {

struct GradScalerOptions {
  double init_scale = 65536;
  double growth_factor = 2;     // after growth_interval steps without infinities
  double backoff_factor = 0.5;  // after a step with them, which is left out
  int64_t growth_interval = 2000;
  bool enabled = true;  // else scale, unscale and update do nothing and step steps
};

class GradScaler final : public RefCounted {
 public:
  explicit GradScaler(const GradScalerOptions& options);

  const GradScalerOptions& options() const { return options_; }

  // outputs times the scale, in float32 or wider; differentiable.
  Tensor scale(const Tensor& outputs) const;
  // Divides the gradients of the optimizer's parameters by the scale, once between updates: for whoever clips
  // or looks at them before the step.
  void unscale(Optimizer& optimizer);
  // Unscales if that was not done yet, and steps unless a gradient is infinite or NaN. Whether it stepped.
  bool step(Optimizer& optimizer);
  // Adapts the scale to what the steps since the last update met.
  void update();

  double current_scale() const { return options_.enabled ? scale_ : 1; }
  void set_scale(double scale);
  int64_t growth_tracker() const { return tracker_; }

  // "scale", "growth_factor", "backoff_factor" (float64), "growth_interval" and "_growth_tracker" (int64),
  // all 0-dim.
  Ref<StateDict> state_dict() const;
  void load_state_dict(const StateDict& dict);

 private:
  ~GradScaler() override = default;

  struct Progress {
    Ref<Optimizer> optimizer;  // keeps the address from being used again
    bool stepped = false;
    bool found_inf = false;
  };

  GradScalerOptions options_;
  double scale_;
  int64_t tracker_ = 0;  // steps without infinities since the scale last changed
  std::unordered_map<const Optimizer*, Progress> unscaled_;  // since the last update
};

}  // namespace tt::optim
