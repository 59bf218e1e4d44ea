#include "autograd/engine.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "autograd/autocast_mode.h"
#include "tensor/layout.h"
#include "base/thread_state.h"
#include "ops/ops.h"

namespace tt {

namespace {

constexpr int kMaxInlineInputs = 8;

// What the engine knows of a node during one run.
struct Task {
  Ref<Node> node;
  uint32_t pending = 0;        // edges into the node that have not delivered yet
  uint32_t first_slot = 0;     // of its outputs' gradients
  bool needed = true;          // grad(): on a path to an input
  bool implicit_one = false;   // the gradient is 1, and undefined
  int32_t first_capture = -1;  // grad(): list of inputs that are outputs of this node
};

// Node -> task, open addressing. The arrays are kept between runs.
class TaskMap {
 public:
  void reset() {
    std::fill(keys_.begin(), keys_.end(), nullptr);
    count_ = 0;
  }
  // The task's index, and whether it is new (then the index is `next`).
  std::pair<uint32_t, bool> insert(const Node* node, uint32_t next) {
    if (2 * (count_ + 1) > keys_.size()) grow();
    size_t i = hash(node);
    while (keys_[i] != nullptr) {
      if (keys_[i] == node) return {values_[i], false};
      i = (i + 1) & (keys_.size() - 1);
    }
    keys_[i] = node;
    values_[i] = next;
    ++count_;
    return {next, true};
  }
  // The index of a node that is in the map, or -1.
  int64_t find(const Node* node) const {
    if (keys_.empty()) return -1;
    size_t i = hash(node);
    while (keys_[i] != nullptr) {
      if (keys_[i] == node) return values_[i];
      i = (i + 1) & (keys_.size() - 1);
    }
    return -1;
  }
  size_t capacity() const { return keys_.size(); }
  void shrink() {
    keys_ = {};
    values_ = {};
  }

 private:
  size_t hash(const Node* node) const {
    return (reinterpret_cast<uintptr_t>(node) / kAlignment * 0x9e3779b97f4a7c15ull >> 20) &
           (keys_.size() - 1);
  }
  void grow() {
    std::vector<const Node*> keys(keys_.empty() ? 64 : 2 * keys_.size());
    std::vector<uint32_t> values(keys.size());
    keys.swap(keys_);
    values.swap(values_);
    count_ = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] != nullptr) insert(keys[i], values[i]);
    }
  }

  std::vector<const Node*> keys_;
  std::vector<uint32_t> values_;
  size_t count_ = 0;
};

bool is_dense(const Tensor& t) { return t.is_contiguous() || dense_in_some_order(t.sizes(), t.strides()); }

// Whether grad lies in memory as leaf's gradient should: as the leaf does where that is dense, else
// contiguous.
bool laid_out_for(const Tensor& leaf, const Tensor& grad) {
  if (leaf.is_contiguous() || !is_dense(leaf)) return grad.is_contiguous();
  for (int d = 0; d < leaf.ndim(); ++d) {
    if (leaf.size(d) != 1 && leaf.stride(d) != grad.stride(d)) return false;
  }
  return true;
}

void add_into(Tensor& slot, Tensor&& grad, bool create_graph) {
  if (!slot.defined()) {
    slot = std::move(grad);
  } else if (!create_graph && slot.impl()->use_count() == 1 && slot.storage()->use_count() == 1 &&
             is_dense(slot)) {
    ops::add_(slot, grad);
  } else {
    slot = ops::add(slot, grad);
  }
}

void accumulate_grad(const Tensor& leaf, Tensor grad, bool create_graph) {
  AutogradMeta& meta = autograd_meta(leaf);
  if (!meta.grad.defined()) {
    // Take the buffer over when nobody else can see it.
    const bool ours = !create_graph && grad.impl()->use_count() == 1 && grad.storage()->use_count() == 1 &&
                      laid_out_for(leaf, grad) && !grad.storage()->external();
    if (ours) {
      meta.grad = std::move(grad);
    } else {
      // Recorded under create_graph, as the engine's grad mode says.
      meta.grad = is_dense(leaf) ? ops::clone_like(grad, leaf) : ops::clone_contiguous(grad);
    }
  } else if (create_graph) {
    meta.grad = ops::add(meta.grad, grad);
  } else {
    ops::add_(meta.grad, grad);
  }
}

