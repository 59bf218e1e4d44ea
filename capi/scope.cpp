#include "capi/scope.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <vector>

#include "capi/guard.h"
#include "base/thread_state.h"
#include "base/warning.h"

namespace tt::capi {

namespace {

constexpr uint32_t kNone = ~uint32_t{0};

// References that came with handles.
struct Owned {
  const TensorImpl* impl;  // null: it has left the scope
  uint32_t older = kNone;  // the one before it of the same tensor, once the index knows it
};

// What the thread's scopes own of one tensor.
struct Holding {
  const TensorImpl* impl = nullptr;
  uint32_t newest = kNone;  // in the list
  uint32_t retained = 0;    // references that the caller took beside the scopes'
};

// Tensor -> holding: open addressing, at most half full. Room is made ahead, so that finding, adding and
// removing cannot fail.
class Holdings {
 public:
  void reserve(size_t count) {
    const size_t size = std::bit_ceil(2 * count);
    if (size <= slots_.size()) return;
    std::vector<Holding> before(size);
    before.swap(slots_);
    for (const Holding& each : before) {
      if (each.impl != nullptr) slots_[place(each.impl)] = each;
    }
  }
  Holding* find(const void* impl) {
    if (slots_.empty()) return nullptr;
    Holding& slot = slots_[place(impl)];
    return slot.impl != nullptr ? &slot : nullptr;
  }
  Holding& add(const TensorImpl* impl) {
    Holding& slot = slots_[place(impl)];
    slot.impl = impl;
    return slot;
  }
  void remove(Holding& holding) {
    // What was put behind it because its place was taken moves up.
    const size_t mask = slots_.size() - 1;
    auto hole = static_cast<size_t>(&holding - slots_.data());
    for (size_t i = (hole + 1) & mask; slots_[i].impl != nullptr; i = (i + 1) & mask) {
      const size_t home = hash(slots_[i].impl);
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
  }
  void forget_places() {
    for (Holding& each : slots_) each.newest = kNone;
  }

 private:
  size_t hash(const void* impl) const {
    return (reinterpret_cast<uintptr_t>(impl) / kAlignment * 0x9e3779b97f4a7c15ull >> 20) &
           (slots_.size() - 1);
  }
  // Where the tensor is, or would be.
  size_t place(const void* impl) const {
    size_t i = hash(impl);
    while (slots_[i].impl != nullptr && slots_[i].impl != impl) i = (i + 1) & (slots_.size() - 1);
    return i;
  }

  std::vector<Holding> slots_;
};

std::atomic<uint64_t> g_scope_threads{1};  // that have had scopes

// The thread's open scopes. What they own is a list in which each has a part, the innermost one the last. It
// is indexed when a tensor is first looked for, up to where the list then ends: a program that retains and
// releases nothing inside its scopes pays for no index.
class Scopes {
 public:
  size_t floor = 0;  // scopes that only the calls that run the thread's callbacks may end

  bool open() const { return !starts_.empty(); }
  size_t depth() const { return starts_.size(); }
  size_t owned() const { return owned_.size() - gone_; }

  // The new scope's handle; no two threads of the process give the same.
  tt_scope begin() {
    if (starts_.capacity() == starts_.size()) {
      const size_t room = 2 * starts_.size() + 4;
      handles_.reserve(room);
      starts_.reserve(room);
    }
    starts_.push_back(owned_.size());
    handles_.push_back(++last_handle_);
    return last_handle_;
  }
  // How many scopes are open within that one, which is open itself and not below the floor; else fails.
  size_t within(tt_scope handle) const {
    for (size_t i = starts_.size(); i > floor; --i) {
      if (handles_[i - 1] == handle) return starts_.size() - i;
    }
    fail(Status::kInvalidArgument, "scope is not open ",
         floor == 0 ? "on this thread: it has ended, or is another thread's"
                    : "in this callback: it has ended, or was begun outside");
  }
  void end() {
    const size_t start = starts_.back();
    starts_.pop_back();
    handles_.pop_back();
    while (owned_.size() > start) {
      const TensorImpl* impl = owned_.back().impl;
      drop_last();
      if (impl == nullptr) continue;
      trace_released(impl);
      impl->release();  // which may run a user's function that opens scopes
    }
    if (starts_.empty() && owned_.capacity() > kMostKept) {
      owned_ = {};
      holdings_ = {};
      indexed_ = gone_ = 0;
    }
  }

  void reserve(size_t count) {
    if (owned_.capacity() - owned_.size() >= count) return;
    const size_t size = std::max(2 * owned_.size(), owned_.size() + count + 16);
    TT_CHECK(size < kNone, Status::kOutOfMemory, "the thread's scopes own too many tensors");
    holdings_.reserve(size);
    owned_.reserve(size);
  }
  void add(const TensorImpl* impl) { owned_.push_back({impl}); }

  // The tensor's holding, or null.
  Holding* find(const void* object) {
    for (; indexed_ < owned_.size(); ++indexed_) {
      Owned& each = owned_[indexed_];
      if (each.impl == nullptr) continue;
      Holding& holding = holdings_.add(each.impl);
      each.older = std::exchange(holding.newest, static_cast<uint32_t>(indexed_));
    }
    return holdings_.find(object);
  }
  // Takes out the reference that came last. False: there is none.
  bool remove_newest(const RefCounted* object) {
    // A tensor that was just made, and that nobody else holds, needs no index.
    const bool fresh = owned_.size() > std::max(starts_.back(), indexed_) && owned_.back().impl == object;
    if (fresh && object->use_count() == 1) {
      owned_.pop_back();
      return true;
    }
    Holding* const holding = find(object);
    if (holding == nullptr) return false;
    Owned& newest = owned_[holding->newest];
    newest.impl = nullptr;
    holding->newest = newest.older;
    if (holding->newest == kNone) holdings_.remove(*holding);
    ++gone_;
    while (owned_.size() > starts_.back() && owned_.back().impl == nullptr) drop_last();
    if (gone_ > 64 && gone_ > owned_.capacity() / 4) compact();
    return true;
  }

