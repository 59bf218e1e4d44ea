// A node of the autograd graph: one recorded op, its edges to the producers of its inputs, and its backward
// rule.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace tt {

class Node;

// Where a gradient flows on to: input `input_nr` of `node` (an output of the op that node recorded). Null:
// nowhere.
struct Edge {
  Ref<Node> node;
  uint32_t input_nr = 0;
};

// A tensor kept for backward. An input is kept as it is; an output is kept without its history, which would
// be a cycle, and gets it back from the node when it is used. Using it after an in-place write is an error
// that names the op. What is kept is what PyTorch keeps, or less (docs/architecture.md has the differences).
class SavedTensor {
 public:
  SavedTensor() = default;
  static SavedTensor input(const Tensor& t) { return SavedTensor(t, t, Kind::kInput, 0); }
  // Nothing where a gradient that is not wanted is the only one to use it: then it may be written to.
  static SavedTensor input_if(bool used, const Tensor& t) { return used ? input(t) : SavedTensor(); }
  // `copy`: the values of input `input_nr` in memory that nobody else sees, so that the input may be written
  // to.
  static SavedTensor input_copy(const Tensor& copy, uint32_t input_nr) {
    return SavedTensor(copy, copy, Kind::kInputCopy, input_nr);
  }
  static SavedTensor output(const Tensor& t, uint32_t output_nr = 0) {
    return SavedTensor(t, t.defined() ? detach(t) : Tensor(), Kind::kOutput, output_nr);
  }
  // Of an op that has yet to write its result to `t`.
  static SavedTensor output_of_write(const Tensor& t) {
    SavedTensor saved = output(t);
    ++saved.version_;
    return saved;
  }
  Tensor unpack(const Node& node) const;
  void reset() { tensor_ = Tensor(); }

 private:
  enum class Kind : uint8_t { kInput, kInputCopy, kOutput };

  SavedTensor(const Tensor& original, Tensor kept, Kind kind, uint32_t nr)
      : tensor_(std::move(kept)),
        version_(original.defined() ? original.version() : 0),
        nr_(nr),
        kind_(kind) {}

  Tensor tensor_;
  uint32_t version_ = 0;
  uint32_t nr_ = 0;  // of the output, or of the input that is copied
  Kind kind_ = Kind::kInput;
};

// What a backward rule sees: the gradients of the op's outputs, and where to put those of its inputs.
class BackwardContext {
 public:
  BackwardContext(const Node& node, Tensor* grad_outputs, Tensor* grad_inputs, const bool* needed)
      : node_(node), grad_outputs_(grad_outputs), grad_inputs_(grad_inputs), needed_(needed) {}

  // Undefined where nothing flowed into that output (single-output ops always get one).
  const Tensor& grad(int output = 0) const { return grad_outputs_[output]; }
  bool needs(int input) const { return needed_[input]; }
  void set(int input, Tensor grad) { grad_inputs_[input] = std::move(grad); }
  Tensor unpack(const SavedTensor& saved) const { return saved.unpack(node_); }

 private:
  const Node& node_;
  Tensor* grad_outputs_;
  Tensor* grad_inputs_;
  const bool* needed_;
};

// Called with a gradient; may return a replacement, or an undefined tensor to keep it.
using TensorHook = std::function<Tensor(const Tensor&)>;

struct NodeHooks {
  struct Entry {
    uint64_t id;
    uint32_t output_nr;
    TensorHook hook;
  };
  std::vector<Entry> tensor_hooks;  // run on the gradient of an output before the node's rule
  // Outputs whose tensors keep their gradient (retain_grad); run after the hooks.
  std::vector<std::pair<uint32_t, std::function<void(const Tensor&)>>> retain_grads;
};

class Node : public RefCounted {
 public:
  explicit Node(const char* op_name);
  ~Node() override;

  // The backward rule. Runs once unless the graph is retained.
  virtual void apply(BackwardContext& context) = 0;
  // Drops the saved tensors after use.
  virtual void release_saved() = 0;
  virtual bool is_accumulator() const { return false; }

  // "add": the op recorded. The class name shown in printing is AddBackward0.
  const char* op_name() const { return op_name_; }
  std::string display_name() const;

  int inputs() const { return n_edges_; }
  const Edge& edge(int i) const { return edges_[i]; }
  Edge& edge(int i) { return edges_[i]; }
  void set_edge_count(int count);  // before the edges are set; at most once
  void set_edge(int i, Edge e) { edges_[i] = std::move(e); }

  uint32_t outputs() const { return outputs_; }
  void set_outputs(uint32_t count) { outputs_ = count; }
  uint64_t sequence() const { return sequence_; }
  bool saved_released() const { return saved_released_; }
  void mark_saved_released() { saved_released_ = true; }
  // Whether the rule takes an undefined gradient for one of 1, which the loss that backward begins with then
  // need not be given.
  bool takes_implicit_one() const { return takes_implicit_one_; }
  void set_takes_implicit_one() { takes_implicit_one_ = true; }

  NodeHooks* hooks() const { return hooks_.get(); }
  NodeHooks& make_hooks() {
    if (!hooks_) hooks_ = std::make_unique<NodeHooks>();
    return *hooks_;
  }

  static void* operator new(size_t size) { return allocate_block(size); }
  static void operator delete(void* block, size_t size) noexcept { free_block(block, size); }
  // Destruction is iterative: a node that dies while another is being destroyed waits in a list.
  static void operator delete(Node* self, std::destroying_delete_t) noexcept;

  template <typename T, typename... Args>
  friend Ref<T> make_node(Args&&... args);

 private:
  static constexpr int kInlineEdges = 3;

  const char* op_name_;
  uint64_t sequence_;  // later ops run first in backward
  uint32_t block_bytes_ = 0;
  uint32_t outputs_ = 1;
  int n_edges_ = 0;
  bool saved_released_ = false;
  bool takes_implicit_one_ = false;
  Edge* edges_ = inline_edges_;
  Edge inline_edges_[kInlineEdges];
  std::unique_ptr<NodeHooks> hooks_;
  Node* next_dead_ = nullptr;
};

template <typename T, typename... Args>
Ref<T> make_node(Args&&... args) {
  T* node = new T(std::forward<Args>(args)...);
  static_cast<Node*>(node)->block_bytes_ = sizeof(T);
  return Ref<T>::adopt(node);
}

// A node whose rule is a callable void(BackwardContext&) holding its saved tensors as captures. A member
// kTakesImplicitOne of the callable says that it does.
template <typename F>
class LambdaNode final : public Node {
 public:
  LambdaNode(const char* op_name, F rule) : Node(op_name), rule_(std::move(rule)) {
    if constexpr (requires { F::kTakesImplicitOne; }) set_takes_implicit_one();
  }
  void apply(BackwardContext& context) override { (*rule_)(context); }
  // A rule that keeps no tensors may run again, as in PyTorch.
  void release_saved() override {
    if constexpr (!std::is_trivially_destructible_v<F>) {
      rule_.reset();
      mark_saved_released();
    }
  }

 private:
  std::optional<F> rule_;
};

}  // namespace tt
