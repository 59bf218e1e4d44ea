// Adam with the largest gradient, which decays, in place of the root of the second moment.
#pragma once

#include "optim/optimizer.h"

namespace tt::optim {

class Adamax final : public Optimizer {
 public:
  static constexpr tt_adamax_options kDefaults = TT_ADAMAX_OPTIONS_INIT;
  explicit Adamax(Tensors params, const tt_adamax_options& options = kDefaults);

 private:
  ~Adamax() override = default;
};

}  // namespace tt::optim