 private:
  // Tensors that there is room for while no scope is open.
  static constexpr size_t kMostKept = size_t{1} << 16;

  void drop_last() {
    const Owned last = owned_.back();
    if (last.impl == nullptr) {
      --gone_;
    } else if (indexed_ == owned_.size()) {
      Holding& holding = *holdings_.find(last.impl);
      holding.newest = last.older;
      if (holding.newest == kNone) holdings_.remove(holding);
    }
    owned_.pop_back();
    indexed_ = std::min(indexed_, owned_.size());
  }
  // Closes the gaps. Everything is indexed.
  void compact() {
    holdings_.forget_places();
    size_t to = 0, scope = 0;
    for (size_t from = 0; from < owned_.size(); ++from) {
      for (; scope < starts_.size() && starts_[scope] <= from; ++scope) starts_[scope] = to;
      const TensorImpl* const impl = owned_[from].impl;
      if (impl == nullptr) continue;
      const uint32_t older = std::exchange(holdings_.find(impl)->newest, static_cast<uint32_t>(to));
      owned_[to++] = {impl, older};
    }
    for (; scope < starts_.size(); ++scope) starts_[scope] = to;
    owned_.erase(owned_.begin() + static_cast<std::ptrdiff_t>(to), owned_.end());
    indexed_ = to;
    gone_ = 0;
  }

  std::vector<Owned> owned_;
  std::vector<size_t> starts_;  // of the open scopes in the list
  std::vector<tt_scope> handles_;
  tt_scope last_handle_ = g_scope_threads.fetch_add(1, std::memory_order_relaxed) << 40;
  Holdings holdings_;
  size_t indexed_ = 0;  // this many of the list are in the index
  size_t gone_ = 0;     // this many have left
};

constinit thread_local Scopes* t_scopes = nullptr;

void end_scopes() noexcept {
  if (t_scopes == nullptr) return;
  while (t_scopes->open()) t_scopes->end();
  delete std::exchange(t_scopes, nullptr);
}

Scopes& scopes() {
  if (t_scopes == nullptr) {
    need_until_thread_ends(ThreadState::kScopes, end_scopes);
    t_scopes = new Scopes;
  }
  return *t_scopes;
}

constexpr size_t kMostOpen = 1000;

bool is_open() { return t_scopes != nullptr && t_scopes->open(); }

}  // namespace

void reserve_in_scope(size_t count) {
  if (is_open()) t_scopes->reserve(count);
}

void adopt_into_scope(const Tensor& tensor) {
  if (!is_open()) return;
  t_scopes->reserve(1);
  t_scopes->add(tensor.impl());
}

void retain_in_scope(const RefCounted* object) {
  if (!is_open()) return;
  if (Holding* const holding = t_scopes->find(object)) ++holding->retained;
}

void release_in_scope(const RefCounted* object) {
  if (!is_open()) return;
  // Another thread may have given back what was retained here: the last reference is the scope's.
  if (object->use_count() > 1) {
    Holding* const holding = t_scopes->find(object);
    if (holding == nullptr) return;
    if (holding->retained > 0) {
      --holding->retained;
      return;
    }
  }
  t_scopes->remove_newest(object);
}

bool keep_from_scope(const RefCounted* object) {
  if (!is_open() || !t_scopes->remove_newest(object)) return false;
  if (object->use_count() > 1) retain_in_scope(object);  // one more of the caller's, where it is owned twice
  return true;
}

ScopeStats scope_stats() {
  return t_scopes == nullptr ? ScopeStats{} : ScopeStats{t_scopes->depth(), t_scopes->owned()};
}

ScopeGuard::ScopeGuard() {
  Scopes& s = scopes();
  s.begin();
  depth_ = s.depth();
  floor_ = std::exchange(s.floor, depth_);
}

ScopeGuard::~ScopeGuard() {
  while (t_scopes->depth() >= depth_) t_scopes->end();
  t_scopes->floor = floor_;
}

}  // namespace tt::capi

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_status tt_scope_begin(tt_scope* scope) {
  return guard("tt_scope_begin", [&] {
    tt_scope& handle = out_value(scope, "scope");
    Scopes& s = scopes();
    TT_CHECK(s.depth() < kMostOpen, Status::kInvalidArgument, static_cast<uint64_t>(kMostOpen),
             " scopes are open on this thread: is one begun in a loop that does not end it?");
    handle = s.begin();
  });
}

tt_status tt_scope_end(tt_scope scope) {
  return guard("tt_scope_end", [&] {
    Scopes& s = scopes();
    const size_t within = s.within(scope), outside = s.depth() - within - 1;
    // What goes may run a user's function, which may use scopes itself.
    while (s.depth() > outside) s.end();
    if (within > 0) {
      warn("tt_scope_end: ", static_cast<uint64_t>(within),
           within == 1 ? " scope that was begun within this one was still open, and ended with it"
                       : " scopes that were begun within this one were still open, and ended with it");
    }
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
    if (Holding* const holding = t_scopes->find(impl)) {
      TT_CHECK(holding->retained > 0, Status::kInvalidArgument,
               "tensor belongs to an open scope of this thread already, and the caller has retained no "
               "reference of its own to give");
      --holding->retained;
    }
    t_scopes->add(impl);
  });
}

void tt_scope_disown(tt_tensor* tensor) {
  if (tensor != nullptr) keep_from_scope(reinterpret_cast<RefCounted*>(tensor));
}

}  // extern "C"