class Engine {
 public:
  void run(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs,
           std::span<const Tensor> inputs, Tensors* captured, const BackwardOptions& options);

 private:
  struct Capture {
    uint32_t output_nr;
    uint32_t input;
    int32_t next;
  };

  uint32_t add_task(const Ref<Node>& node) {
    const auto [index, fresh] = map_.insert(node.get(), static_cast<uint32_t>(tasks_.size()));
    if (fresh) {
      tasks_.push_back(Task{node, 0, static_cast<uint32_t>(slots_.size())});
      slots_.resize(slots_.size() + node->outputs());
    }
    return index;
  }
  bool later(uint32_t a, uint32_t b) const { return order(a) < order(b); }
  uint64_t order(uint32_t i) const {
    return tasks_[i].node->is_accumulator() ? ~uint64_t{0} : tasks_[i].node->sequence();
  }
  void discover(std::span<const Tensor> roots);
  void mark_needed(std::span<const Tensor> inputs);
  void run_task(uint32_t index, Tensors* captured, const BackwardOptions& options);
  void run_hooks(const Task& task, Tensor* grads);
  void clear();

  TaskMap map_;
  std::vector<Task> tasks_;
  std::vector<Tensor> slots_;
  std::vector<uint32_t> heap_;
  std::vector<Capture> captures_;
};

void Engine::clear() {
  tasks_.clear();
  slots_.clear();
  heap_.clear();
  captures_.clear();
  if (map_.capacity() > 4096) {
    map_.shrink();
    tasks_.shrink_to_fit();
    slots_.shrink_to_fit();
  } else {
    map_.reset();
  }
}

void Engine::discover(std::span<const Tensor> roots) {
  for (const Tensor& root : roots) add_task(gradient_edge(root).node);
  for (uint32_t i = 0; i < tasks_.size(); ++i) {
    const Ref<Node> node = tasks_[i].node;
    for (int e = 0; e < node->inputs(); ++e) {
      if (node->edge(e).node) ++tasks_[add_task(node->edge(e).node)].pending;
    }
  }
}

void Engine::mark_needed(std::span<const Tensor> inputs) {
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const Edge edge = gradient_edge(inputs[i]);
    const int64_t index = edge.node ? map_.find(edge.node.get()) : -1;
    if (index < 0) continue;
    Task& task = tasks_[static_cast<size_t>(index)];
    captures_.push_back({edge.input_nr, i, task.first_capture});
    task.first_capture = static_cast<int32_t>(captures_.size()) - 1;
  }
  // A node is older than every node that has an edge to it, so one pass in order of age settles all.
  std::vector<uint32_t> by_age(tasks_.size());
  for (uint32_t i = 0; i < by_age.size(); ++i) by_age[i] = i;
  std::sort(by_age.begin(), by_age.end(), [&](uint32_t a, uint32_t b) {
    const Node& na = *tasks_[a].node;
    const Node& nb = *tasks_[b].node;
    if (na.is_accumulator() != nb.is_accumulator()) return na.is_accumulator();
    return na.sequence() < nb.sequence();
  });
  for (const uint32_t i : by_age) {
    Task& task = tasks_[i];
    task.needed = false;
    for (int e = 0; e < task.node->inputs() && !task.needed; ++e) {
      const Node* next = task.node->edge(e).node.get();
      if (next == nullptr) continue;
      const Task& child = tasks_[static_cast<size_t>(map_.find(next))];
      task.needed = child.needed || child.first_capture >= 0;
    }
  }
}

void Engine::run_hooks(const Task& task, Tensor* grads) {
  NodeHooks* hooks = task.node->hooks();
  if (hooks == nullptr) return;
  const auto tensor_hooks = hooks->tensor_hooks;  // a hook may remove itself
  for (const auto& entry : tensor_hooks) {
    Tensor& grad = grads[entry.output_nr];
    if (!grad.defined()) continue;
    Tensor replaced = entry.hook(grad);
    if (!replaced.defined()) continue;
    TT_CHECK(replaced.sizes() == grad.sizes() && replaced.dtype() == grad.dtype(), Status::kAutograd,
             "a hook on the gradient of ", task.node->op_name(), " returned a ", describe(replaced),
             ", expected a ", describe(grad));
    grad = std::move(replaced);
  }
  for (const auto& [output_nr, keep] : hooks->retain_grads) {
    if (grads[output_nr].defined()) keep(grads[output_nr]);
  }
}

