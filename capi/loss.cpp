// The losses, as functions and as modules.
#include "capi/layer_options.h"
#include "capi/module.h"
#include "ops/loss/loss.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

// A loss of input and target alone, by `name` and its module's; `numbers`: what it has besides the reduction,
// from the settings `s`.
#define TT_WRAP_LOSS(name, type_name, has, ...)                                                             \
  tt_status tt_##name(const tt_tensor* input, const tt_tensor* target, const tt_loss_options* options,      \
                      tt_tensor** out) {                                                                    \
    return guard("tt_" #name, [&] {                                                                         \
      Out result(out, "out");                                                                               \
      const nn::LossSettings s = loss_options_in(options, has);                                             \
      result = ops::name(In(input, "input"), In(target, "target"), s.reduction __VA_OPT__(, ) __VA_ARGS__); \
    });                                                                                                     \
  }                                                                                                         \
  tt_status tt_nn_##name##_new(const tt_loss_options* options, tt_module** out) {                           \
    return make_handle("tt_nn_" #name "_new", out,                                                          \
                       [&] { return nn::loss(type_name, loss_options_in(options, has)); });                 \
  }
TT_WRAP_LOSS(mse_loss, "MSELoss", loss_has::kNoMore)
TT_WRAP_LOSS(l1_loss, "L1Loss", loss_has::kNoMore)
TT_WRAP_LOSS(smooth_l1_loss, "SmoothL1Loss", loss_has::kBeta, s.beta)
TT_WRAP_LOSS(huber_loss, "HuberLoss", loss_has::kDelta, s.delta)
#undef TT_WRAP_LOSS

tt_status tt_binary_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                                  const tt_loss_options* options, tt_tensor** out) {
  return guard("tt_binary_cross_entropy", [&] {
    Out result(out, "out");
    const nn::LossSettings s = loss_options_in(options, loss_has::kNoMore);
    result = ops::binary_cross_entropy(In(input, "input"), In(target, "target"),
                                       optional_in(weight, "weight"), s.reduction);
  });
}
tt_status tt_nn_bce_loss_new(tt_tensor* weight, const tt_loss_options* options, tt_module** out) {
  return make_handle("tt_nn_bce_loss_new", out, [&] {
    nn::LossSettings s = loss_options_in(options, loss_has::kNoMore);
    s.weight = optional_in(weight, "weight");
    return nn::loss("BCELoss", s);
  });
}

tt_status tt_binary_cross_entropy_with_logits(const tt_tensor* input, const tt_tensor* target,
                                              const tt_tensor* weight, const tt_tensor* pos_weight,
                                              const tt_loss_options* options, tt_tensor** out) {
  return guard("tt_binary_cross_entropy_with_logits", [&] {
    Out result(out, "out");
    const nn::LossSettings s = loss_options_in(options, loss_has::kNoMore);
    result = ops::binary_cross_entropy_with_logits(In(input, "input"), In(target, "target"),
                                                   optional_in(weight, "weight"),
                                                   optional_in(pos_weight, "pos_weight"), s.reduction);
  });
}
tt_status tt_nn_bce_with_logits_loss_new(tt_tensor* weight, tt_tensor* pos_weight,
                                         const tt_loss_options* options, tt_module** out) {
  return make_handle("tt_nn_bce_with_logits_loss_new", out, [&] {
    nn::LossSettings s = loss_options_in(options, loss_has::kNoMore);
    s.weight = optional_in(weight, "weight");
    s.pos_weight = optional_in(pos_weight, "pos_weight");
    return nn::loss("BCEWithLogitsLoss", s);
  });
}

tt_status tt_nll_loss(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                      const tt_loss_options* options, tt_tensor** out) {
  return guard("tt_nll_loss", [&] {
    Out result(out, "out");
    const nn::LossSettings s = loss_options_in(options, loss_has::kIgnoreIndex);
    result = ops::nll_loss(In(input, "input"), In(target, "target"), optional_in(weight, "weight"),
                           s.reduction, s.ignore_index);
  });
}
tt_status tt_nn_nll_loss_new(tt_tensor* weight, const tt_loss_options* options, tt_module** out) {
  return make_handle("tt_nn_nll_loss_new", out, [&] {
    nn::LossSettings s = loss_options_in(options, loss_has::kIgnoreIndex);
    s.weight = optional_in(weight, "weight");
    return nn::loss("NLLLoss", s);
  });
}

tt_status tt_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                           const tt_loss_options* options, tt_tensor** out) {
  return guard("tt_cross_entropy", [&] {
    Out result(out, "out");
    const nn::LossSettings s = loss_options_in(options, loss_has::kIgnoreIndex | loss_has::kLabelSmoothing);
    result = ops::cross_entropy(In(input, "input"), In(target, "target"), optional_in(weight, "weight"),
                                s.reduction, s.ignore_index, s.label_smoothing);
  });
}
tt_status tt_nn_cross_entropy_loss_new(tt_tensor* weight, const tt_loss_options* options, tt_module** out) {
  return make_handle("tt_nn_cross_entropy_loss_new", out, [&] {
    nn::LossSettings s = loss_options_in(options, loss_has::kIgnoreIndex | loss_has::kLabelSmoothing);
    s.weight = optional_in(weight, "weight");
    return nn::loss("CrossEntropyLoss", s);
  });
}

}  // extern "C"
