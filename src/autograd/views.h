// In-place writes through views: PyTorch's rules for whose history changes.
#pragma once

#include "autograd/meta.h"

namespace tt {

// Derives a stale view's history from its base: as_strided of the base as it is now.
void refresh_view_history(const Tensor& view);

// Whether the tensors are views of one, or one is the other's base. What such a base keeps must not keep
// them: they keep it.
bool shares_root(const Tensor& a, const Tensor& b);

// The tensor with its memory and history as they are, and no tie to the tensor that it is a view of, nor to
// itself.
Tensor apart_from_views(const Tensor& t);

}  // namespace tt
