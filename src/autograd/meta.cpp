#include "autograd/meta.h"

#include <algorithm>
#include <atomic>

#include "autograd/views.h"

namespace tt {

namespace detail {
[[gnu::tls_model("initial-exec")]] constinit thread_local bool t_grad_enabled = true;
}

namespace {
std::atomic<uint64_t> g_hook_id{1};

}  // namespace

namespace {
// Waiting to be destroyed on this thread.
constinit thread_local AutogradMeta* t_dead = nullptr;
constinit thread_local bool t_destroying = false;
}  // namespace

// One after the other: a gradient may have a gradient, and so on.
void destroy_autograd_meta(AutogradMeta* meta) noexcept {
  if (meta->accumulator) meta->accumulator->forget_leaf();
  if (meta->retain_cell) meta->retain_cell->store(nullptr);
  meta->next_dead = t_dead;
  t_dead = meta;
  if (t_destroying) return;
  t_destroying = true;
  while (AutogradMeta* const dead = t_dead) {
    t_dead = dead->next_dead;
    dead->~AutogradMeta();
    free_block(dead, sizeof(AutogradMeta));
  }
  t_destroying = false;
}

AutogradMeta& autograd_meta(const Tensor& t) {
  TensorImpl* impl = t.impl();
  if (impl->autograd == nullptr) impl->autograd = new (allocate_block(sizeof(AutogradMeta))) AutogradMeta;
  return *impl->autograd;
}

bool Tensor::requires_grad() const {
  const TensorImpl* t = impl();
  if (t->autograd != nullptr && (t->autograd->requires_grad || t->autograd->grad_fn)) return true;
  // A stale view takes its history from its base.
  return t->view_base && t->view_version != version() && is_floating(t->dtype) &&
         Tensor(Ref<TensorImpl>(t->view_base)).requires_grad();
}

bool Tensor::is_leaf() const { return !grad_fn(*this); }

Tensor Tensor::grad() const { return impl()->autograd != nullptr ? impl()->autograd->grad : Tensor(); }

Ref<Node> grad_fn(const Tensor& t) {
  TensorImpl* impl = t.impl();
  if (impl->view_base && impl->view_version != t.version()) refresh_view_history(t);
  return impl->autograd != nullptr ? impl->autograd->grad_fn : Ref<Node>();
}

Edge gradient_edge(const Tensor& t) {
  if (!t.defined()) return {};
  if (Ref<Node> fn = grad_fn(t)) return {std::move(fn), t.impl()->autograd->output_nr};
  if (t.impl()->autograd != nullptr && t.impl()->autograd->requires_grad)
    return {t.impl()->autograd->accumulator, 0};
  return {};
}

void set_history(const Tensor& t, const Ref<Node>& node, uint32_t output_nr) {
  AutogradMeta& meta = autograd_meta(t);
  meta.grad_fn = node;
  meta.output_nr = output_nr;
}

void set_requires_grad(const Tensor& t, bool on) {
  if (on) {
    TT_CHECK(is_floating(t.dtype()), Status::kDtype,
             "only floating tensors can require a gradient, and the tensor is ", t.dtype());
  }
  if (grad_fn(t)) {
    TT_CHECK(on, Status::kAutograd,
             "the tensor is the result of an op, which gives up its gradient only by tt_detach");
    return;
  }
  if (!on && t.impl()->autograd == nullptr) return;
  AutogradMeta& meta = autograd_meta(t);
  // Made here and not when an op first wants it: using a leaf only reads it, and may happen on several
  // threads at once.
  if (on && !meta.accumulator) meta.accumulator = make_node<AccumulateGrad>(t.impl());
  meta.requires_grad = on;
}

void set_grad(const Tensor& t, const Tensor& grad) {
  if (grad.defined()) {
    TT_CHECK(!grad.is_same(t), Status::kAutograd, "a tensor cannot be its own gradient");
    TT_CHECK(grad.sizes() == t.sizes(), Status::kShape, "assigned grad has shape ", grad.sizes(),
             ", but the tensor has shape ", t.sizes());
    TT_CHECK(grad.dtype() == t.dtype(), Status::kDtype, "assigned grad has dtype ", grad.dtype(),
             ", but the tensor has dtype ", t.dtype());
    TT_CHECK(grad.device() == t.device(), Status::kDevice, "assigned grad is on ", grad.device(),
             ", but the tensor is on ", t.device());
  } else if (t.impl()->autograd == nullptr) {
    return;
  }
  // A view of t would keep t, which keeps its gradient.
  Tensor kept = grad.defined() && shares_root(grad, t) ? apart_from_views(grad) : grad;
  autograd_meta(t).grad = std::move(kept);
}

bool retains_grad(const Tensor& t) {
  const AutogradMeta* meta = t.impl()->autograd;
  return meta != nullptr && meta->retains_grad;
}

void retain_grad(const Tensor& t) {
  TT_CHECK(t.requires_grad(), Status::kAutograd,
           "the tensor does not require a gradient, so there is none to keep");
  const Ref<Node> fn = grad_fn(t);
  if (!fn) return;  // leaves keep their gradient anyway
  AutogradMeta& meta = autograd_meta(t);
  if (meta.retains_grad) return;
  meta.retains_grad = true;
  // The node must not own the tensor (a cycle), and the tensor may die first: the hook finds it through a
  // shared cell that the meta clears. A weak cell is enough, because the graph keeps running without the
  // tensor.
  auto cell = std::make_shared<std::atomic<TensorImpl*>>(t.impl());
  meta.retain_cell = cell;
  fn->make_hooks().retain_grads.emplace_back(meta.output_nr, [cell](const Tensor& grad) {
    if (TensorImpl* impl = cell->load()) impl->autograd->grad = grad;
  });
}

uint64_t add_tensor_hook(const Tensor& t, TensorHook hook) {
  TT_CHECK(t.requires_grad(), Status::kAutograd,
           "the tensor does not require a gradient, so a hook would never be called");
  const Edge edge = gradient_edge(t);
  const uint64_t id = g_hook_id.fetch_add(1);
  edge.node->make_hooks().tensor_hooks.push_back({id, edge.input_nr, std::move(hook)});
  return id;
}

void remove_tensor_hook(const Tensor& t, uint64_t id) {
  const Edge edge = gradient_edge(t);
  if (!edge.node || edge.node->hooks() == nullptr) return;
  auto& hooks = edge.node->hooks()->tensor_hooks;
  std::erase_if(hooks, [id](const auto& entry) { return entry.id == id; });
}

bool needs_grad(std::span<const Tensor> tensors) {
  return grad_enabled() && std::any_of(tensors.begin(), tensors.end(),
                                       [](const Tensor& t) { return t.defined() && t.requires_grad(); });
}

void set_edges(Node& node, std::initializer_list<const Tensor*> inputs) {
  node.set_edge_count(static_cast<int>(inputs.size()));
  int i = 0;
  for (const Tensor* t : inputs) node.set_edge(i++, gradient_edge(*t));
}

void set_edges(Node& node, std::span<const Tensor> inputs) {
  node.set_edge_count(static_cast<int>(inputs.size()));
  int i = 0;
  for (const Tensor& t : inputs) node.set_edge(i++, gradient_edge(t));
}

Tensor AccumulateGrad::leaf() const {
  TensorImpl* impl = leaf_.load();
  return impl != nullptr ? Tensor(Ref<TensorImpl>(impl)) : Tensor();
}

void AccumulateGrad::forget_leaf() { leaf_.store(nullptr); }

}  // namespace tt
