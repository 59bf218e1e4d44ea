#include "nn/container.h"

#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/pool.h"

namespace tt::nn {

namespace {

// The child after i, if there is one and nobody sees what passes between the two; else null.
Module* joinable(const Module& module, size_t i) {
  const auto& children = module.children();
  if (i + 1 >= children.size()) return nullptr;
  Module& second = *children[i + 1].module;
  return children[i].module->has_hooks() || second.has_hooks() ? nullptr : &second;
}

// Whether the children after i are a ReLU and a pooling that takes it along: on a CUDA device that saves more
// than a convolution's taking it.
bool pooling_takes_relu(const Module& module, size_t i, Device device) {
  if (device.is_cpu()) return false;
  const Module* const pool = joinable(module, i + 1);
  return pool != nullptr && dynamic_cast<const MaxPool2d*>(pool) != nullptr;
}

// The result of two layers that have a way of being computed as one, else an undefined tensor.
Tensor forward_joined(const Module& module, size_t i, Module& first, Module& second, const Tensor& x) {
  if (auto* linear = dynamic_cast<Linear*>(&first)) {
    const std::optional<UnaryOp> activation = linear_activation(second);
    if (activation) return linear->forward_activated(x, *activation);
  } else if (is_relu(second)) {
    if (auto* norm = dynamic_cast<BatchNorm*>(&first)) return norm->forward_relu(x);
    auto* const conv = dynamic_cast<Conv2d*>(&first);
    if (conv != nullptr && !pooling_takes_relu(module, i, x.device())) return conv->forward_relu(x);
  } else if (is_relu(first)) {
    if (auto* pool = dynamic_cast<MaxPool2d*>(&second)) return pool->forward_after_relu(x);
  }
  return Tensor();
}

}  // namespace

Sequential::Sequential(std::span<const Ref<Module>> children) : Layer("Sequential") {
  for (const Ref<Module>& child : children) append(child);
}

void Sequential::append(Ref<Module> child) {
  register_module(std::to_string(children().size()), std::move(child));
}

Tensor Sequential::forward(const Tensor& input) {
  Tensor x = input;
  // By index, and holding the child: a user's module may change the list it is in.
  for (size_t i = 0; i < children().size(); ++i) {
    const Ref<Module> child = children()[i].module;
    const Ref<Module> second = Ref<Module>(joinable(*this, i));
    if (Tensor joined = second ? forward_joined(*this, i, *child, *second, x) : Tensor(); joined.defined()) {
      x = std::move(joined);
      ++i;
    } else {
      x = (*child)(x);
    }
  }
  return x;
}

ModuleList::ModuleList(std::span<const Ref<Module>> children) : Layer("ModuleList") {
  for (const Ref<Module>& child : children) append(child);
}

void ModuleList::append(Ref<Module> child) {
  register_module(std::to_string(children().size()), std::move(child));
}

Tensor ModuleList::forward(const Tensor&) {
  fail(Status::kNotImplemented, "Module [ModuleList] is missing the required \"forward\" function");
}

std::string ModuleList::repr() const {
  if (children().empty()) return "ModuleList()";
  std::string out = "ModuleList(";
  for (size_t begin = 0; begin < children().size();) {
    const std::string text = children()[begin].module->repr();
    size_t end = begin + 1;
    while (end < children().size() && children()[end].module->repr() == text) ++end;
    std::string line = str("(", static_cast<uint64_t>(begin));
    if (end - begin > 1) {
      line += str("-", static_cast<uint64_t>(end - 1), "): ", static_cast<uint64_t>(end - begin), " x ");
    } else {
      line += "): ";
    }
    out += "\n  " + indented(line + text);
    begin = end;
  }
  return out + "\n)";
}

}  // namespace tt::nn
