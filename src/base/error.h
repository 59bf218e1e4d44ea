// The one exception type of the engine. The C ABI turns it into a status code and the thread's message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tt {

// Values equal the public tt_status codes (capi/ asserts it).
enum class Status : int32_t {
  kOk = 0,
  kInvalidArgument = 1,
  kShape = 2,
  kDtype = 3,
  kDevice = 4,
  kOutOfMemory = 5,
  kAutograd = 6,
  kIo = 7,
  kFormat = 8,
  kNotImplemented = 9,
  kCuda = 10,
  kCallback = 11,
  kInternal = 12,
};

class Error {
 public:
  Error(Status code, std::string message) : code_(code), message_(std::move(message)) {}
  Status code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status code_;
  std::string message_;
};

namespace detail {
void append(std::string& out, std::string_view text);
void append(std::string& out, int64_t value);
void append(std::string& out, uint64_t value);
void append(std::string& out, double value);  // shortest text that reads back, as printf %g

template <typename T>
void append_any(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    append(out, std::string_view(value ? "True" : "False"));
  } else if constexpr (std::is_enum_v<T>) {
    append(out, name(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    append(out, static_cast<double>(value));
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    append(out, static_cast<int64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    append(out, static_cast<uint64_t>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    append(out, std::string_view(value));
  } else {
    append(out, std::string_view(to_string(value)));
  }
}
}  // namespace detail

// Concatenates its arguments as text: numbers, strings, enums with name(), anything with to_string().
template <typename... Args>
std::string str(const Args&... args) {
  std::string out;
  (detail::append_any(out, args), ...);
  return out;
}

template <typename... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fail(Status code, const Args&... args) {
  throw Error(code, str(args...));
}

// TT_CHECK(condition, Status::kShape, "what ", value, ...): the message is built only on failure.
#define TT_CHECK(condition, ...)                                    \
  do {                                                              \
    if (__builtin_expect(!(condition), 0)) ::tt::fail(__VA_ARGS__); \
  } while (0)

}  // namespace tt
