// Kernel calls: what a device can be asked to do, as values. Each is a plain struct, in one header for each
// family, of geometry, numbers and the addresses that a kernel reads and writes. Shapes and dtypes are
// checked and results allocated before a call is made, so kernels never see a tensor.
//
// What treats all calls alike (capture and replay, the devices of the tests) is a template over the fields
// (fields.h). A call's fields are
//   numbers, and geometry made of numbers,
//   In, Out, InOut and ToHost, for addresses, and Loop and Lines, which hold some,
//   spans of structs, and structs, whose fields are of the same kinds and which say so: kHasAddresses.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace tt::call {

// An address in the device's memory; T is what lies there, or void where a dtype says it.
template <typename T>
class Address {
 public:
  constexpr Address() = default;
  constexpr Address(std::nullptr_t) {}
  constexpr Address(T* at) : at_(at) {}
  constexpr operator T*() const { return at_; }
  constexpr T* get() const { return at_; }
  // Kernels know the type behind a void by the call's dtype.
  template <typename To>
  requires(std::is_void_v<T> && !std::is_void_v<To>) constexpr explicit operator To*() const {
    return static_cast<To*>(at_);
  }

 private:
  T* at_ = nullptr;
};

// What a kernel reads.
template <typename T>
class In : public Address<const T> {
 public:
  using Address<const T>::Address;
};
// What it overwrites.
template <typename T>
class Out : public Address<T> {
 public:
  using Address<T>::Address;
};
// What it reads and writes.
template <typename T>
class InOut : public Address<T> {
 public:
  using Address<T>::Address;
};

// Where in the host's memory a kernel puts an answer, for which it waits. A capture refuses such a call.
template <typename T>
struct ToHost {
  T* at;
  ToHost(T* to) : at(to) {}
};

// A text that is there for the life of the process.
struct StaticText {
  const char* text;
};

template <typename... Calls>
struct CallList {
  static constexpr size_t kCount = sizeof...(Calls);
  // The place of a call; kCount where it is none of the list's.
  template <typename Call>
  static constexpr size_t place() {
    size_t at = 0;
    (void)((std::is_same_v<Call, Calls> || (++at, false)) || ...);
    return at;
  }
  // visit.template operator()<Call>() for each.
  template <typename Visit>
  static void each(Visit&& visit) {
    (visit.template operator()<Calls>(), ...);
  }
};

template <typename... Lists>
struct Joined;
template <typename... Calls>
struct Joined<CallList<Calls...>> {
  using type = CallList<Calls...>;
};
template <typename... A, typename... B, typename... Rest>
struct Joined<CallList<A...>, CallList<B...>, Rest...> {
  using type = typename Joined<CallList<A..., B...>, Rest...>::type;
};
template <typename... Lists>
using JoinCalls = typename Joined<Lists...>::type;

}  // namespace tt::call
