#include "capi/scope.h"

#include <vector>

#include "capi/guard.h"

namespace tt::capi {

namespace {

struct Scopes {
  std::vector<TensorImpl*> owned;  // each holds the reference its handle came with
  std::vector<size_t> starts;      // of the open scopes in `owned`
};
[[gnu::tls_model("initial-exec")]] thread_local Scopes* t_scopes = nullptr;

struct ScopesOwner {
  ~ScopesOwner() {
    if (t_scopes == nullptr) return;
    for (TensorImpl* impl : t_scopes->owned) impl->release();
    delete t_scopes;
    t_scopes = nullptr;
  }
};

Scopes& scopes() {
  static thread_local ScopesOwner owner;
  (void)&owner;
  if (t_scopes == nullptr) t_scopes = new Scopes;
  return *t_scopes;
}

}  // namespace

void reserve_in_scope() {
  if (t_scopes == nullptr || t_scopes->starts.empty()) return;
  auto& owned = t_scopes->owned;
  if (owned.size() == owned.capacity()) owned.reserve(2 * owned.size() + 16);
}

void adopt_into_scope(const Tensor& tensor) {
  if (t_scopes == nullptr || t_scopes->starts.empty()) return;
  t_scopes->owned.push_back(tensor.impl());
}

bool forget_in_scope(TensorImpl* impl) {
  if (t_scopes == nullptr || t_scopes->starts.empty()) return false;
  auto& owned = t_scopes->owned;
  for (size_t i = owned.size(); i-- > 0;) {
    if (owned[i] == impl) {
      owned.erase(owned.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
  }
  return false;
}

namespace {
void end_scope() {
  const size_t start = t_scopes->starts.back();
  t_scopes->starts.pop_back();
  auto& owned = t_scopes->owned;
  while (owned.size() > start) {
    TensorImpl* impl = owned.back();
    owned.pop_back();
    impl->release();
  }
}
}  // namespace

ScopeGuard::ScopeGuard() {
  Scopes& s = scopes();
  depth_ = s.starts.size();
  s.starts.push_back(s.owned.size());
}

ScopeGuard::~ScopeGuard() {
  while (t_scopes->starts.size() > depth_) end_scope();
}

}  // namespace tt::capi

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_status tt_scope_begin(void) {
  return guard("tt_scope_begin", [&] {
    Scopes& s = scopes();
    s.starts.push_back(s.owned.size());
  });
}

tt_status tt_scope_end(void) {
  return guard("tt_scope_end", [&] {
    TT_CHECK(t_scopes != nullptr && !t_scopes->starts.empty(), Status::kInvalidArgument,
             "no scope is open on this thread");
    end_scope();
  });
}

tt_status tt_scope_keep(tt_tensor* tensor) {
  return guard("tt_scope_keep", [&] {
    TensorImpl* impl = tensor_impl(tensor, "tensor");
    TT_CHECK(forget_in_scope(impl), Status::kInvalidArgument,
             "tensor does not belong to an open scope of this thread");
  });
}

tt_status tt_scope_give(tt_tensor* tensor) {
  return guard("tt_scope_give", [&] {
    TensorImpl* impl = tensor_impl(tensor, "tensor");
    TT_CHECK(t_scopes != nullptr && !t_scopes->starts.empty(), Status::kInvalidArgument,
             "no scope is open on this thread");
    t_scopes->owned.push_back(impl);
  });
}

}  // extern "C"
