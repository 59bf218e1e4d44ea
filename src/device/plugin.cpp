#include "device/plugin.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "base/mutex.h"

namespace tt {

namespace {

constexpr char kLibrary[] = "libtinytorch_cuda.so";
constexpr char kVariable[] = "TINYTORCH_CUDA_LIBRARY";

struct Loaded {
  Backend* backend = nullptr;
  std::string reason;
};

// The folder this library was loaded from, with a slash at its end; empty where the loader does not say.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

Loaded load(const std::string& path) {
  // Local symbols: the plug-in's CUDA libraries must not meet the host's.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* error = dlerror();
    return {nullptr, error != nullptr ? error : "unknown loader error"};
  }
  const auto entry = reinterpret_cast<PluginEntry>(dlsym(library, kPluginEntryName));
  if (entry == nullptr) {
    dlclose(library);
    return {nullptr, str(path, " is no TinyTorch plug-in: it lacks the symbol ", kPluginEntryName)};
  }
  const PluginHost host{TT_INTERFACE_ID, &cpu_backend(), &float32_settings()};
  const PluginInfo* info = entry(&host);
  if (info == nullptr || std::strcmp(info->interface_id, TT_INTERFACE_ID) != 0) {
    dlclose(library);
    return {nullptr, str(path, " was built for another TinyTorch")};
  }
  if (info->backend == nullptr) return {nullptr, info->reason != nullptr ? info->reason : "no reason given"};
  return {info->backend, {}};
}

Loaded find() {
  if (const char* path = std::getenv(kVariable); path != nullptr && *path != '\0') {
    Loaded loaded = load(path);
    if (loaded.backend == nullptr) loaded.reason = str(kVariable, "=", path, ": ", loaded.reason);
    return loaded;
  }
  const std::string folder = own_folder();
  Loaded loaded;
  if (!folder.empty()) loaded = load(folder + kLibrary);
  // Where the file itself is missing, and not a library that it needs.
  const std::string missing = folder + kLibrary + ": cannot open shared object file: No such file";
  if (folder.empty() || loaded.reason.starts_with(missing)) loaded = load(kLibrary);
  return loaded;
}

struct Slot {
  std::atomic<Backend*> backend{nullptr};
  Mutex mutex{LockLevel::kPlugin};
  bool tried = false;
  std::string reason;
};
Slot& slot() {
  static Slot& slot = *new Slot;  // outlives every handle
  return slot;
}

Backend* try_load() {
  Slot& s = slot();
  if (Backend* backend = s.backend.load(std::memory_order_acquire)) return backend;
  const Lock lock(s.mutex);
  if (!s.tried) {
    Loaded loaded = find();
    s.reason = std::move(loaded.reason);
    s.tried = true;
    s.backend.store(loaded.backend, std::memory_order_release);
  }
  return s.backend.load(std::memory_order_relaxed);
}

}  // namespace

Float32Settings& float32_settings() {
  static constinit Float32Settings settings;
  return settings;
}

Backend& load_plugin_backend(DeviceType) {
  Backend* backend = try_load();
  TT_CHECK(backend != nullptr, Status::kDevice, "no CUDA backend: ", slot().reason);
  return *backend;
}

int device_count(DeviceType type) {
  if (type == DeviceType::kCpu) return 1;
  Backend* backend = try_load();
  return backend != nullptr ? backend->memory->device_count() : 0;
}

std::string device_unavailable_reason(DeviceType type) {
  if (device_count(type) > 0) return {};
  Slot& s = slot();
  return s.backend.load() != nullptr ? "the CUDA backend finds no device"
                                     : str("no CUDA backend: ", s.reason);
}

namespace {
[[gnu::tls_model("initial-exec")]] thread_local int32_t t_current_cuda = 0;
}

int32_t current_device_index(DeviceType type) noexcept {
  return type == DeviceType::kCuda ? t_current_cuda : 0;
}

void set_current_device(Device device) {
  check_device(device);
  if (!device.is_cpu()) t_current_cuda = device.index;
}

void check_device(Device device) {
  if (device.is_cpu()) return;
  const int count = memory_of(device).device_count();
  TT_CHECK(device.index < count, Status::kDevice, "invalid device ", device, ": there ",
           count == 1 ? "is " : "are ", count, count == 1 ? " device" : " devices");
}

}  // namespace tt
