// The host's functions that run when something of its goes: deleters of memory that it lent, and the destroy
// functions of its callbacks. They may call the library and release what they like. So none runs in the
// middle of a call, which may be using just that; it waits in the thread's list until the call is about to
// return.
#pragma once

#include <cstdint>

namespace tt {

struct Farewell {
  void (*say)(Farewell* self) noexcept;  // runs the host's function, and frees *self
  Farewell* next = nullptr;
};

namespace detail {
[[gnu::tls_model("initial-exec")]] extern constinit thread_local uint32_t t_calls;
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Farewell* t_farewells;
void say_farewells() noexcept;
}  // namespace detail

// Has it said now, or at the end of the call that the thread is in.
void depart(Farewell* farewell) noexcept;

// For the length of a call of the library.
class InCall {
 public:
  InCall() noexcept { ++detail::t_calls; }
  ~InCall() {
    if (--detail::t_calls == 0 && detail::t_farewells != nullptr) [[unlikely]]
      detail::say_farewells();
  }
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;
};

// While the host's callback runs: its calls return to it.
class OutOfCall {
 public:
  OutOfCall() noexcept : calls_(detail::t_calls) { detail::t_calls = 0; }
  ~OutOfCall() { detail::t_calls = calls_; }
  OutOfCall(const OutOfCall&) = delete;
  OutOfCall& operator=(const OutOfCall&) = delete;

 private:
  const uint32_t calls_;
};

}  // namespace tt
