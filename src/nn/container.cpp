#include "nn/container.h"

#include "nn/activation.h"
#include "nn/linear.h"

namespace tt::nn {

namespace {

// Child i if it is a Linear and the next one a ReLU, with nobody to see what passes between them.
Linear* before_relu(const Module& module, size_t i) {
  const auto& children = module.children();
  if (i + 1 >= children.size()) return nullptr;
  Module& first = *children[i].module;
  const Module& second = *children[i + 1].module;
  if (first.has_hooks() || second.has_hooks() || !is_relu(second)) return nullptr;
  return dynamic_cast<Linear*>(&first);
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
    if (Linear* linear = before_relu(*this, i)) {
      x = linear->forward_relu(x);
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
