#include "capi/layer_options.h"
#include "ops/random/dropout.h"
#include "ops/norm/norm.h"
#include "ops/view/view.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_status tt_batch_norm(const tt_tensor* input, tt_tensor* running_mean, tt_tensor* running_var,
                        const tt_tensor* weight, const tt_tensor* bias, int32_t training,
                        const tt_norm_options* options, tt_tensor** out) {
  return guard("tt_batch_norm", [&] {
    Out result(out, "out");
    const nn::NormOptions o = norm_options_in(options, NormUse::kFunction);
    result = ops::batch_norm(*In(input, "input"), optional_in(running_mean, "running_mean"),
                             optional_in(running_var, "running_var"), optional_in(weight, "weight"),
                             optional_in(bias, "bias"), training != 0, o.momentum, o.eps);
  });
}

tt_status tt_dropout(const tt_tensor* input, double p, int32_t training, tt_generator* generator,
                     tt_tensor** out) {
  return guard("tt_dropout", [&] {
    Out result(out, "out");
    Generator* source = generator == nullptr
                            ? nullptr
                            : checked<Generator>(generator, Kind::kGenerator, "generator", "generator");
    const In x(input, "input");
    const Tensor y = ops::dropout(*x, p, training != 0, source);
    // A handle of its own also where nothing is done: a scope tells handles apart by their objects.
    result = y.is_same(*x) ? ops::view(y, y.sizes()) : y;
  });
}

}  // extern "C"
