#include "autograd/views.h"

#include <algorithm>

#include "device/graph.h"
#include "tensor/overlap.h"
#include "ops/ops.h"

namespace tt {

namespace {

// The history of a base after an in-place op on one of its views: outside the view the gradient passes on;
// inside, the op's own rule applies.
class CopySlices final : public Node {
 public:
  // The view is input `self_nr` of fn.
  CopySlices(const Tensor& base, const Tensor& view, Ref<Node> fn, int self_nr)
      : Node(fn->op_name()),
        base_(Geometry::of(base)),
        view_(Geometry::of(view)),
        fn_(std::move(fn)),
        self_nr_(self_nr) {
    set_edge_count(fn_->inputs());
    for (int i = 0; i < fn_->inputs(); ++i) set_edge(i, i == self_nr ? gradient_edge(base) : fn_->edge(i));
  }

  void apply(BackwardContext& context) override {
    // The gradient laid out in memory as the base is, so that the view's geometry finds its part of it.
    const Tensor result = laid_out_as_base(context.grad());
    const Tensor slice =
        ops::as_strided(result, view_.sizes, view_.strides, result.offset() + view_.offset - base_.offset);

    const int inputs = fn_->inputs();
    Tensor grad_output = ops::clone(slice);
    std::vector<Tensor> grad_inputs(static_cast<size_t>(inputs));
    auto needed = std::make_unique<bool[]>(static_cast<size_t>(inputs));
    for (int i = 0; i < inputs; ++i) needed[static_cast<size_t>(i)] = context.needs(i);
    // A saved result that takes part in a new graph is a view of what this node stands for: its history must
    // lead here, not past it into fn_.
    const Ref<Node> owner = grad_enabled() ? view_of_this() : fn_;
    BackwardContext inner(*owner, &grad_output, grad_inputs.data(), needed.get());
    fn_->apply(inner);

    if (context.needs(self_nr_)) {
      Tensor& of_view = grad_inputs[static_cast<size_t>(self_nr_)];
      if (!of_view.defined()) {
        ops::fill_(slice, 0.0);
      } else if (grad_enabled()) {
        ops::copy_(slice, of_view);
      } else {
        ops::copy_values(slice, of_view);
      }
      of_view = result;
    }
    for (int i = 0; i < inputs; ++i) context.set(i, std::move(grad_inputs[static_cast<size_t>(i)]));
  }

  void release_saved() override {
    fn_->release_saved();
    if (fn_->saved_released()) mark_saved_released();
  }

 private:
  Ref<Node> view_of_this() {
    auto rule = [base = base_, view = view_](BackwardContext& context) {
      context.set(0, ops::restride(context.grad(), view, base, base));
    };
    auto node = make_node<LambdaNode<decltype(rule)>>(fn_->op_name(), rule);
    node->set_edge_count(1);
    node->set_edge(0, {Ref<Node>(this), 0});
    return node;
  }

  Tensor laid_out_as_base(const Tensor& grad) const {
    if (geometry_contiguous(base_.sizes, base_.strides)) return ops::clone_contiguous(grad);
    const Tensor flat = ops::zeros(Dims{base_.extent()}, grad.dtype(), grad.device());
    const Tensor result = ops::as_strided(flat, base_.sizes, base_.strides, 0);
    ops::copy_(result, grad);
    return result;
  }

