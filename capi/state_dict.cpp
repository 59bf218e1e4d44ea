#include "capi/module.h"

using namespace tt;
using namespace tt::capi;

namespace {
const NamedTensor& entry(const tt_state_dict* handle, size_t index) {
  const StateDict& dict = state_dict_in(handle);
  TT_CHECK(index < dict.size(), Status::kInvalidArgument, "index ", static_cast<uint64_t>(index),
           " is out of range, the state dict has ", static_cast<uint64_t>(dict.size()), " entries");
  return dict.at(index);
}
}  // namespace

extern "C" {

tt_status tt_state_dict_new(tt_state_dict** out) {
  return make_handle("tt_state_dict_new", out, [] { return make_ref<StateDict>(); });
}
tt_state_dict* tt_state_dict_retain(tt_state_dict* state_dict) {
  retain_handle(state_dict);
  return state_dict;
}
void tt_state_dict_release(tt_state_dict* state_dict) { release_handle(state_dict, Kind::kStateDict); }

tt_status tt_state_dict_count(const tt_state_dict* state_dict, size_t* out) {
  return guard("tt_state_dict_count", [&] { out_value(out, "out") = state_dict_in(state_dict).size(); });
}
tt_status tt_state_dict_name(const tt_state_dict* state_dict, size_t index, const char** out) {
  return guard("tt_state_dict_name", [&] { out_value(out, "out") = entry(state_dict, index).name.c_str(); });
}
tt_status tt_state_dict_tensor(const tt_state_dict* state_dict, size_t index, tt_tensor** out) {
  return guard("tt_state_dict_tensor", [&] {
    Out result(out, "out");
    result = entry(state_dict, index).tensor;
  });
}
tt_status tt_state_dict_get(const tt_state_dict* state_dict, const char* name, tt_tensor** out) {
  return guard("tt_state_dict_get", [&] {
    Out result(out, "out");
    const Tensor* found = state_dict_in(state_dict).find(text_in(name, "name"));
    TT_CHECK(found != nullptr, Status::kInvalidArgument, "the state dict has no \"", name, "\"");
    result = *found;
  });
}
tt_status tt_state_dict_has(const tt_state_dict* state_dict, const char* name, int32_t* out) {
  return guard("tt_state_dict_has", [&] {
    const bool found = state_dict_in(state_dict).find(text_in(name, "name")) != nullptr;
    out_value(out, "out") = found;
  });
}
tt_status tt_state_dict_set(tt_state_dict* state_dict, const char* name, tt_tensor* tensor) {
  return guard("tt_state_dict_set",
               [&] { state_dict_in(state_dict).set(name_in(name), *In(tensor, "tensor")); });
}
tt_status tt_state_dict_remove(tt_state_dict* state_dict, const char* name) {
  return guard("tt_state_dict_remove", [&] {
    TT_CHECK(state_dict_in(state_dict).erase(text_in(name, "name")), Status::kInvalidArgument,
             "the state dict has no \"", name, "\"");
  });
}

}  // extern "C"
