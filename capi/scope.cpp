#include "capi/scope.h"

#include <vector>

#include "capi/guard.h"

namespace tt::capi {

namespace {

struct Owned {
  TensorImpl* impl;  // with the reference that its handle came with
  // References that the caller took since. Those to a tensor that is owned several times are with the oldest,
  // which is the last to go.
  size_t retained = 0;
};

struct Scopes {
  std::vector<Owned> owned;
  std::vector<size_t> starts;  // of the open scopes in `owned`

  Owned* oldest(const RefCounted* object) {
    for (Owned& each : owned) {
      if (each.impl == object) return &each;
    }
    return nullptr;
  }
  // Takes out what was put in last for the tensor.
  bool remove_newest(const RefCounted* object) {
    for (size_t i = owned.size(); i-- > 0;) {
      if (owned[i].impl != object) continue;
      owned.erase(owned.begin() + static_cast<std::ptrdiff_t>(i));
      for (size_t& start : starts) start -= start > i ? 1 : 0;
      return true;
    }
    return false;
  }
};
[[gnu::tls_model("initial-exec")]] thread_local Scopes* t_scopes = nullptr;

struct ScopesOwner {
  ~ScopesOwner() {
    if (t_scopes == nullptr) return;
    for (const Owned& each : t_scopes->owned) each.impl->release();
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

bool is_open() { return t_scopes != nullptr && !t_scopes->starts.empty(); }

}  // namespace

void reserve_in_scope(size_t count) {
  if (!is_open()) return;
  auto& owned = t_scopes->owned;
  if (owned.capacity() - owned.size() < count) owned.reserve(2 * owned.size() + count + 16);
}

void adopt_into_scope(const Tensor& tensor) {
  if (is_open()) t_scopes->owned.push_back({tensor.impl()});
}

void retain_in_scope(const RefCounted* object) {
  if (!is_open()) return;
  if (Owned* first = t_scopes->oldest(object)) ++first->retained;
}

void release_in_scope(const RefCounted* object) {
  if (!is_open()) return;
  Owned* first = t_scopes->oldest(object);
  if (first == nullptr) return;
  // Another thread may have given back what was retained here: the last reference is the scope's.
  if (first->retained > 0 && object->use_count() > 1) {
    --first->retained;
  } else {
    t_scopes->remove_newest(object);
  }
}

bool keep_from_scope(const RefCounted* object) {
  if (!is_open() || !t_scopes->remove_newest(object)) return false;
  if (object->use_count() > 1) retain_in_scope(object);  // one more of the caller's, where it is owned twice
  return true;
}

namespace {
void end_scope() {
  const size_t start = t_scopes->starts.back();
  t_scopes->starts.pop_back();
  auto& owned = t_scopes->owned;
  while (owned.size() > start) {
    TensorImpl* impl = owned.back().impl;
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
    TT_CHECK(is_open(), Status::kInvalidArgument, "no scope is open on this thread");
    end_scope();
  });
}

tt_status tt_scope_keep(tt_tensor* tensor) {
  return guard("tt_scope_keep", [&] {
    TensorImpl* impl = tensor_impl(tensor, "tensor");
    TT_CHECK(keep_from_scope(impl), Status::kInvalidArgument,
             "tensor does not belong to an open scope of this thread");
  });
}

tt_status tt_scope_give(tt_tensor* tensor) {
  return guard("tt_scope_give", [&] {
    TensorImpl* impl = tensor_impl(tensor, "tensor");
    TT_CHECK(is_open(), Status::kInvalidArgument, "no scope is open on this thread");
    reserve_in_scope(1);
    if (Owned* first = t_scopes->oldest(impl)) {
      TT_CHECK(first->retained > 0, Status::kInvalidArgument,
               "tensor belongs to an open scope of this thread already, and the caller has retained no "
               "reference of its own to give");
      --first->retained;
    }
    t_scopes->owned.push_back({impl});
  });
}

void tt_scope_disown(tt_tensor* tensor) {
  if (tensor != nullptr) keep_from_scope(reinterpret_cast<RefCounted*>(tensor));
}

}  // extern "C"
