// Mixed precision through the C++ header: a network learns, its mode ends with the object, its parameters
// stay float32.
#include "tinytorch/tinytorch.hpp"

#include "check.h"

int main() {
  tt::manual_seed(5);
  const tt::Module model = tt::nn::Sequential({tt::nn::Linear(6, 24), tt::nn::ReLU(), tt::nn::Linear(24, 3)});
  const tt::Tensor x = tt::randn({48, 6}), labels = tt::randint(0, 3, {48});
  tt::optim::SGD optimizer(model.parameters(), 0.5);
  tt_grad_scaler_options options = TT_GRAD_SCALER_OPTIONS_INIT;
  options.growth_interval = 10;
  tt::GradScaler scaler(options);
  double first = 0, last = 0;
  for (int step = 0; step < 200; ++step) {
    tt::Tensor loss;
    {
      const tt::Autocast amp(TT_CPU, tt::DType::float16);
      const tt::Tensor logits = model(x);
      CHECK(logits.dtype() == tt::DType::float16);
      loss = tt::cross_entropy(logits, labels);
    }
    CHECK(model(x).dtype() == tt::DType::float32);
    CHECK(loss.dtype() == tt::DType::float32);
    optimizer.zero_grad();
    scaler.scale(loss).backward();
    scaler.unscale(optimizer);
    scaler.step(optimizer);
    scaler.update();
    (step == 0 ? first : last) = loss.item();
  }
  CHECK(last < 0.4 * first);
  CHECK(scaler.get_scale() != 65536);
  for (const tt::Tensor& parameter : model.parameters()) CHECK(parameter.dtype() == tt::DType::float32);
  bool refused = false;
  try {
    const tt::Autocast amp(TT_CPU, tt::DType::float64);
  } catch (const tt::Error& error) {
    refused = error.status() == TT_ERR_DTYPE;
  }
  CHECK(refused);
  return finish("mixed_precision");
}
