#include "nn/container.h"

#include <memory>

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
    auto* const conv = dynamic_cast<Conv*>(&first);
    if (conv != nullptr && conv->joins_relu() && !pooling_takes_relu(module, i, x.device()))
      return conv->forward_relu(x);
  } else if (is_relu(first)) {
    if (auto* pool = dynamic_cast<MaxPool2d*>(&second)) return pool->forward_after_relu(x);
  }
  return Tensor();
}

// "2 (Linear)", with its name where that is another: "2 \"out\" (Linear)".
std::string layer_text(const Module& module, size_t i, const Module& layer) {
  const auto number = static_cast<uint64_t>(i);
  // The layer may have taken itself out of the list.
  const auto& children = module.children();
  const bool named =
      i < children.size() && children[i].module.get() == &layer && children[i].name != std::to_string(i);
  return named ? str(number, " \"", children[i].name, "\" (", layer.type_name(), ")")
               : str(number, " (", layer.type_name(), ")");
}

}  // namespace

Sequential::Sequential(std::span<const Ref<Module>> children) {
  for (const Ref<Module>& child : children) append(child);
}

void Sequential::append(Ref<Module> child) {
  register_module(std::to_string(children().size()), std::move(child));
}

std::optional<size_t> Sequential::result_count() const {
  // In a loop: a Sequential of a Sequential takes no stack.
  for (const Sequential* at = this; !at->children().empty();) {
    Module& last = *at->children().back().module;
    at = last.as_sequential();
    if (at == nullptr) return last.result_count();
  }
  return std::nullopt;  // as many as it is given
}

// Where a forward pass is in a Sequential, and in those around it.
struct Sequential::Place {
  Ref<Sequential> module;
  size_t next = 0;  // the child that comes next
  std::unique_ptr<Place> outer;

  static void* operator new(size_t size) { return allocate_block(size); }
  static void operator delete(void* block, size_t size) noexcept { free_block(block, size); }
};

TensorList Sequential::forward(std::span<const Tensor> inputs) {
  TensorList results;                  // of the last child that ran
  std::span<const Tensor> x = inputs;  // what the next one takes
  // By index, and holding the child: a user's module may change the list it is in.
  Place at{Ref<Sequential>(this), 0, nullptr};
  for (;;) {
    const Sequential& module = *at.module;
    if (at.next >= module.children().size()) {
      if (!at.outer) return x.data() == inputs.data() ? TensorList(inputs) : std::move(results);
      const std::unique_ptr<Place> outer = std::move(at.outer);
      at = std::move(*outer);
      continue;
    }
    const size_t i = at.next++;
    const Ref<Module> child = module.children()[i].module;
    // A Sequential of a Sequential takes no stack.
    if (Sequential* const inner = child->has_hooks() ? nullptr : child->as_sequential()) {
      std::unique_ptr<Place> outer(new Place(std::move(at)));
      at = Place{Ref<Sequential>(inner), 0, std::move(outer)};
      continue;
    }
    const Ref<Module> second(joinable(module, i));
    try {
      Tensor joined = second && x.size() == 1 ? forward_joined(module, i, *child, *second, x[0]) : Tensor();
      if (joined.defined()) {
        results.set_single(std::move(joined));
        ++at.next;
      } else if (x.size() == 1 && child->result_count() == 1) {
        results.set_single((*child)(x[0]));  // the shorter way of most layers
      } else {
        results = child->call(x);
      }
      x = results;
    } catch (const Error& error) {
      std::string layer = layer_text(module, i, *child);
      const Module* within = &module;
      for (const Place* outer = at.outer.get(); outer != nullptr; outer = outer->outer.get()) {
        layer = str(layer_text(*outer->module, outer->next - 1, *within), ": layer ", layer);
        within = outer->module.get();
      }
      throw Error(error.code(), str("layer ", layer, ": ", error.message()));
    }
  }
}

ModuleList::ModuleList(std::span<const Ref<Module>> children) : Layer("ModuleList") {
  for (const Ref<Module>& child : children) append(child);
}

void ModuleList::append(Ref<Module> child) {
  register_module(std::to_string(children().size()), std::move(child));
}

Tensor ModuleList::forward(const Tensor&) {
  fail(Status::kNotImplemented, "a ModuleList has no forward pass: call its children");
}

std::string ModuleList::repr_with(std::span<const std::string> texts) const {
  if (texts.empty()) return "ModuleList()";
  std::string out = "ModuleList(";
  for (size_t begin = 0; begin < texts.size();) {
    const std::string& text = texts[begin];
    size_t end = begin + 1;
    while (end < texts.size() && texts[end] == text) ++end;
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
