// Stochastic gradient descent, with momentum.
#pragma once

#include "optim/optimizer.h"

namespace tt::optim {

class Sgd final : public Optimizer {
 public:
  static constexpr tt_sgd_options kDefaults = TT_SGD_OPTIONS_INIT;
  explicit Sgd(Tensors params, const tt_sgd_options& options = kDefaults);

 private:
  ~Sgd() override = default;
};

}  // namespace tt::optim
