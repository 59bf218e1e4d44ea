// Scopes: the thread's new tensors belong to the innermost open one.
#pragma once

#include "core/tensor.h"

namespace tt::capi {

// Keeps a reference of its own for the scope that is open, if any; the reference in `tensor` is then the
// scope's, and the handle is borrowed by the caller until the scope ends or keeps it.
void adopt_into_scope(const Tensor& tensor);
// A handle is being released: true when an open scope of this thread owned it (it is then taken out of the
// scope).
bool forget_in_scope(TensorImpl* impl);

}  // namespace tt::capi