void Engine::run_task(uint32_t index, Tensors* captured, const BackwardOptions& options) {
  const Ref<Node> node = tasks_[index].node;
  Tensor* grads = slots_.data() + tasks_[index].first_slot;
  const auto outputs = static_cast<int>(node->outputs());
  run_hooks(tasks_[index], grads);
  for (int32_t c = tasks_[index].first_capture; c >= 0; c = captures_[static_cast<size_t>(c)].next) {
    const Capture& capture = captures_[static_cast<size_t>(c)];
    (*captured)[capture.input] = grads[capture.output_nr];
  }
  if (node->is_accumulator()) {
    if (captured == nullptr && grads[0].defined()) {
      const Tensor leaf = static_cast<AccumulateGrad*>(node.get())->leaf();
      if (leaf.defined()) accumulate_grad(leaf, std::move(grads[0]), options.create_graph);
    }
    return;
  }

  const int inputs = node->inputs();
  Tensor inline_grads[kMaxInlineInputs];
  bool inline_needed[kMaxInlineInputs];
  std::vector<Tensor> more_grads;
  std::unique_ptr<bool[]> more_needed;
  Tensor* grad_inputs = inline_grads;
  bool* needed = inline_needed;
  if (inputs > kMaxInlineInputs) {
    more_grads.resize(static_cast<size_t>(inputs));
    more_needed = std::make_unique<bool[]>(static_cast<size_t>(inputs));
    grad_inputs = more_grads.data();
    needed = more_needed.get();
  }

  bool any_grad = tasks_[index].implicit_one;
  for (int i = 0; i < outputs; ++i) any_grad |= grads[i].defined();
  uint32_t next_index[kMaxInlineInputs];
  bool any_needed = false;
  for (int i = 0; i < inputs; ++i) {
    const Node* next = node->edge(i).node.get();
    needed[i] = false;
    if (next == nullptr) continue;
    const auto task_index = static_cast<uint32_t>(map_.find(next));
    if (i < kMaxInlineInputs) next_index[i] = task_index;
    const Task& task = tasks_[task_index];
    needed[i] = captured == nullptr || task.needed || task.first_capture >= 0;
    any_needed |= needed[i];
  }

  if (any_grad && any_needed) {
    TT_CHECK(!node->saved_released(), Status::kAutograd,
             "the graph has been used up by an earlier backward: the tensors that ", node->op_name(),
             " saved have been freed. Where it is needed again, give that backward options.retain_graph 1");
    BackwardContext context(*node, grads, grad_inputs, needed);
    node->apply(context);
    if (!options.retain_graph) node->release_saved();
  }
  for (int i = 0; i < outputs; ++i) grads[i] = Tensor();

  for (int i = 0; i < inputs; ++i) {
    const Edge& edge = node->edge(i);
    if (!edge.node) continue;
    const uint32_t next =
        i < kMaxInlineInputs ? next_index[i] : static_cast<uint32_t>(map_.find(edge.node.get()));
    Task& task = tasks_[next];
    if (grad_inputs[i].defined()) {
      add_into(slots_[task.first_slot + edge.input_nr], std::move(grad_inputs[i]), options.create_graph);
    }
    if (--task.pending == 0) {
      heap_.push_back(next);
      std::push_heap(heap_.begin(), heap_.end(), [&](uint32_t a, uint32_t b) { return later(a, b); });
    }
  }
}

void Engine::run(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs,
                 std::span<const Tensor> inputs, Tensors* captured, const BackwardOptions& options) {
  struct Clear {
    Engine& engine;
    ~Clear() { engine.clear(); }
  } clear{*this};
  const GradMode mode(options.create_graph);
  const AutocastPause as_recorded;
  discover(roots);
  if (captured != nullptr) mark_needed(inputs);

  for (size_t i = 0; i < roots.size(); ++i) {
    const Edge edge = gradient_edge(roots[i]);
    Task& task = tasks_[static_cast<size_t>(map_.find(edge.node.get()))];
    const bool implicit = grad_outputs.empty() || !grad_outputs[i].defined();
    // Nobody but the node's rule would see it.
    if (implicit && roots.size() == 1 && task.pending == 0 && task.first_capture < 0 &&
        !options.create_graph && edge.node->hooks() == nullptr && edge.node->takes_implicit_one()) {
      task.implicit_one = true;
      continue;
    }
    Tensor grad =
        implicit ? ops::ones(roots[i].sizes(), roots[i].dtype(), roots[i].device()) : grad_outputs[i];
    add_into(slots_[task.first_slot + edge.input_nr], std::move(grad), options.create_graph);
  }
  for (uint32_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i].pending == 0) heap_.push_back(i);
  }
  const auto less = [&](uint32_t a, uint32_t b) { return later(a, b); };
  std::make_heap(heap_.begin(), heap_.end(), less);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), less);
    const uint32_t index = heap_.back();
    heap_.pop_back();
    run_task(index, captured, options);
  }
}

