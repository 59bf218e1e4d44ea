#include "nn/loss.h"

namespace tt::nn {

namespace {

class Loss final : public Module {
 public:
  using Function = Tensor (*)(const Tensor& input, const Tensor& target, const LossSettings& settings);
  enum Buffers { kNone, kWeight, kWeightAndPosWeight };

  Loss(const char* type_name, Function function, Buffers buffers, const LossSettings& settings)
      : type_name_(type_name), function_(function), settings_(settings) {
    if (buffers >= kWeight) register_buffer("weight", settings.weight);
    if (buffers == kWeightAndPosWeight) register_buffer("pos_weight", settings.pos_weight);
  }
  const std::string& type_name() const override { return type_name_; }
  std::optional<size_t> result_count() const override { return 1; }

 private:
  ~Loss() override = default;
  TensorList forward(std::span<const Tensor> inputs) override {
    TT_CHECK(inputs.size() == 2, Status::kInvalidArgument, type_name_,
             " takes two inputs, input and target (tt_module_forward_multi), but got ",
             static_cast<uint64_t>(inputs.size()));
    // The buffers decide: they may have been moved or replaced.
    LossSettings now = settings_;
    for (const Buffer& b : own_buffers()) (b.name == "weight" ? now.weight : now.pos_weight) = b.tensor;
    return function_(inputs[0], inputs[1], now);
  }

  std::string type_name_;
  Function function_;
  LossSettings settings_;
};

struct Row {
  const char* type_name;
  Loss::Function function;
  Loss::Buffers buffers;
};
const Row kRows[] = {
    {"MSELoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) { return ops::mse_loss(x, y, s.reduction); },
     Loss::kNone},
    {"L1Loss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) { return ops::l1_loss(x, y, s.reduction); },
     Loss::kNone},
    {"SmoothL1Loss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::smooth_l1_loss(x, y, s.reduction, s.beta);
     },
     Loss::kNone},
    {"HuberLoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::huber_loss(x, y, s.reduction, s.delta);
     },
     Loss::kNone},
    {"BCELoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::binary_cross_entropy(x, y, s.weight, s.reduction);
     },
     Loss::kWeight},
    {"BCEWithLogitsLoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::binary_cross_entropy_with_logits(x, y, s.weight, s.pos_weight, s.reduction);
     },
     Loss::kWeightAndPosWeight},
    {"NLLLoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::nll_loss(x, y, s.weight, s.reduction, s.ignore_index);
     },
     Loss::kWeight},
    {"CrossEntropyLoss",
     [](const Tensor& x, const Tensor& y, const LossSettings& s) {
       return ops::cross_entropy(x, y, s.weight, s.reduction, s.ignore_index, s.label_smoothing);
     },
     Loss::kWeight},
};

}  // namespace

Ref<Module> loss(std::string_view class_name, const LossSettings& settings) {
  for (const Row& row : kRows) {
    if (class_name == row.type_name) {
      return make_ref<Loss>(row.type_name, row.function, row.buffers, settings);
    }
  }
  fail(Status::kInvalidArgument, "there is no loss \"", class_name, "\"");
}

}  // namespace tt::nn
