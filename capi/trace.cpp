#include "capi/trace.h"

#include <dlfcn.h>
#include <unwind.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capi/scope.h"
#include "base/mutex.h"

namespace tt::capi {

namespace {

struct Handle {
  const char* call;  // that gave the first reference
  const char* what;
  int64_t references = 0;
};

struct Trace {
  Mutex mutex{LockLevel::kStatics};  // nothing is locked under it
  std::unordered_map<const RefCounted*, Handle> alive;
};
// Never destroyed: handles may be released after static destructors have run.
Trace& trace() {
  static Trace* const all = new Trace;
  return *all;
}

// The function of the library that the host has called: on the way out of the stack, the last that lies in
// the library before the first that does not. So tracing takes nothing of the calls while it is off.
struct Walk {
  const void* library = nullptr;
  const char* call = "a call";
};
_Unwind_Reason_Code walk_frame(_Unwind_Context* frame, void* state) {
  Walk& walk = *static_cast<Walk*>(state);
  int before = 0;
  const uintptr_t at = _Unwind_GetIPInfo(frame, &before);
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(before != 0 ? at : at - 1), &info) == 0) return _URC_END_OF_STACK;
  if (walk.library == nullptr) walk.library = info.dli_fbase;
  if (info.dli_fbase != walk.library) return _URC_END_OF_STACK;
  if (info.dli_sname != nullptr) walk.call = info.dli_sname;
  return _URC_NO_REASON;
}
const char* call_under_way() {
  Walk walk;
  _Unwind_Backtrace(walk_frame, &walk);
  return walk.call;
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kTensor:
      return "tensor";
    case Kind::kModule:
      return "module";
    case Kind::kOptimizer:
      return "optimizer";
    case Kind::kGenerator:
      return "generator";
    case Kind::kDataset:
      return "data set";
    case Kind::kLoader:
      return "loader";
    case Kind::kStateDict:
      return "state dict";
    case Kind::kGradScaler:
      return "gradient scaler";
    case Kind::kFile:
      return "file";
    case Kind::kStream:
      return "stream";
    case Kind::kEvent:
      return "event";
    case Kind::kGraph:
      return "graph";
    default:
      return "object";
  }
}

int compare(const void* a, const void* b) {
  const Handle &x = *static_cast<const Handle*>(a), &y = *static_cast<const Handle*>(b);
  const int by_call = std::strcmp(x.call, y.call);
  return by_call != 0 ? by_call : std::strcmp(x.what, y.what);
}

void list_alive() {
  Trace& all = trace();
  const Lock lock(all.mutex);
  std::vector<Handle> handles;
  for (const auto& [object, handle] : all.alive) handles.push_back(handle);
  if (!handles.empty()) std::qsort(handles.data(), handles.size(), sizeof(Handle), compare);
  std::fprintf(stderr, "tinytorch: %zu handles alive at exit\n", handles.size());
  for (size_t i = 0, next = 0; i < handles.size(); i = next) {
    while (next < handles.size() && compare(&handles[i], &handles[next]) == 0) ++next;
    std::fprintf(stderr, "tinytorch: %8zu %s%s of %s\n", next - i, handles[i].what, next - i == 1 ? "" : "s",
                 handles[i].call);
  }
  const size_t open = scope_stats().open;
  if (open > 0) {
    std::fprintf(stderr, "tinytorch: %8zu %s open on the thread that exits\n", open,
                 open == 1 ? "scope is" : "scopes are");
  }
}

bool start() {
  const char* const setting = std::getenv("TINYTORCH_LIST_HANDLES");
  return setting != nullptr && std::string_view(setting) != "" && std::string_view(setting) != "0" &&
         std::atexit(list_alive) == 0;
}

// What is traced is a help in debugging: where there is no memory for it, it is incomplete.
template <typename F>
void quietly(F&& change) noexcept {
  try {
    Trace& all = trace();
    const Lock lock(all.mutex);
    change(all.alive);
  } catch (...) {
  }
}

}  // namespace

const bool g_tracing = start();

void note_given(const RefCounted* object) noexcept {
  const char* const call = call_under_way();
  quietly([&](auto& alive) {
    ++alive.try_emplace(object, Handle{call, name_of(object->kind())}).first->second.references;
  });
}
void note_retained(const RefCounted* object) noexcept {
  quietly([&](auto& alive) {
    if (const auto found = alive.find(object); found != alive.end()) ++found->second.references;
  });
}
void note_released(const RefCounted* object) noexcept {
  quietly([&](auto& alive) {
    const auto found = alive.find(object);
    if (found != alive.end() && --found->second.references == 0) alive.erase(found);
  });
}

}  // namespace tt::capi
