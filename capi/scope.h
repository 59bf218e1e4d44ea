// Scopes: the thread's new tensors belong to the innermost open one.
#pragma once

#include <cstddef>

#include "tensor/tensor.h"

namespace tt::capi {

// Makes room for so many more tensors, so that handing them over cannot fail.
void reserve_in_scope(size_t count = 1);
// Keeps a reference of its own for the scope that is open, if any; the reference in `tensor` is then the
// scope's, and the handle is borrowed by the caller until the scope ends or keeps it.
void adopt_into_scope(const Tensor& tensor);
// The caller takes a reference, or gives one back: a scope's own once it has none left that it took.
void retain_in_scope(const RefCounted* object);
void release_in_scope(const RefCounted* object);
// The reference that a scope of this thread got last for the tensor is the caller's again. False: there is
// none.
bool keep_from_scope(const RefCounted* object);

// The thread's open scopes, and the references that they own.
struct ScopeStats {
  size_t open = 0, owned = 0;
};
ScopeStats scope_stats();

// A scope for the length of a C++ block, around a callback: what that makes is gone after it, whatever scopes
// it left open; and it cannot end scopes that are open around it.
class ScopeGuard {
 public:
  ScopeGuard();
  ~ScopeGuard();
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  size_t depth_;  // with it
  size_t floor_;  // of the callback around this one
};

}  // namespace tt::capi
