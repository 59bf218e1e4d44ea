#include "capi/trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capi/scope.h"
#include "core/mutex.h"

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

constinit thread_local const char* t_call = "a call";

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

void list_alive() {
  Trace& all = trace();
  const Lock lock(all.mutex);
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const auto& [object, handle] : all.alive) ++counts[{handle.call, handle.what}];
  std::vector<std::pair<int64_t, std::string>> lines;
  for (const auto& [key, count] : counts) {
    lines.emplace_back(count, key.second + (count == 1 ? "" : "s") + " of " + key.first);
  }
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::fprintf(stderr, "tinytorch: %zu handles alive at exit\n", all.alive.size());
  for (const auto& [count, text] : lines) {
    std::fprintf(stderr, "tinytorch: %8lld %s\n", static_cast<long long>(count), text.c_str());
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

void trace_call(const char* call) noexcept { t_call = call; }
const char* traced_call() noexcept { return t_call; }

void note_given(const RefCounted* object) noexcept {
  quietly([&](auto& alive) {
    ++alive.try_emplace(object, Handle{t_call, name_of(object->kind())}).first->second.references;
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
