// Calls a function of the C ABI with recorded arguments. box(tt_add) derives from the function's parameters
// how to fill them, so that an op is one line of the table.
#pragma once

#include <array>
#include <deque>
#include <exception>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/handles.h"

namespace tt::parity {

// A recorded argument beside the tensors built from it.
struct Bound {
  const Value* value = nullptr;
  Handle tensor;
  std::vector<Handle> list;
};

// The C function has no way to be called so: a list where it takes a pair.
class NotExpressible : public std::exception {};

// A handle output starts as an address that is no tensor, so that a failed call can be seen to write NULL.
inline tt_tensor* const kUntouched = reinterpret_cast<tt_tensor*>(std::uintptr_t{64});

// The arguments of one call and what came out of it.
struct Frame {
  std::vector<Bound>* inputs = nullptr;
  std::size_t next = 0;
  std::deque<tt_tensor*> outputs;  // in the order of the parameters; owned
  std::deque<double> numbers;      // results that are no tensors
  std::deque<std::int32_t> flags;  // where the function writes a bool
  std::deque<std::vector<tt_tensor*>> lists;
  std::deque<std::array<std::int64_t, 2>> pairs;
  std::size_t count = 0;       // of the list just passed, or the room for one
  std::size_t list_count = 0;  // of the results, where the function returns a list
  bool returns_list = false;

  Bound& take() {
    if (next == inputs->size()) throw CallFailed("the function takes more arguments than were recorded");
    return (*inputs)[next++];
  }
  const Value& value() { return *take().value; }
  ~Frame() {
    for (tt_tensor* output : outputs) {
      if (output != kUntouched) tt_tensor_release(output);  // the call may not have been made
    }
  }
};

using Boxed = std::function<tt_status(Frame&)>;

// What a program does around the library's function, and not around what the harness does for it.
struct Watch {
  std::function<void()> before, after;
};
inline Watch* g_watch = nullptr;
template <typename F>
tt_status watched(const F& call) {
  if (g_watch == nullptr) return call();
  g_watch->before();
  const tt_status status = call();
  g_watch->after();
  return status;
}

// ---- recorded values as C arguments ----

double as_double(const Value& value);
std::int64_t as_int(const Value& value);
// Bools, dtypes and the names of enum values.
std::int32_t as_int32(const Value& value, std::int32_t none);

// Results a list may have.
inline constexpr std::size_t kListRoom = 64;

// kNone: the int32_t that stands for none.
template <typename P, typename Next, std::int32_t kNone>
P argument(Frame& frame) {
  if constexpr (std::is_same_v<P, const tt_tensor*> || std::is_same_v<P, tt_tensor*>) {
    return frame.take().tensor.get();
  } else if constexpr (std::is_same_v<P, tt_tensor**> && std::is_same_v<Next, std::size_t>) {
    frame.returns_list = true;
    frame.count = kListRoom;
    return frame.lists.emplace_back(kListRoom, nullptr).data();
  } else if constexpr (std::is_same_v<P, std::size_t*>) {
    return &frame.list_count;
  } else if constexpr (std::is_same_v<P, tt_tensor**>) {
    return &frame.outputs.emplace_back(kUntouched);
  } else if constexpr (std::is_same_v<P, tt_tensor* const*> || std::is_same_v<P, const tt_tensor* const*>) {
    auto& list = frame.lists.emplace_back();
    for (const Handle& item : frame.take().list) list.push_back(item.get());
    frame.count = list.size();
    return list.data();
  } else if constexpr (std::is_same_v<P, const std::int64_t*>) {
    const Value& value = frame.value();
    if constexpr (std::is_same_v<Next, std::size_t>) {
      frame.count = 0;
      if (is_none(value)) return nullptr;
      if (auto* one = std::get_if<std::int64_t>(&value)) {
        frame.count = 1;
        return one;
      }
      const auto& list = std::get<std::vector<std::int64_t>>(value);
      frame.count = list.size();
      // An empty list is not the absence of one.
      static constexpr std::int64_t kNothing = 0;
      return list.empty() ? &kNothing : list.data();
    } else if (auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
      // Height and width; one number is both.
      if (list->empty()) return nullptr;
      if (list->size() > 2) throw NotExpressible();
      auto& pair = frame.pairs.emplace_back();
      pair = {list->front(), list->back()};
      return pair.data();
    } else {
      return is_none(value) ? nullptr : &std::get<std::int64_t>(value);
    }
  } else if constexpr (std::is_same_v<P, const double*>) {
    const Value& value = frame.value();
    return is_none(value) ? nullptr : &std::get<double>(value);
  } else if constexpr (std::is_same_v<P, const char*>) {
    const Value& value = frame.value();
    return is_none(value) ? nullptr : std::get<std::string>(value).c_str();
  } else if constexpr (std::is_same_v<P, std::size_t>) {
    return frame.count;
  } else if constexpr (std::is_same_v<P, double>) {
    return as_double(frame.value());
  } else if constexpr (std::is_same_v<P, std::int64_t>) {
    return as_int(frame.value());
  } else if constexpr (std::is_same_v<P, std::int32_t>) {
    return as_int32(frame.value(), kNone);
  } else if constexpr (std::is_same_v<P, std::int32_t*>) {
    return &frame.flags.emplace_back(0);
  } else if constexpr (std::is_same_v<P, tt_generator*>) {
    return nullptr;
  } else {
    static_assert(std::is_void_v<P>, "box() does not know this parameter type");
  }
}

template <std::int32_t kNone = -1, typename... P>
Boxed box(tt_status (*function)(P...)) {
  return [function](Frame& frame) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using Types = std::tuple<P..., void*>;
      // Braces: from left to right.
      const std::tuple<P...> arguments{argument<P, std::tuple_element_t<I + 1, Types>, kNone>(frame)...};
      if (frame.next != frame.inputs->size())
        throw CallFailed("the function takes fewer arguments than were recorded");
      const tt_status status = watched([&] { return std::apply(function, arguments); });
      if (status == TT_OK && frame.returns_list)
        frame.outputs.assign(frame.lists.back().begin(),
                             frame.lists.back().begin() + static_cast<std::ptrdiff_t>(frame.list_count));
      return status;
    }
    (std::index_sequence_for<P...>{});
  };
}

}  // namespace tt::parity
