#include "capi/callback.h"

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

}  // namespace tt::capi

extern "C" tt_status tt_fail(const char* message) {
  return tt::capi::report_plain(tt::Status::kCallback, message == nullptr ? "" : message);
}