// The engine's arrays live as long as the thread, where they can; a backward called inside a backward gets
// its own.
constinit thread_local Engine* t_idle = nullptr;
void end_idle() noexcept { delete std::exchange(t_idle, nullptr); }

void run_engine(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs,
                std::span<const Tensor> inputs, Tensors* captured, BackwardOptions options) {
  options.retain_graph |= options.create_graph;
  std::unique_ptr<Engine> engine(std::exchange(t_idle, nullptr));
  if (!engine) engine = std::make_unique<Engine>();
  engine->run(roots, grad_outputs, inputs, captured, options);
  if (t_idle == nullptr && keep_until_thread_ends(ThreadState::kEngine, end_idle)) t_idle = engine.release();
}

void check_roots(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs) {
  TT_CHECK(!roots.empty(), Status::kInvalidArgument, "no tensors to start from were given");
  TT_CHECK(grad_outputs.empty() || grad_outputs.size() == roots.size(), Status::kInvalidArgument, "got ",
           static_cast<uint64_t>(roots.size()), " tensors and ", static_cast<uint64_t>(grad_outputs.size()),
           " gradients");
  for (size_t i = 0; i < roots.size(); ++i) {
    TT_CHECK(roots[i].requires_grad(), Status::kAutograd, "tensors[", static_cast<uint64_t>(i),
             "] neither requires a gradient nor was computed from a tensor that does");
    if (grad_outputs.empty() || !grad_outputs[i].defined()) {
      TT_CHECK(roots[i].numel() == 1, Status::kAutograd, "tensors[", static_cast<uint64_t>(i), "] has shape ",
               roots[i].sizes(),
               "; only for one element is the gradient to begin with 1, for others it must be given");
    } else {
      TT_CHECK(grad_outputs[i].sizes() == roots[i].sizes(), Status::kShape, "the gradient given for tensor ",
               static_cast<uint64_t>(i), " has shape ", grad_outputs[i].sizes(),
               ", but the tensor has shape ", roots[i].sizes());
      TT_CHECK(grad_outputs[i].dtype() == roots[i].dtype(), Status::kDtype, "the gradient given for tensor ",
               static_cast<uint64_t>(i), " is ", grad_outputs[i].dtype(), ", but the tensor is ",
               roots[i].dtype());
    }
  }
}

}  // namespace

void AccumulateGrad::apply(BackwardContext&) {}  // the engine accumulates by itself

void backward(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs,
              const BackwardOptions& options) {
  check_roots(roots, grad_outputs);
  run_engine(roots, grad_outputs, {}, nullptr, options);
}

Tensors grad(std::span<const Tensor> roots, std::span<const Tensor> inputs,
             std::span<const Tensor> grad_outputs, const BackwardOptions& options) {
  check_roots(roots, grad_outputs);
  TT_CHECK(!inputs.empty(), Status::kInvalidArgument, "inputs is empty");
  for (size_t i = 0; i < inputs.size(); ++i) {
    TT_CHECK(inputs[i].requires_grad(), Status::kAutograd, "inputs[", static_cast<uint64_t>(i),
             "] does not require a gradient");
  }
  Tensors captured(inputs.size());
  run_engine(roots, grad_outputs, inputs, &captured, options);
  for (size_t i = 0; i < inputs.size(); ++i) {
    TT_CHECK(options.allow_unused || captured[i].defined(), Status::kAutograd,
             "the outputs do not depend on inputs[", static_cast<uint64_t>(i),
             "]; with options.allow_unused 1 its gradient is NULL");
  }
  return captured;
}

}  // namespace tt
