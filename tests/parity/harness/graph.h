// One call of an op on recorded inputs, and its place in the autograd graph.
#pragma once

#include <utility>
#include <vector>

#include "harness/ops.h"

namespace tt::parity {

struct Graph {
  std::vector<Bound> inputs;
  Handle target;  // what an in-place op on a tensor with a gradient wrote into: a clone
  Frame frame;
  std::vector<tt_tensor*> outputs;  // borrowed; empty where the call failed
  tt_status status = TT_OK;
};
void start(const Op& op, const Call& call, Graph& graph);

// Which input: its index, and the item where it is a list, else -1.
using Place = std::pair<int, int>;

// The inputs that require gradients; borrowed.
struct Leaves {
  std::vector<tt_tensor*> tensors;
  std::vector<Place> places;
};
Leaves leaves_of(const Call& call, const Graph& graph);
// The tensors of a call's inputs by place.
Tensor& tensor_at(std::vector<Value>& inputs, Place place);

// The results that gradients flow from, and what flows into them.
struct Roots {
  std::vector<tt_tensor*> outputs;
  std::vector<tt_tensor*> cotangents;
  std::vector<Handle> owners;
};
Roots roots_of(const Call& call, const Graph& graph, bool requires_grad);

const Value* find(const std::vector<Gradient>& gradients, Place place);

std::vector<Handle> take_all(const std::vector<tt_tensor*>& tensors);

}  // namespace tt::parity
