#include "capi/callback.h"

#include "capi/handles.h"
#include "capi/scope.h"

namespace tt::capi {

void Parting::end(Farewell* self) noexcept {
  auto* const parting = static_cast<Parting*>(self);
  void* const user = parting->user;
  auto* const destroy = parting->destroy;
  delete parting;
  if (destroy != nullptr) destroy(user);
}

User make_user(void* user, void (*destroy)(void*)) {
  if (destroy == nullptr) return User(user, [](void*) {});
  Parting* parting;
  try {
    parting = new Parting(user, destroy);
  } catch (...) {
    destroy(user);
    throw;
  }
  return User(user, [parting](void*) { depart(parting); });
}

void fail_callback(const char* what, std::string_view name, tt_status status) {
  const std::string message = tt_last_error();
  fail(status == TT_ERR_OUT_OF_MEMORY ? Status::kOutOfMemory : Status::kCallback, what, " ", name, " failed",
       message.empty() ? " without a message" : ": ", message);
}

Tensor take(tt_tensor* handle, const char* argument) { return optional_in(handle, argument); }

TensorList take_all(const Handles& handles, size_t made, const char* what, std::string_view name,
                    const char* argument, const char* counter) {
  TT_CHECK(made <= handles.size(), Status::kCallback, what, " ", name, " set *", counter, " to ",
           static_cast<uint64_t>(made), ", but ", argument, " has room for ",
           static_cast<uint64_t>(handles.size()));
  for (size_t i = 0; i < made; ++i) {
    TT_CHECK(handles[i] != nullptr, Status::kCallback, what, " ", name, " left ", argument, "[",
             static_cast<uint64_t>(i), "] NULL");
  }
  if (made == 1) return take(handles[0], argument);
  Tensors out;
  out.reserve(made);
  for (size_t i = 0; i < made; ++i) out.push_back(take(handles[i], argument));
  return TensorList(std::move(out));
}

}  // namespace tt::capi

extern "C" tt_status tt_fail(const char* message) {
  return tt::capi::report_plain(tt::Status::kCallback, message == nullptr ? "" : message);
}
