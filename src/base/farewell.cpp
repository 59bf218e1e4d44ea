#include "base/farewell.h"

namespace tt {

namespace detail {
constinit thread_local uint32_t t_calls = 0;
constinit thread_local Farewell* t_farewells = nullptr;  // oldest first
}  // namespace detail

namespace {
constinit thread_local Farewell* t_last = nullptr;
constinit thread_local bool t_saying = false;
}  // namespace

// One after the other: what one of them releases waits for it, so that chains of any length take no stack.
void detail::say_farewells() noexcept {
  if (t_saying) return;
  t_saying = true;
  while (Farewell* const first = t_farewells) {
    t_farewells = first->next;
    first->say(first);
  }
  t_saying = false;
}

void depart(Farewell* farewell) noexcept {
  farewell->next = nullptr;
  (detail::t_farewells == nullptr ? detail::t_farewells : t_last->next) = farewell;
  t_last = farewell;
  if (detail::t_calls == 0) detail::say_farewells();
}

}  // namespace tt
