#include "nn/container.h"

#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/norm.h"

namespace tt::nn {

namespace {

// Whether the child after i is a ReLU, and nobody sees what passes between the two.
bool relu_follows(const Module& module, size_t i) {
  const auto& children = module.children();
  if (i + 1 >= children.size()) return false;
  const Module& second = *children[i + 1].module;
  return !children[i].module->has_hooks() && !second.has_hooks() && is_relu(second);
}

// Layers that end with a ReLU as well as without: the layer's result with it, else an undefined tensor.
Tensor forward_relu(Module& layer, const Tensor& x) {
  if (auto* linear = dynamic_cast<Linear*>(&layer)) return linear->forward_relu(x);
  if (auto* conv = dynamic_cast<Conv2d*>(&layer)) return conv->forward_relu(x);
  if (auto* norm = dynamic_cast<BatchNorm*>(&layer)) return norm->forward_relu(x);
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
    if (Tensor joined = relu_follows(*this, i) ? forward_relu(*child, x) : Tensor(); joined.defined()) {
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
