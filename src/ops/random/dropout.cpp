#include "ops/random/dropout.h"

#include "tensor/layout.h"
#include "random/random_fill.h"
#include "ops/random/draw.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// Laid out as a copy of the input is: PyTorch draws masks in the order of memory.
Tensor draw_mask(const Tensor& input, double p, Generator& generator) {
  // mt19937 draws one number after another, on the CPU.
  const Device device = generator.engine() == Engine::kPhilox ? input.device() : Device{};
  const Tensor flat = empty({input.numel()}, input.dtype(), device);
  draw(generator, flat, [p](Generator& g, const Tensor& to) {
    visit_dtype(to.dtype(), [&]<typename T>() {
      if constexpr (!std::is_integral_v<T>) {
        fill_dropout_mask(g, to.data<T>(), to.numel(), p, to.device());
      }
    });
  });
  return alias(to_device(flat, input.device()), input.sizes(),
               preserved_strides(input.sizes(), input.strides()), 0);
}

}  // namespace

Tensor dropout(const Tensor& input, double p, bool training, Generator* generator) {
  TT_CHECK(p >= 0 && p <= 1, Status::kInvalidArgument, "p is ", p, ", expected a number from 0 to 1");
  if (!training || p == 0 || input.numel() == 0) return input;
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, "dropout is not implemented for ", input.dtype(),
           " in training");
  if (p == 1) return mul(input, zeros({}, input.dtype(), input.device()));
  return mul(input,
             draw_mask(input, p, generator != nullptr ? *generator : default_generator(input.device())));
}

}  // namespace tt::ops
