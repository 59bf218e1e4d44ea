// Losses as modules of (input, target).
#pragma once

#include "nn/module.h"
#include "ops/loss/loss.h"

namespace tt::nn {

struct LossSettings {
  ops::Reduction reduction = ops::Reduction::kMean;
  int64_t ignore_index = -100;   // NLLLoss, CrossEntropyLoss
  double label_smoothing = 0;    // CrossEntropyLoss
  double beta = 1;               // SmoothL1Loss
  double delta = 1;              // HuberLoss
  Tensor weight = Tensor();      // of classes or elements; a buffer of the module
  Tensor pos_weight = Tensor();  // BCEWithLogitsLoss
};

// class_name: "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "NLLLoss" or
// "CrossEntropyLoss".
Ref<Module> loss(std::string_view class_name, const LossSettings& settings);

}  // namespace tt::nn
