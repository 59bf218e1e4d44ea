#include "tinytorch/graph.h"

#include "capi/module.h"
#include "device/graph.h"

using namespace tt;
using namespace tt::capi;

namespace {
Graph& graph_in(tt_graph* handle) { return *checked<Graph>(handle, Kind::kGraph, "graph", "graph"); }
}  // namespace

extern "C" {

tt_status tt_graph_new(tt_device_type type, int32_t index, tt_graph** out) {
  return make_handle("tt_graph_new", out, [&] { return make_ref<Graph>(device_in(type, index)); });
}

tt_graph* tt_graph_retain(tt_graph* graph) {
  retain_handle(graph);
  return graph;
}
void tt_graph_release(tt_graph* graph) {
  if (graph == nullptr) return;
  const InCall in_call;
  auto* object = reinterpret_cast<RefCounted*>(graph);
  if (object->kind() != Kind::kGraph) return;
  trace_released(object);
  static_cast<Graph*>(object)->release_by_caller();
}

tt_status tt_graph_capture_begin(tt_graph* graph) {
  return guard("tt_graph_capture_begin", [&] { graph_in(graph).begin(); });
}

tt_status tt_graph_capture_end(tt_graph* graph) {
  return guard("tt_graph_capture_end", [&] { graph_in(graph).end(); });
}

tt_status tt_graph_replay(tt_graph* graph) {
  return guard("tt_graph_replay", [&] { graph_in(graph).replay(); });
}

tt_status tt_graph_reset(tt_graph* graph) {
  return guard("tt_graph_reset", [&] { graph_in(graph).reset(); });
}

tt_status tt_graph_is_capturing(tt_device_type type, int32_t index, int32_t* out) {
  return guard("tt_graph_is_capturing", [&] {
    int32_t& result = out_value(out, "out");
    result = Graph::capturing(device_in(type, index)) != nullptr ? 1 : 0;
  });
}

}  // extern "C"
