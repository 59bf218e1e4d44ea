// Fused losses and their gradients.
#pragma once

#include <cstdint>

#include "core/loop.h"

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
  DType dtype;             // of input, weight, losses and gradients; floating
  bool log_input = false;  // the input is log-probabilities (nll_loss), else logits (cross_entropy)
  bool mean = false, sum = false;
  int64_t batch = 1, classes = 1, inner = 1;
  const void* input = nullptr;
  const void* target = nullptr;
  DType target_dtype;            // kInt64 or kUInt8: indices; dtype: probabilities
  const void* weight = nullptr;  // (classes); null: 1
  int64_t ignore_index = -100;   // of indices
  double label_smoothing = 0;
  // Of class_loss, where class_loss_gives_gradient says so: the input's gradient for a loss's gradient of 1,
  // shaped like the input; null: not wanted.
  void* gradient = nullptr;
};

class LossKernels {
 public:
  static constexpr char kFamily[] = "loss";
  virtual ~LossKernels() = default;

  // Operand 0: the losses; then the inputs. All of one floating dtype.
  virtual void element_loss(ElementLoss loss, const Loop& loop, double parameter) = 0;
  // *out (the loop's dtype) = scale * the sum over the loop. Operand 0 is an input too and not looked at; the
  // inputs follow.
  virtual void element_loss_sum(ElementLoss loss, const Loop& loop, double parameter, double scale,
                                void* out) = 0;
  // Operand 0: scale * x's gradient; then the inputs and the losses' gradient.
  virtual void element_loss_backward(ElementLoss loss, const Loop& loop, double parameter, double scale) = 0;
  // Fails unless every element of the loop's only operand lies in [0, 1]: "all elements of `what` should be
  // between 0 and 1".
  virtual void check_probabilities(const Loop& loop, const char* what) = 0;

  // loss: (batch, inner), or one value when mean or sum. Kept for backward: normalizer (2, batch, inner), the
  // logits' maximum and the log of the sum of exp(logit - maximum), apart so that large logits lose nothing
  // (not written when log_input); total_weight, one value: what mean divides by. Both are float for half
  // types. Fails with "Target 7 is out of bounds."
  virtual void class_loss(const ClassLossArgs& args, void* loss, void* normalizer, void* total_weight) = 0;
  // Whether class_loss makes the gradient in passing. The arguments' addresses do not count.
  virtual bool class_loss_gives_gradient(const ClassLossArgs&) { return false; }
  // grad: of the loss, shaped like it; null: 1.
  virtual void class_loss_backward(const ClassLossArgs& args, const void* grad, const void* normalizer,
                                   const void* total_weight, void* grad_input) = 0;
  // out, like the input: what the negated log-probability of every class weighs in the (unreduced) loss.
  virtual void class_weights(const ClassLossArgs& args, void* out) = 0;
};

}  // namespace tt
