// Calling back into the host: a scope around the call, the host's status turned into an error.
#pragma once

#include <memory>
#include <string_view>

#include "capi/guard.h"
#include "random/generator.h"

namespace tt::capi {

// The host's pointer and the function that ends its use (may be NULL), which runs when no call is in the
// middle.
struct Parting : Farewell {
  Parting(void* user_, void (*destroy_)(void*)) : Farewell{end}, user(user_), destroy(destroy_) {}
  static void end(Farewell* self) noexcept;
  void* user;
  void (*destroy)(void*);
};

// The host's pointer with its destructor, which runs when no call is in the middle. make_user takes it over,
// also where it fails.
using User = std::shared_ptr<void>;
User make_user(void* user, void (*destroy)(void*));

[[noreturn]] void fail_callback(const char* what, std::string_view name, tt_status status);

// Runs fn, which calls the host and returns its status, inside a scope. Fails with the host's message:
// whatever the status, that is kCallback, except that what lacked memory is still kOutOfMemory.
//
// The host may release whatever it has a reference to. What the call goes on using it must hold itself.
template <typename F>
void run_callback(const char* what, std::string_view name, F&& fn) {
  clear_error();
  tt_status status;
  {
    const OutOfCall host;
    const DrawLog::Callback draws;
    status = fn();
  }
  if (status != TT_OK) fail_callback(what, name, status);
}

// A tensor the host handed over: borrowed from its scope or its own reference.
Tensor take(tt_tensor* handle, const char* argument);

// The handle of a tensor for the length of a call.
inline tt_tensor* borrow(const Tensor& t) {
  return reinterpret_cast<tt_tensor*>(static_cast<RefCounted*>(t.impl()));
}

}  // namespace tt::capi
