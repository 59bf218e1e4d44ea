// In-place writes through views: PyTorch's rules for whose history changes.
#pragma once

#include "autograd/meta.h"

namespace tt {

// Derives a stale view's history from its base: as_strided of the base as it is now.
void refresh_view_history(const Tensor& view);

// Makes a tensor that something else than an op has written to an output of the node, whose input `self_nr`
// it was. Made, it has allocated all that the history takes; `commit` cannot fail. The node of a tensor that
// is a view has one output. The tensor's version must have moved on.
class WrittenHistory {
 public:
  WrittenHistory(const Tensor& self, Ref<Node> node, uint32_t output_nr, int self_nr);
  void commit() noexcept;

 private:
  Tensor self_;
  uint32_t output_nr_;   // of node_
  Ref<Node> node_;       // self's new history
  Ref<Node> base_node_;  // where self is a view, its base's
};

// Whether the tensors are views of one, or one is the other's base. What such a base keeps must not keep
// them: they keep it.
bool shares_root(const Tensor& a, const Tensor& b);

// The tensor with its memory and history as they are, and no tie to the tensor that it is a view of, nor to
// itself.
Tensor apart_from_views(const Tensor& t);

}  // namespace tt
