// Fused losses and their gradients.
#pragma once

#include <cstdint>

#include "tensor/loop.h"
#include "device/call.h"

namespace tt {

// Losses of one element from the elements at the same place. Inputs x, y and, for the last two, w (weight)
// and for the last p (pos_weight); `parameter` is beta of smooth_l1, delta of huber.
enum class ElementLoss : uint8_t { kMse, kL1, kSmoothL1, kHuber, kBce, kBceWithLogits };
constexpr int element_loss_inputs(ElementLoss loss) {
  return loss == ElementLoss::kBceWithLogits ? 4 : loss == ElementLoss::kBce ? 3 : 2;
}

// Losses over classes, dense: input (batch, classes, inner), target (batch, inner) of class indices, or like
// input of probabilities.
struct ClassLossArgs {
  static constexpr bool kHasAddresses = true;
  DType dtype;             // of input, weight, losses and gradients; floating
  bool log_input = false;  // the input is log-probabilities (nll_loss), else logits (cross_entropy)
  bool mean = false, sum = false;
  int64_t batch = 1, classes = 1, inner = 1;
  call::In<void> input;
  call::In<void> target;
  DType target_dtype;           // kInt64 or kUInt8: indices; dtype: probabilities
  call::In<void> weight;        // (classes); null: 1
  int64_t ignore_index = -100;  // of indices
  double label_smoothing = 0;
};

namespace call {

// Operand 0: the losses; then the inputs. All of one floating dtype.
struct ElementwiseLoss {
  static constexpr char kName[] = "elementwise_loss";
  ElementLoss loss;
  Loop loop;
  double parameter;
};
// *out (the loop's dtype) = scale * the sum over the loop. Operand 0 is an input too and not looked at; the
// inputs follow.
struct ElementwiseLossSum {
  static constexpr char kName[] = "elementwise_loss_sum";
  ElementLoss loss;
  Loop loop;
  double parameter, scale;
  Out<void> out;
};
// Operand 0: scale * x's gradient; then the inputs and the losses' gradient.
struct ElementwiseLossBackward {
  static constexpr char kName[] = "elementwise_loss_backward";
  ElementLoss loss;
  Loop loop;
  double parameter, scale;
};
// Fails unless every element of the loop's only operand lies in [0, 1]: "all elements of `what` should be
// between 0 and 1".
struct CheckProbabilities {
  static constexpr char kName[] = "check_probabilities";
  Loop loop;
  StaticText what;
};

// loss: (batch, inner), or one value when mean or sum. Kept for backward: normalizer (2, batch, inner), the
// logits' maximum and the log of the sum of exp(logit - maximum), apart so that large logits lose nothing
// (not written when log_input); total_weight, one value: what mean divides by. Both are float for half types.
// gradient: the input's, for a loss's gradient of 1, made in passing; null: not wanted. Fails with "Target 7
// is out of bounds."
struct ClassLoss {
  static constexpr char kName[] = "class_loss";
  ClassLossArgs args;
  Out<void> loss, normalizer, total_weight;
  bool with_gradient;  // whether there is one: supports() looks at this
  Out<void> gradient;
};
// grad: of the loss, shaped like it; null: 1.
struct ClassLossBackward {
  static constexpr char kName[] = "class_loss_backward";
  ClassLossArgs args;
  In<void> grad, normalizer, total_weight;
  Out<void> grad_input;
};
// out, like the input: what the negated log-probability of every class weighs in the (unreduced) loss.
struct ClassWeights {
  static constexpr char kName[] = "class_weights";
  ClassLossArgs args;
  Out<void> out;
};

using LossCalls = CallList<ElementwiseLoss, ElementwiseLossSum, ElementwiseLossBackward, CheckProbabilities,
                           ClassLoss, ClassLossBackward, ClassWeights>;

}  // namespace call

}  // namespace tt
