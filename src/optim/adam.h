// Adam, and AdamW, which decays the parameters instead of the gradients.
#pragma once

#include "optim/optimizer.h"

namespace tt::optim {

class Adam final : public Optimizer {
 public:
  static constexpr tt_adam_options kDefaults = TT_ADAM_OPTIONS_INIT;
  explicit Adam(Tensors params, const tt_adam_options& options = kDefaults);

 private:
  ~Adam() override = default;
};

class AdamW final : public Optimizer {
 public:
  static constexpr tt_adam_options kDefaults = TT_ADAMW_OPTIONS_INIT;
  explicit AdamW(Tensors params, const tt_adam_options& options = kDefaults);

 private:
  ~AdamW() override = default;
};

}  // namespace tt::optim
