// TinyTorch for C++: errors, dtypes, devices, lists of numbers, generators, and the handle that the classes
// share.
#ifndef TINYTORCH_TYPES_HPP_
#define TINYTORCH_TYPES_HPP_

#include <array>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tinytorch/tinytorch.h"

namespace tt {

// A failed call: what() is the library's message.
class Error : public std::runtime_error {
 public:
  Error(tt_status status, const char* message) : std::runtime_error(message), status_(status) {}
  tt_status status() const noexcept { return status_; }

 private:
  tt_status status_;
};

inline void check(tt_status status) {
  if (status != TT_OK) throw Error(status, tt_last_error());
}

using Sizes = std::vector<int64_t>;

// Numbers for the length of a call, as an argument: one, or several in braces or a Sizes. It does not own the
// latter.
class IntList {
 public:
  IntList() = default;
  IntList(int64_t value) noexcept : own_(value), size_(1) {}
  IntList(std::initializer_list<int64_t> values) noexcept : size_(values.size()) {
    const int64_t* first =
        values.begin();  // g++ warns of begin() itself, whose array lives as long as the call
    values_ = first;
  }
  IntList(const Sizes& values) noexcept : values_(values.data()), size_(values.size()) {}

  const int64_t* data() const noexcept { return values_ == nullptr && size_ != 0 ? &own_ : values_; }
  size_t size() const noexcept { return size_; }

 private:
  const int64_t* values_ = nullptr;  // none: `own_`
  int64_t own_ = 0;
  size_t size_ = 0;
};

// A device's type and index, also as "cpu", "cuda" or "cuda:1". Index -1 is the thread's current one.
struct Device {
  tt_device_type type = TT_CPU;
  int32_t index = -1;

  Device(tt_device_type type_ = TT_CPU, int32_t index_ = -1) : type(type_), index(index_) {
    if (type == TT_CPU && index == -1) index = 0;
  }
  // TT_ERR_DEVICE for text that names no device.
  Device(const std::string& text) {
    const size_t colon = text.find(':');
    const std::string name = text.substr(0, colon);
    const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
    const bool digits =
        !number.empty() && number.size() < 6 && number.find_first_not_of("0123456789") == std::string::npos;
    if ((name != "cpu" && name != "cuda") || (colon != std::string::npos && !digits)) {
      throw Error(TT_ERR_DEVICE, ("tt::Device: '" + text + "' is no device: cpu, cuda or cuda:1").c_str());
    }
    type = name == "cpu" ? TT_CPU : TT_CUDA;
    index = digits ? static_cast<int32_t>(std::stoi(number)) : type == TT_CPU ? 0 : -1;
  }
  Device(const char* text) : Device(std::string(text)) {}

  bool operator==(const Device& other) const noexcept { return type == other.type && index == other.index; }
  bool operator!=(const Device& other) const noexcept { return !(*this == other); }
};

enum class DType : tt_dtype {
  default_dtype = TT_DTYPE_NONE,  // as an argument: tt_set_default_dtype's
  boolean = TT_BOOL,
  uint8 = TT_UINT8,
  int8 = TT_INT8,
  int16 = TT_INT16,
  int32 = TT_INT32,
  int64 = TT_INT64,
  float16 = TT_FLOAT16,
  bfloat16 = TT_BFLOAT16,
  float32 = TT_FLOAT32,
  float64 = TT_FLOAT64
};

namespace detail {

// Owns one reference to an object of the library.
template <typename T, T* (*Retain)(T*), void (*Release)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T* owned) noexcept : handle_(owned) {}
  Handle(const Handle& other) noexcept : handle_(Retain(other.handle_)) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { Release(handle_); }

  T* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  // Where a C function puts its result; what was held is released first.
  T** out() noexcept {
    Release(std::exchange(handle_, nullptr));
    return &handle_;
  }
  // The reference is somebody else's.
  void disown() noexcept { handle_ = nullptr; }

 private:
  T* handle_ = nullptr;
};

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<bool> : std::integral_constant<tt_dtype, TT_BOOL> {};
template <>
struct DTypeOf<uint8_t> : std::integral_constant<tt_dtype, TT_UINT8> {};
template <>
struct DTypeOf<int8_t> : std::integral_constant<tt_dtype, TT_INT8> {};
template <>
struct DTypeOf<int16_t> : std::integral_constant<tt_dtype, TT_INT16> {};
template <>
struct DTypeOf<int32_t> : std::integral_constant<tt_dtype, TT_INT32> {};
template <>
struct DTypeOf<int64_t> : std::integral_constant<tt_dtype, TT_INT64> {};
template <>
struct DTypeOf<float> : std::integral_constant<tt_dtype, TT_FLOAT32> {};
template <>
struct DTypeOf<double> : std::integral_constant<tt_dtype, TT_FLOAT64> {};

// A C function's optional number: NULL for none.
template <typename T>
const T* address(const std::optional<T>& value) noexcept {
  return value ? &*value : nullptr;
}

// The handles of tensors or modules.
template <typename T>
auto handles(const std::vector<T>& objects) {
  std::vector<decltype(objects.front().get())> out;
  out.reserve(objects.size());
  for (const T& object : objects) out.push_back(object.get());
  return out;
}

// The tensors of a C function that gives a list of them: asked first how many there are.
template <typename T, typename F>
std::vector<T> list(F function) {
  size_t count = 0;
  check(function(nullptr, 0, &count));
  std::vector<tt_tensor*> handles(count);
  check(function(handles.data(), count, &count));
  std::vector<T> out;
  out.reserve(count);
  for (tt_tensor* handle : handles) out.push_back(T::result(handle));
  return out;
}

// A struct of options as an argument. Braces do not make one, which would be any list of numbers.
template <typename T>
class OptionsOf {
 public:
  OptionsOf(const T& options) noexcept : options_(&options) {}
  const T* get() const noexcept { return options_; }

 private:
  const T* options_;
};

// Fills N numbers with as many, or with one for all; none leaves them as they are. `what` begins the message.
template <size_t N>
void assign(int64_t* to, const IntList& from, const char* what) {
  if (from.size() != 0 && from.size() != 1 && from.size() != N) {
    throw Error(TT_ERR_INVALID_ARGUMENT, (std::string(what) + " has " + std::to_string(from.size()) +
                                          " numbers, expected 1 or " + std::to_string(N))
                                             .c_str());
  }
  for (size_t i = 0; i < N && from.size() != 0; ++i) to[i] = from.data()[from.size() == 1 ? 0 : i];
}
// The same for what has no numbers yet: there must be some.
template <size_t N>
std::array<int64_t, N> spread(const IntList& from, const char* what) {
  if (from.size() == 0) throw Error(TT_ERR_INVALID_ARGUMENT, (std::string(what) + " has no numbers").c_str());
  std::array<int64_t, N> out{};
  assign<N>(out.data(), from, what);
  return out;
}

}  // namespace detail

// Where random numbers come from; copies share it. A default-constructed one is the default generator of the
// tensor's device, as an argument.
class Generator {
 public:
  Generator() = default;
  explicit Generator(uint64_t seed, tt_generator_engine engine = TT_MT19937) {
    check(tt_generator_new(engine, seed, handle_.out()));
  }
  void manual_seed(uint64_t seed) { check(tt_generator_manual_seed(get(), seed)); }
  uint64_t initial_seed() const {
    uint64_t seed = 0;
    check(tt_generator_initial_seed(get(), &seed));
    return seed;
  }
  tt_generator* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<tt_generator, tt_generator_retain, tt_generator_release> handle_;
};

}  // namespace tt

#endif  // TINYTORCH_TYPES_HPP_