  Geometry base_;
  Geometry view_;
  Ref<Node> fn_;
  int self_nr_;
};

Tensor base_of(const Tensor& view) { return Tensor(Ref<TensorImpl>(view.impl()->view_base)); }

// The history of a view as a part of its base, which is what `of_base` says.
Ref<Node> view_history(const Tensor& view, const Tensor& base, Edge of_base) {
  const Geometry base_geometry = Geometry::of(base);
  const Geometry view_geometry = Geometry::of(view);
  auto rule = [base_geometry, view_geometry](BackwardContext& context) {
    context.set(0, ops::restride(context.grad(), view_geometry, base_geometry, base_geometry));
  };
  auto node = make_node<LambdaNode<decltype(rule)>>("as_strided", rule);
  node->set_edge_count(1);
  node->set_edge(0, std::move(of_base));
  return node;
}

// The tensor whose memory `t` views, or `t`.
const TensorImpl* root_of(const Tensor& t) {
  return t.impl()->view_base ? t.impl()->view_base.get() : t.impl();
}

// Refuses views that a recorded write would leave with an ambiguous history. `what`: "is being", or what
// happened to the base.
[[gnu::cold]] void fail_origin(const Tensor& view, const char* what) {
  TensorImpl* impl = view.impl();
  const Node* fn = impl->autograd != nullptr ? impl->autograd->grad_fn.get() : nullptr;
  const bool multi_output = impl->view_origin == ViewOrigin::kMultiOutput;
  const std::string output =
      fn != nullptr ? str("output ", impl->autograd->output_nr, " of ", fn->display_name(), " is a view")
                    : std::string();
  std::string head;
  if (fn == nullptr) {
    head = str("the tensor is a view that was made while gradients were off, and ", what,
               " written to in place while they are on.");
  } else if (multi_output) {
    head = str(output, ", and ", what, " written to in place.");
  } else {
    head = str(output, " of a view that was made while gradients were off, and ", what,
               " written to in place while they are on.");
  }
  fail(
      Status::kAutograd, head,
      multi_output
          ? " It is one of several views that one call returned, which must not be written to: compute a new "
            "tensor instead."
          : " Whether the write is to be recorded is then not clear, so it is refused: make the view and "
            "write "
            "to it under one setting of tt_set_grad_enabled.");
}

void check_target(const Tensor& self, const char* op, bool others_need_grad, bool may_overlap) {
  TT_CHECK(!self.storage()->read_only(), Status::kInvalidArgument, op, ": the tensor's memory is read-only");
  if (!may_overlap) check_no_internal_overlap(op, self);
  if (!grad_enabled()) return;
  const TensorImpl* impl = self.impl();
  if (!impl->view_base) {
    TT_CHECK(!self.requires_grad() || !self.is_leaf(), Status::kAutograd,
             "a leaf that requires a gradient cannot be written to in place; turn gradients off "
             "(tt_set_grad_enabled) or write to another tensor");
    return;
  }
  const Tensor base = base_of(self);
  const bool base_needs = base.requires_grad();
  if (impl->view_origin != ViewOrigin::kDefault && (others_need_grad || base_needs || self.requires_grad())) {
    fail_origin(self, "is being");
  }
  TT_CHECK(!base_needs || !base.is_leaf(), Status::kAutograd,
           "a view of a leaf that requires a gradient cannot be written to in place; turn gradients off "
           "(tt_set_grad_enabled) or write to another tensor");
  TT_CHECK(impl->autograd == nullptr || !impl->autograd->requires_grad || impl->autograd->grad_fn,
           Status::kAutograd,
           "a leaf that requires a gradient cannot be written to in place; turn gradients off "
           "(tt_set_grad_enabled) or write to another tensor");
}

// Allocates what the history of a written tensor takes that is input `self_nr` of the node: its own, into
// `history`; returned is its base's where it is a view, else null.
Ref<Node> prepare_history(const Tensor& self, Ref<Node>& history, Ref<Node> node, int self_nr) {
  (void)autograd_meta(self);
  Ref<Node> of_base;
  if (self.impl()->view_base) {
    const Tensor base = base_of(self);
    (void)autograd_meta(base);
    of_base = make_node<CopySlices>(base, self, std::move(node), self_nr);
    node = view_history(self, base, Edge{of_base, 0});
  }
  history = std::move(node);
  return of_base;
}

void change_history(const Tensor& self, const Ref<Node>& history, const Ref<Node>& of_base,
                    uint32_t output_nr) noexcept {
  if (of_base) {
    set_history(base_of(self), of_base);
    self.impl()->view_version = self.version();
  }
  set_history(self, history, output_nr);
}

}  // namespace

void refresh_view_history(const Tensor& view) {
  const Tensor base = base_of(view);
  if (!base.requires_grad()) return;  // stays stale: the base may take a gradient later
  if (view.impl()->view_origin != ViewOrigin::kDefault) {
    fail_origin(view, "its base or another view of its base has been");
  }
  if (is_floating(view.dtype())) set_history(view, view_history(view, base, gradient_edge(base)));
  view.impl()->view_version = view.version();
}

void set_view_of(const Tensor& view, const Tensor& source, bool several) {
  TensorImpl* impl = view.impl();
  const TensorImpl* from = source.impl();
  impl->view_base = from->view_base ? from->view_base : Ref<TensorImpl>(source.impl());
  impl->view_version = view.version();
  impl->view_origin = !grad_enabled() ? ViewOrigin::kNoGrad
                      : several       ? ViewOrigin::kMultiOutput
                                      : from->view_origin;
}

Tensor apart_from_views(const Tensor& t) {
  Tensor apart = detach(t);
  const Edge edge = gradient_edge(t);
  if (edge.node && !edge.node->is_accumulator()) set_history(apart, edge.node, edge.input_nr);
  return apart;
}

bool shares_root(const Tensor& a, const Tensor& b) { return root_of(a) == root_of(b); }

void check_inplace(const Tensor& self, const char* op, bool others_need_grad, bool may_overlap) {
  check_target(self, op, others_need_grad, may_overlap);
  // Replays write as well. Noted here, where it may fail.
  if (Graph* graph = Graph::capturing(self.device())) graph->add_written(self.storage());
}

void bump_version(const Tensor& self) noexcept { self.storage()->bump_version(); }

InplaceWrite::InplaceWrite(const Tensor& self, const char* op, bool others_need_grad, bool may_overlap)
    : self_(self) {
  check_inplace(self, op, others_need_grad, may_overlap);
}

SavedTensor InplaceWrite::save(const Tensor& t) const {
  if (!t.defined() || !shares_root(t, self_)) return SavedTensor::input(t);
  return SavedTensor::input(apart_from_views(t));
}

void InplaceWrite::prepare(Ref<Node> node) { base_node_ = prepare_history(self_, node_, std::move(node), 0); }

void InplaceWrite::record_no_gradient(const char* op) {
  record(op, {&self_}, [](BackwardContext& context) {
    if (context.needs(0)) context.set(0, ops::zeros_like(context.grad()));
  });
}

void InplaceWrite::finish() noexcept {
  bump_version(self_);
  if (node_) change_history(self_, node_, base_node_, 0);
}

WrittenHistory::WrittenHistory(const Tensor& self, Ref<Node> node, uint32_t output_nr, int self_nr)
    : self_(self),
      output_nr_(self.impl()->view_base ? 0 : output_nr),
      base_node_(prepare_history(self, node_, std::move(node), self_nr)) {}

void WrittenHistory::commit() noexcept { change_history(self_, node_, base_node_, output_nr_); }

}  // namespace tt
