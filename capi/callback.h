// Calling back into the host: a scope around the call, the host's status turned into an error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "capi/guard.h"
#include "core/generator.h"

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

// Whether some compiler makes a struct of this size: no member is cut by it.
bool is_struct_size(size_t size, size_t alignment) noexcept;

// min(their size, ours) bytes of an options struct over the defaults. `options` may be NULL.
template <typename Options>
Options read_options(const Options* options, const Options& defaults, const char* argument) {
  Options out = defaults;
  if (options == nullptr) return out;
  TT_CHECK(is_struct_size(options->struct_size, alignof(Options)), Status::kInvalidArgument, argument,
           ".struct_size is ", static_cast<uint64_t>(options->struct_size),
           "; initialise it with the INIT macro or function");
  std::memcpy(static_cast<void*>(&out), options, std::min(options->struct_size, sizeof(Options)));
  out.struct_size = sizeof(Options);
  return out;
}

// Runs tt_X_init: the defaults into the caller's struct, which has `struct_size` bytes.
tt_status init_bytes(const char* call, const void* defaults, size_t size, size_t alignment,
                     size_t struct_size, void* out, const char* argument) noexcept;
template <typename Struct>
tt_status init_struct(const char* call, const Struct& defaults, size_t struct_size, Struct* out,
                      const char* argument) noexcept {
  static_assert(offsetof(Struct, struct_size) == 0);
  return init_bytes(call, &defaults, sizeof(Struct), alignof(Struct), struct_size, out, argument);
}

// As much of `full` as the caller's struct has room for; its struct_size stays.
template <typename Struct>
void put_struct(const Struct& full, Struct* out, const char* argument) {
  TT_CHECK(out != nullptr, Status::kInvalidArgument, argument, " is NULL");
  read_options(out, full, argument);  // refuses a size that cannot be
  const size_t size = std::min(out->struct_size, sizeof(Struct));
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(size_t),
              reinterpret_cast<const char*>(&full) + sizeof(size_t), size - sizeof(size_t));
}

}  // namespace tt::capi
