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

bool is_struct_size(size_t size, size_t alignment) noexcept {
  constexpr size_t kMost = 65536;  // more is a number that was never set
  return size >= sizeof(size_t) && size % alignment == 0 && size <= kMost;
}

tt_status init_bytes(const char* call, const void* defaults, size_t size, size_t alignment,
                     size_t struct_size, void* out, const char* argument) noexcept {
  return guard(call, [&] {
    TT_CHECK(out != nullptr, Status::kInvalidArgument, argument, " is NULL, expected a struct to fill in");
    TT_CHECK(is_struct_size(struct_size, alignment), Status::kInvalidArgument, "struct_size is ",
             static_cast<uint64_t>(struct_size), ", expected the size of the struct that ", argument,
             " points to");
    std::memset(out, 0, struct_size);
    std::memcpy(out, defaults, std::min(size, struct_size));
    std::memcpy(out, &struct_size, sizeof struct_size);
  });
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
