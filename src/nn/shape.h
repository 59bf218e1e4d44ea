// Layers that move values around or let them through: Identity, Flatten, Unflatten, Dropout.
#pragma once

#include "nn/module.h"

namespace tt::nn {

class Identity final : public Layer {
 public:
  Identity() : Layer("Identity") {}

 private:
  ~Identity() override = default;
  Tensor forward(const Tensor& input) override { return input; }
};

class Flatten final : public Layer {
 public:
  explicit Flatten(int64_t start_dim = 1, int64_t end_dim = -1)
      : Layer("Flatten"), start_dim_(start_dim), end_dim_(end_dim) {}
  std::string extra_repr() const override;

 private:
  ~Flatten() override = default;
  Tensor forward(const Tensor& input) override;
  int64_t start_dim_, end_dim_;
};

class Unflatten final : public Layer {
 public:
  Unflatten(int64_t dim, const Dims& sizes) : Layer("Unflatten"), dim_(dim), sizes_(sizes) {}
  std::string extra_repr() const override;

 private:
  ~Unflatten() override = default;
  Tensor forward(const Tensor& input) override;
  int64_t dim_;
  Dims sizes_;
};

class Dropout final : public Layer {
 public:
  explicit Dropout(double p = 0.5);
  std::string extra_repr() const override;

 private:
  ~Dropout() override = default;
  Tensor forward(const Tensor& input) override;
  double p_;
};

}  // namespace tt::nn
