#include "harness/graph.h"

namespace tt::parity {
namespace {

std::vector<Bound> bind_inputs(const std::vector<Value>& values) {
  std::vector<Bound> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i].value = &values[i];
    if (auto* t = std::get_if<Tensor>(&values[i])) {
      out[i].tensor = make(*t);
    } else if (auto* list = std::get_if<std::vector<Tensor>>(&values[i])) {
      for (const Tensor& t : *list) out[i].list.push_back(make(t));
    }
  }
  return out;
}

}  // namespace

void start(const Op& op, const Call& call, Graph& graph) {
  const bool inplace = call.op.back() == '_';
  graph.inputs = bind_inputs(call.inputs);
  if (inplace && !call.fails && std::get<Tensor>(call.inputs[0]).requires_grad) {
    graph.target = clone(graph.inputs[0].tensor);
    std::swap(graph.target, graph.inputs[0].tensor);
  }
  graph.status = captured([&] {
    graph.frame = {};
    graph.frame.inputs = &graph.inputs;
    return op.call(graph.frame);
  });
  if (graph.status != TT_OK) return;
  if (inplace && graph.frame.outputs.empty()) graph.outputs.push_back(graph.inputs[0].tensor.get());
  for (tt_tensor* output : graph.frame.outputs) graph.outputs.push_back(output);
  // The functions do not return batch_norm's running statistics, which are among the recorded results.
  if (call.op == "batch_norm") {
    for (const std::size_t i : {1, 2}) {
      if (graph.inputs[i].tensor) graph.outputs.push_back(graph.inputs[i].tensor.get());
    }
  }
  // From here on `inputs` are the leaves again.
  if (graph.target) std::swap(graph.target, graph.inputs[0].tensor);
}

Leaves leaves_of(const Call& call, const Graph& graph) {
  Leaves out;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    if (auto* t = std::get_if<Tensor>(&call.inputs[i])) {
      if (!t->requires_grad) continue;
      out.tensors.push_back(graph.inputs[i].tensor.get());
      out.places.emplace_back(static_cast<int>(i), -1);
    } else if (auto* list = std::get_if<std::vector<Tensor>>(&call.inputs[i])) {
      for (std::size_t j = 0; j < list->size(); ++j) {
        if (!(*list)[j].requires_grad) continue;
        out.tensors.push_back(graph.inputs[i].list[j].get());
        out.places.emplace_back(static_cast<int>(i), static_cast<int>(j));
      }
    }
  }
  return out;
}

Tensor& tensor_at(std::vector<Value>& inputs, Place place) {
  Value& value = inputs[static_cast<std::size_t>(place.first)];
  if (place.second < 0) return std::get<Tensor>(value);
  return std::get<std::vector<Tensor>>(value)[static_cast<std::size_t>(place.second)];
}

Roots roots_of(const Call& call, const Graph& graph, bool requires_grad) {
  Roots out;
  for (const Gradient& g : call.output_gradients) {
    out.outputs.push_back(graph.outputs[static_cast<std::size_t>(g.index)]);
    out.owners.push_back(make_contiguous(std::get<Tensor>(g.value), requires_grad));
    out.cotangents.push_back(out.owners.back().get());
  }
  return out;
}

const Value* find(const std::vector<Gradient>& gradients, Place place) {
  for (const Gradient& g : gradients) {
    if (g.index == place.first && g.item == place.second) return &g.value;
  }
  return nullptr;
}

std::vector<Handle> take_all(const std::vector<tt_tensor*>& tensors) {
  std::vector<Handle> out;
  for (tt_tensor* t : tensors) out.emplace_back(t);
  return out;
}

}  // namespace tt::parity
