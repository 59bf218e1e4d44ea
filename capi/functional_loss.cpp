#include "capi/reduction.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_status tt_mse_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction, tt_tensor** out) {
  return guard("tt_mse_loss", [&] {
    Out result(out, "out");
    result = ops::mse_loss(In(input, "input"), In(target, "target"), reduction_in(reduction));
  });
}

tt_status tt_l1_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction, tt_tensor** out) {
  return guard("tt_l1_loss", [&] {
    Out result(out, "out");
    result = ops::l1_loss(In(input, "input"), In(target, "target"), reduction_in(reduction));
  });
}

tt_status tt_smooth_l1_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction, double beta,
                            tt_tensor** out) {
  return guard("tt_smooth_l1_loss", [&] {
    Out result(out, "out");
    result = ops::smooth_l1_loss(In(input, "input"), In(target, "target"), reduction_in(reduction), beta);
  });
}

tt_status tt_huber_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction, double delta,
                        tt_tensor** out) {
  return guard("tt_huber_loss", [&] {
    Out result(out, "out");
    result = ops::huber_loss(In(input, "input"), In(target, "target"), reduction_in(reduction), delta);
  });
}

tt_status tt_binary_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                                  int32_t reduction, tt_tensor** out) {
  return guard("tt_binary_cross_entropy", [&] {
    Out result(out, "out");
    result = ops::binary_cross_entropy(In(input, "input"), In(target, "target"),
                                       optional_in(weight, "weight"), reduction_in(reduction));
  });
}

tt_status tt_binary_cross_entropy_with_logits(const tt_tensor* input, const tt_tensor* target,
                                              const tt_tensor* weight, const tt_tensor* pos_weight,
                                              int32_t reduction, tt_tensor** out) {
  return guard("tt_binary_cross_entropy_with_logits", [&] {
    Out result(out, "out");
    result = ops::binary_cross_entropy_with_logits(
        In(input, "input"), In(target, "target"), optional_in(weight, "weight"),
        optional_in(pos_weight, "pos_weight"), reduction_in(reduction));
  });
}

tt_status tt_nll_loss(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                      int32_t reduction, int64_t ignore_index, tt_tensor** out) {
  return guard("tt_nll_loss", [&] {
    Out result(out, "out");
    result = ops::nll_loss(In(input, "input"), In(target, "target"), optional_in(weight, "weight"),
                           reduction_in(reduction), ignore_index);
  });
}

tt_status tt_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                           int32_t reduction, int64_t ignore_index, double label_smoothing, tt_tensor** out) {
  return guard("tt_cross_entropy", [&] {
    Out result(out, "out");
    result = ops::cross_entropy(In(input, "input"), In(target, "target"), optional_in(weight, "weight"),
                                reduction_in(reduction), ignore_index, label_smoothing);
  });
}

}  // extern "C"
