// Scopes: the thread's new tensors belong to the innermost open one.
#pragma once

#include <cstddef>

#include "core/tensor.h"

namespace tt::capi {

// Makes room for one more tensor, so that handing it over cannot fail.
void reserve_in_scope();
// Keeps a reference of its own for the scope that is open, if any; the reference in `tensor` is then the
// scope's, and the handle is borrowed by the caller until the scope ends or keeps it.
void adopt_into_scope(const Tensor& tensor);
// A handle is being released: true when an open scope of this thread owned it (it is then taken out of the
// scope).
bool forget_in_scope(TensorImpl* impl);

// A scope for the length of a C++ block: what a callback makes is gone after it, whatever scopes it left
// open.
class ScopeGuard {
 public:
  ScopeGuard();
  ~ScopeGuard();
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  size_t depth_;
};

}  // namespace tt::capi
