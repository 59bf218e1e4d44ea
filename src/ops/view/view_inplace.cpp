// In-place changes of a tensor's own geometry.
#include "ops/ops.h"
#include "ops/view/view_rule.h"

namespace tt::ops {

namespace {

// `self` takes the geometry of `now`, a view of it, and the view's history.
void take_geometry(const Tensor& self, const Tensor& now) {
  TensorImpl* impl = self.impl();
  const Ref<Node> node = now.impl()->autograd != nullptr ? now.impl()->autograd->grad_fn : Ref<Node>();
  if (node) (void)autograd_meta(self);  // from here on nothing may fail
  impl->set_geometry(now.sizes(), now.strides(), now.offset());
  // What was saved for backward shares this tensor, whose shape is another now.
  bump_version(self);
  if (node) set_history(self, node);
  if (impl->view_base) impl->view_version = self.version();
}

}  // namespace

void squeeze_(const Tensor& self, std::span<const int64_t> dims) {
  check_inplace(self, "squeeze_", false, true);
  take_geometry(self, squeeze(self, dims));
}

void unsqueeze_(const Tensor& self, int64_t dim) {
  check_inplace(self, "unsqueeze_", false, true);
  take_geometry(self, unsqueeze(self, dim));
}

void transpose_(const Tensor& self, int64_t dim0, int64_t dim1) {
  check_inplace(self, "transpose_", false, true);
  take_geometry(self, transpose(self, dim0, dim1));
}

void t_(const Tensor& self) {
  check_inplace(self, "t_", false, true);
  take_geometry(self, t(self));
}

void resize_(const Tensor& self, const Dims& sizes) {
  TT_CHECK(!self.requires_grad(), Status::kAutograd, "input requires a gradient, so it cannot be resized");
  int64_t end = checked_numel(sizes);
  TT_CHECK(!__builtin_add_overflow(end, self.offset(), &end) &&
               !__builtin_mul_overflow(end, static_cast<int64_t>(size_of(self.dtype())), &end),
           Status::kOutOfMemory, "the size in bytes of shape ", to_string(sizes), " overflows int64");
  if (self.sizes() == sizes) return;
  if (static_cast<size_t>(end) > self.storage()->nbytes() && checked_numel(sizes) > 0) {
    self.storage()->grow(static_cast<size_t>(end));
  }
  self.impl()->set_geometry(sizes, contiguous_strides(sizes), self.offset());
  bump_version(self);
}

}  // namespace tt::ops
