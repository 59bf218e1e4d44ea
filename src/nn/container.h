// Modules made of modules.
#pragma once

#include "nn/module.h"

namespace tt::nn {

// Calls its children in order; they are named "0", "1", ... unless registered under names of their own.
class Sequential final : public Layer {
 public:
  explicit Sequential(std::span<const Ref<Module>> children);
  void append(Ref<Module> child);
  Sequential* as_sequential() override { return this; }

 private:
  struct Place;

  ~Sequential() override = default;
  Tensor forward(const Tensor& input) override;
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
