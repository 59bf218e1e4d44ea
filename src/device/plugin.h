// Backends in libraries of their own, loaded when a tensor is first wanted on their device.
#pragma once

#include "device/backend.h"
#include "base/float32_precision.h"

namespace tt {

// What the host gives a plug-in. The plug-in is built from the same sources: both sides carry the same
// interface id, a hash of the headers that they share, and a plug-in of another build is refused.
struct PluginHost {
  const char* interface_id;
  Backend* cpu;
  const Float32Settings* float32;  // outlives the plug-in
};

struct PluginInfo {
  const char* interface_id;
  const char* name;    // "cuda", for messages
  Backend* backend;    // null: the plug-in cannot work here, for the reason below
  const char* reason;  // static
};

// The one symbol a plug-in exports: extern "C" const PluginInfo* tinytorch_plugin(const PluginHost*). It must
// not throw.
using PluginEntry = const PluginInfo* (*)(const PluginHost*);
inline constexpr char kPluginEntryName[] = "tinytorch_plugin";

// The devices of a type; 0 where its backend cannot be loaded.
int device_count(DeviceType type);
// The thread's device of a type, where none is named: 0 at start. set: fails unless there is such a device.
int32_t current_device_index(DeviceType type) noexcept;
void set_current_device(Device device);
// Why there is no such device; empty where there is one.
std::string device_unavailable_reason(DeviceType type);

}  // namespace tt
