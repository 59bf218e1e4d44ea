// The activations as modules.
#pragma once

#include "device/pointwise.h"
#include "nn/module.h"

namespace tt::nn {

// Those without parameters, by PyTorch's class name ("ReLU"); fails where there is none.
Ref<Module> activation(std::string_view class_name);
// Whether it is the activation "ReLU", and not a module of the same name.
bool is_relu(const Module& module);
// The op of the activations that a linear layer takes along: "ReLU", "Sigmoid", "Tanh".
std::optional<UnaryOp> linear_activation(const Module& module);

Ref<Module> leaky_relu(double negative_slope);
Ref<Module> elu(double alpha);
Ref<Module> celu(double alpha);
Ref<Module> gelu(bool tanh_approximation);
Ref<Module> softplus(double beta, double threshold);
Ref<Module> hardtanh(double min, double max);
Ref<Module> threshold(double threshold, double value);
Ref<Module> softshrink(double lambda);
Ref<Module> hardshrink(double lambda);
Ref<Module> glu(int64_t dim);
Ref<Module> softmax(int64_t dim);
Ref<Module> log_softmax(int64_t dim);
Ref<Module> softmin(int64_t dim);
// A learnt slope for each of num_parameters channels, or one for all.
Ref<Module> prelu(int64_t num_parameters, double init);

}  // namespace tt::nn
