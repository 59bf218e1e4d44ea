#include "autograd/views.h"

#include <algorithm>

#include "ops/ops.h"

namespace tt {

namespace {

// Where a tensor lies in its storage.
struct Geometry {
  Dims sizes;
  Dims strides;
  int64_t offset;

  explicit Geometry(const Tensor& t) : sizes(t.sizes()), strides(t.strides()), offset(t.offset()) {}

  // Elements from the first to one past the last.
  int64_t extent() const {
    int64_t last = 0;
    for (int i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return 0;
      last += (sizes[i] - 1) * strides[i];
    }
    return last + 1;
  }
};

// A gradient laid out in memory as its tensor is, so that a view's geometry finds the view's part of it.
Tensor zeros_laid_out_as(const Geometry& base, const Tensor& like) {
  return ops::zeros(Dims{base.extent()}, like.dtype(), like.device());
}

// The gradient of base from that of as_strided(base, view).
Tensor scatter_to_base(const Tensor& grad, const Geometry& base, const Geometry& view) {
  const Tensor flat = zeros_laid_out_as(base, grad);
  ops::as_strided_accumulate_(flat, grad, view.sizes, view.strides, view.offset - base.offset);
  return ops::as_strided(flat, base.sizes, base.strides, 0);
}

// The history of a base after an in-place op on one of its views: outside the view the gradient passes on;
// inside, the op's own rule applies.
class CopySlices final : public Node {
 public:
  CopySlices(const Tensor& base, const Tensor& view, Ref<Node> fn)
      : Node(fn->op_name()), base_(base), view_(view), fn_(std::move(fn)) {
    set_edge_count(fn_->inputs());
    set_edge(0, gradient_edge(base));
    for (int i = 1; i < fn_->inputs(); ++i) set_edge(i, fn_->edge(i));
  }

  void apply(BackwardContext& context) override {
    const Tensor& grad = context.grad();
    const Tensor flat = zeros_laid_out_as(base_, grad);
    ops::copy_(ops::as_strided(flat, base_.sizes, base_.strides, 0), grad);
    const Tensor slice = ops::as_strided(flat, view_.sizes, view_.strides, view_.offset - base_.offset);

    const int inputs = fn_->inputs();
    Tensor grad_output = ops::clone(slice);
    std::vector<Tensor> grad_inputs(static_cast<size_t>(inputs));
    auto needed = std::make_unique<bool[]>(static_cast<size_t>(inputs));
    for (int i = 0; i < inputs; ++i) needed[i] = context.needs(i);
    BackwardContext inner(*fn_, &grad_output, grad_inputs.data(), needed.get());
    fn_->apply(inner);

    if (context.needs(0)) {
      if (grad_inputs[0].defined()) {
        ops::copy_(slice, grad_inputs[0]);
      } else {
        ops::fill_(slice, 0.0);
      }
      context.set(0, ops::as_strided(flat, base_.sizes, base_.strides, 0));
    }
    for (int i = 1; i < inputs; ++i) context.set(i, std::move(grad_inputs[static_cast<size_t>(i)]));
  }

  void release_saved() override {
    fn_->release_saved();
    if (fn_->saved_released()) mark_saved_released();
  }

 private:
  Geometry base_;
  Geometry view_;
  Ref<Node> fn_;
};

}  // namespace

void refresh_view_history(const Tensor& view) {
  TensorImpl* impl = view.impl();
  impl->view_version = view.version();
  const Tensor base{Ref<TensorImpl>(impl->view_base)};
  if (!base.requires_grad() || !is_floating(view.dtype())) return;
  const Geometry base_geometry(base);
  const Geometry view_geometry(view);
  auto rule = [base_geometry, view_geometry](BackwardContext& context) {
    context.set(0, scatter_to_base(context.grad(), base_geometry, view_geometry));
  };
  auto node = make_node<LambdaNode<decltype(rule)>>("as_strided", rule);
  set_edges(*node, {&base});
  set_history(view, node);
}

void set_view_of(const Tensor& view, const Tensor& source) {
  TensorImpl* impl = view.impl();
  impl->view_base = source.impl()->view_base ? source.impl()->view_base : Ref<TensorImpl>(source.impl());
  impl->view_version = view.version();
}

void check_inplace(const Tensor& self, const char* op) {
  TT_CHECK(!self.storage()->read_only(), Status::kInvalidArgument, op, ": the tensor's memory is read-only");
  for (int i = 0; i < self.ndim(); ++i) {
    TT_CHECK(
        self.stride(i) != 0 || self.size(i) <= 1, Status::kInvalidArgument, op,
        ": unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location. Please clone() the tensor before performing the operation.");
  }
  if (!grad_enabled()) return;
  const Tensor base = self.impl()->view_base ? Tensor(Ref<TensorImpl>(self.impl()->view_base)) : self;
  TT_CHECK(!base.requires_grad() || !base.is_leaf(), Status::kAutograd,
           base.is_same(self)
               ? "a leaf Variable that requires grad is being used in an in-place operation."
               : "a view of a leaf Variable that requires grad is being used in an in-place operation.");
}

void bump_version(const Tensor& self) { self.storage()->bump_version(); }

void rebase_history(const Tensor& self, Ref<Node> node) {
  TensorImpl* impl = self.impl();
  if (!impl->view_base) {
    set_history(self, node);
    return;
  }
  const Tensor base{Ref<TensorImpl>(impl->view_base)};
  set_history(base, make_node<CopySlices>(base, self, std::move(node)));
  refresh_view_history(self);
}

}  // namespace tt
