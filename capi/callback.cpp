#include "capi/callback.h"

#include "capi/scope.h"

namespace tt::capi {

User make_user(void* user, void (*destroy)(void*)) {
  return User(user, [destroy](void* pointer) {
    if (destroy != nullptr) destroy(pointer);
  });
}

void run_callback(const char* what, const std::string& name, const std::function<tt_status()>& fn) {
  clear_error();
  const tt_status status = fn();
  if (status == TT_OK) return;
  const std::string message = tt_last_error();
  fail(Status::kCallback, what, " ", name, " failed", message.empty() ? " without a message" : ": ", message);
}

Tensor take(tt_tensor* handle, const char* argument) { return optional_in(handle, argument); }

}  // namespace tt::capi

extern "C" tt_status tt_fail(const char* message) {
  return tt::capi::report_plain(tt::Status::kCallback, message == nullptr ? "" : message);
}
