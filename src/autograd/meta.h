// What autograd keeps beside a tensor, and how ops are recorded.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace tt {

// The sink of a leaf's gradients. Edges own it; it only borrows the leaf, which clears the pointer when it
// dies.
class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(TensorImpl* leaf) : Node("accumulate_grad"), leaf_(leaf) {}
  void apply(BackwardContext&) override;
  void release_saved() override {}
  bool is_accumulator() const override { return true; }
  Tensor leaf() const;  // undefined once the leaf is gone
  void forget_leaf();

 private:
  std::atomic<TensorImpl*> leaf_;
};

struct AutogradMeta {
  bool requires_grad = false;  // set on leaves; results of recorded ops have a grad_fn instead
  bool retains_grad = false;
  uint32_t output_nr = 0;
  Ref<Node> grad_fn;
  Ref<AccumulateGrad> accumulator;  // of a leaf that takes a gradient, made with that wish
  Tensor grad;
  // retain_grad's way back to the tensor; cleared when the tensor dies before its graph.
  std::shared_ptr<std::atomic<TensorImpl*>> retain_cell;
  AutogradMeta* next_dead = nullptr;
};

AutogradMeta& autograd_meta(const Tensor& t);  // made on demand
Ref<Node> grad_fn(const Tensor& t);            // null for leaves; brought up to date for views
Edge gradient_edge(const Tensor& t);           // null edge where t takes no gradient
void set_history(const Tensor& t, const Ref<Node>& node, uint32_t output_nr = 0);

// Leaves only; dtype must be floating when on.
void set_requires_grad(const Tensor& t, bool on);
void set_grad(const Tensor& t, const Tensor& grad);
void retain_grad(const Tensor& t);
bool retains_grad(const Tensor& t);

// Registers a hook on the gradient of t; the id removes it again.
uint64_t add_tensor_hook(const Tensor& t, TensorHook hook);
void remove_tensor_hook(const Tensor& t, uint64_t id);

// True when one of the tensors takes a gradient and the thread records.
template <typename... T>
bool needs_grad(const T&... tensors) {
  return grad_enabled() && ((tensors.defined() && tensors.requires_grad()) || ...);
}
bool needs_grad(std::span<const Tensor> tensors);

void set_edges(Node& node, std::initializer_list<const Tensor*> inputs);
void set_edges(Node& node, std::span<const Tensor> inputs);

// Records `out` as the result of `op` on `inputs`, with `rule` as void(BackwardContext&). Call it when
// needs_grad(inputs).
template <typename F>
void record(const char* op, const Tensor& out, std::initializer_list<const Tensor*> inputs, F rule) {
  auto node = make_node<LambdaNode<F>>(op, std::move(rule));
  set_edges(*node, inputs);
  set_history(out, node);
}
// The same for several outputs or a list of inputs.
template <typename F>
void record(const char* op, std::span<const Tensor> outs, std::span<const Tensor> inputs, F rule) {
  auto node = make_node<LambdaNode<F>>(op, std::move(rule));
  set_edges(*node, inputs);
  node->set_outputs(static_cast<uint32_t>(outs.size()));
  for (uint32_t i = 0; i < outs.size(); ++i) {
    if (outs[i].defined() && is_floating(outs[i].dtype())) set_history(outs[i], node, i);
  }
}

// In-place writes. Before: refuses a leaf that takes a gradient, an expanded (self-overlapping) target,
// read-only memory. After: counts the write. With a rule: `self` becomes the op's result; a view passes that
// on to its base. `others_need_grad`: another operand takes a gradient (needs_grad), so that the write is
// recorded whatever self is. `may_overlap`: writing one value several times is harmless (fill_).
void check_inplace(const Tensor& self, const char* op, bool others_need_grad = false,
                   bool may_overlap = false);
void bump_version(const Tensor& self);
void rebase_history(const Tensor& self, Ref<Node> node);
template <typename F>
void record_inplace(const char* op, const Tensor& self, std::initializer_list<const Tensor*> inputs, F rule) {
  auto node = make_node<LambdaNode<F>>(op, std::move(rule));
  set_edges(*node, inputs);
  rebase_history(self, std::move(node));
}

// Makes `view` a differentiable view of `source`: an in-place write through either reaches the other's
// gradient. `several`: the op returns more than one view.
void set_view_of(const Tensor& view, const Tensor& source, bool several = false);

}  // namespace tt
