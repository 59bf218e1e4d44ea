// Modules made of modules.
#pragma once

#include "nn/module.h"

namespace tt::nn {

// Calls its children in order, each with the results of the one before; they are named "0", "1", ... unless
// registered under names of their own.
class Sequential final : public Module {
 public:
  explicit Sequential(std::span<const Ref<Module>> children);
  void append(Ref<Module> child);
  const std::string& type_name() const override { return type_name_; }
  Sequential* as_sequential() override { return this; }
  // Those of the last child.
  std::optional<size_t> result_count() const override;

 private:
  struct Place;

  ~Sequential() override = default;
  TensorList forward(std::span<const Tensor> inputs) override;

  const std::string type_name_ = "Sequential";
};

// Holds modules; has no forward pass.
class ModuleList final : public Layer {
 public:
  explicit ModuleList(std::span<const Ref<Module>> children);
  void append(Ref<Module> child);

 private:
  ~ModuleList() override = default;
  Tensor forward(const Tensor& input) override;
  std::string repr_with(
      std::span<const std::string> children) const override;  // equal neighbours written once
};

}  // namespace tt::nn
