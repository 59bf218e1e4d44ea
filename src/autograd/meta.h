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

// An op's write to one of its operands, which changes either everything or nothing:
//
//   InplaceWrite write(self, "mul_", needs_grad(other));
//   ... the op's checks, and what it needs besides ...
//   if (needs_grad(self, other)) write.record("mul", {&self, &other}, MulBackward{write.save(other)});
//   write.commit([&] { the kernel });
//
// Made, it refuses a leaf that takes a gradient, an expanded (self-overlapping) target, read-only memory.
// `others_need_grad`: another operand takes a gradient (needs_grad), so that the write is recorded whatever
// self is. `may_overlap`: writing one value several times is harmless (fill_). `record` allocates all that
// the history takes; `commit` runs the kernel, and what comes after it cannot fail: the write counts, and
// self is the op's result; a view passes that on to its base. An op that ends without it has written nothing.
class InplaceWrite {
 public:
  InplaceWrite(const Tensor& self, const char* op, bool others_need_grad = false, bool may_overlap = false);
  InplaceWrite(const InplaceWrite&) = delete;
  InplaceWrite& operator=(const InplaceWrite&) = delete;

  // Operands kept for the rule. `save`: as they are before the write; those that lie in self's memory are
  // kept apart from self, whose history is to keep them. `save_result`: self as it will be.
  SavedTensor save(const Tensor& t) const;
  SavedTensor save_if(bool used, const Tensor& t) const { return used ? save(t) : SavedTensor(); }
  SavedTensor save_result() const { return SavedTensor::output_of_write(self_); }

  // self is input 0.
  template <typename F>
  void record(const char* op, std::initializer_list<const Tensor*> inputs, F rule) {
    auto node = make_node<LambdaNode<F>>(op, std::move(rule));
    set_edges(*node, inputs);
    prepare(std::move(node));
  }
  // Where no gradient flows to what was there before.
  void record_no_gradient(const char* op);
  template <typename Kernel>
  void commit(const Kernel& kernel) {
    kernel();
    finish();
  }

 private:
  void prepare(Ref<Node> node);
  void finish() noexcept;

  const Tensor& self_;
  Ref<Node> node_;       // self's new history; null: as it is
  Ref<Node> base_node_;  // where self is a view, its base's
};

// The two halves for what writes to many tensors in one kernel and records nothing: optimizers, running
// statistics. Between them nothing may fail.
void check_inplace(const Tensor& self, const char* op, bool others_need_grad = false,
                   bool may_overlap = false);
void bump_version(const Tensor& self) noexcept;

// Makes `view` a differentiable view of `source`: an in-place write through either reaches the other's
// gradient. `several`: the op returns more than one view.
void set_view_of(const Tensor& view, const Tensor& source, bool several = false);

}  // namespace tt
