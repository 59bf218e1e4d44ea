#include "capi/guard.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "capi/scope.h"
#include "random/generator.h"
#include "device/graph.h"
#include "device/plugin.h"
#include "base/thread_state.h"
#include "base/utf8.h"

namespace tt::capi {

namespace {

// A thread's error. The message lies on the heap, because a library that is loaded late gets only a little
// thread-local memory; where even this cannot be had, as much of it as fits is kept here.
constexpr size_t kMessageCapacity = 2048, kShortCapacity = 160;
constinit thread_local char t_short_message[kShortCapacity] = "";
constinit thread_local char* t_long_message = nullptr;
constinit thread_local const char* t_message = nullptr;  // the one that holds; null: none yet
constinit thread_local tt_status t_status = TT_OK;

void end_error() noexcept {
  if (t_message == t_long_message) t_message = nullptr;
  std::free(std::exchange(t_long_message, nullptr));
}

std::span<char> message_place() noexcept {
  if (t_long_message == nullptr && keep_until_thread_ends(ThreadState::kError, end_error)) {
    t_long_message = static_cast<char*>(std::calloc(1, kMessageCapacity));
  }
  if (t_long_message != nullptr) return {t_long_message, kMessageCapacity};
  return t_short_message;
}

// Every message goes through here: valid UTF-8 whatever it quotes, also where it is cut.
void set_message(std::string_view head, std::string_view text) noexcept {
  const std::span<char> place = message_place();
  const std::string_view colon = head.empty() ? "" : ": ";
  const size_t start = head.size() + colon.size(), room = place.size() - 1 - start;
  char* const to = place.data() + start;
  size_t length;
  // The message before this one (a callback's, handed on) is valid, and moves before the head is written over
  // it.
  if (text.data() >= place.data() && text.data() < place.data() + place.size()) {
    length = whole_characters(text, room);
    std::memmove(to, text.data(), length);
  } else {
    length = put_valid_utf8(text, to, room);
  }
  head.copy(place.data(), head.size());
  colon.copy(place.data() + head.size(), colon.size());
  to[length] = '\0';
  t_message = place.data();
}

}  // namespace

tt_status report(const char* call, Status code, std::string_view message) noexcept {
  t_status = static_cast<tt_status>(code);
  set_message(std::string_view(call).substr(0, 100), message);
  return t_status;
}

tt_status report_plain(Status code, std::string_view message) noexcept {
  t_status = static_cast<tt_status>(code);
  set_message({}, message);
  return t_status;
}

void clear_error() noexcept {
  t_status = TT_OK;
  t_message = nullptr;
}

namespace {

// Takes back what has moved on, unless the call succeeds.
struct Undo {
  bool succeeded = false;
  ~Undo() {
    if (succeeded) return;
    DrawLog::call_failed();
    Graph::call_failed();
  }
};

}  // namespace

tt_status run_guarded(const char* call, void (*body)(void*), void* context) noexcept {
  const InCall in_call;
  DrawLog::begin_call();
  try {
    Undo undo;
    body(context);
    undo.succeeded = true;
    return TT_OK;
  } catch (const Error& error) {
    return report(call, error.code(), error.message());
  } catch (const std::bad_alloc&) {
    return report(call, Status::kOutOfMemory, "out of memory");
  } catch (const std::length_error&) {
    return report(call, Status::kOutOfMemory, "out of memory: a list would be longer than memory can hold");
  } catch (const std::exception& error) {
    return report(call, Status::kInternal, error.what());
  } catch (...) {
    return report(call, Status::kInternal, "unknown exception");
  }
}

void refuse_handle(const RefCounted* object, const char* argument, std::string_view what) {
  const char* article = std::string_view("aeiou").find(what.front()) == std::string_view::npos ? "a " : "an ";
  TT_CHECK(object != nullptr, Status::kInvalidArgument, argument, " is NULL, expected ", article, what);
  TT_CHECK(object->kind() != Kind::kDead, Status::kInvalidArgument, argument,
           " has been released already, expected a live ", what);
  fail(Status::kInvalidArgument, argument, " is not ", article, what);
}

void check_list(const void* list, size_t count, size_t element_size, const char* argument,
                const char* counter) {
  TT_CHECK(list != nullptr || count == 0, Status::kInvalidArgument, argument, " is NULL, but its ", counter,
           " is ", static_cast<uint64_t>(count));
  TT_CHECK(count <= PTRDIFF_MAX / element_size, Status::kInvalidArgument, argument, "'s ", counter, " is ",
           static_cast<uint64_t>(count), ", more than fits in memory");
}

Tensors list_in(tt_tensor* const* handles, size_t count, const char* argument) {
  check_list(handles, count, sizeof *handles, argument);
  Tensors out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string element = str(argument, "[", static_cast<uint64_t>(i), "]");
    out.emplace_back(Ref<TensorImpl>(tensor_impl(handles[i], element.c_str())));
  }
  return out;
}

tt_tensor* give(Tensor tensor) {
  adopt_into_scope(tensor);
  trace_given(tensor.impl());
  return reinterpret_cast<tt_tensor*>(static_cast<RefCounted*>(tensor.detach_handle()));
}

void clear_outs(std::initializer_list<HandleSlot> slots) {
  for (const HandleSlot& each : slots) {
    if (each.slot != nullptr) *each.slot = nullptr;
  }
  for (const HandleSlot& each : slots) (void)out_value(each.slot, each.argument);
  reserve_in_scope(slots.size());
}

void clear_list(tt_tensor** slots, size_t capacity, const char* argument, const char* counter) {
  check_list(slots, capacity, sizeof *slots, argument, counter);
  for (size_t i = 0; i < capacity; ++i) slots[i] = nullptr;
}

void give_all(std::span<Tensor> tensors, tt_tensor** slots) {
  reserve_in_scope(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    slots[i] = tensors[i].defined() ? give(std::move(tensors[i])) : nullptr;
  }
}

DType dtype_in(tt_dtype dtype, const char* argument) {
  TT_CHECK(dtype >= 0 && dtype < kDTypeCount, Status::kDtype, argument, " is ", dtype,
           ", expected a tt_dtype from 0 to ", kDTypeCount - 1);
  return static_cast<DType>(dtype);
}

std::optional<DType> optional_dtype_in(tt_dtype dtype, const char* argument) {
  return dtype == TT_DTYPE_NONE ? std::nullopt : std::optional(dtype_in(dtype, argument));
}

Device device_in(tt_device_type type, int32_t index) {
  TT_CHECK(type >= 0 && type < kDeviceTypeCount, Status::kDevice, "type is ", type,
           ", expected TT_CPU (0) or TT_CUDA (1)");
  TT_CHECK(index >= -1 && (type != TT_CPU || index <= 0), Status::kDevice, "index is ", index, ", expected ",
           type == TT_CPU ? "0 for the CPU, or -1" : "a device's number, or -1 for the current one");
  const auto known = static_cast<DeviceType>(type);
  return {known, index >= 0 ? index : current_device_index(known)};
}

Dims dims_in(const int64_t* values, size_t count, const char* argument) {
  check_list(values, count, sizeof *values, argument);
  TT_CHECK(count <= kMaxDims, Status::kShape, argument, " has ", static_cast<uint64_t>(count),
           " entries; a tensor has at most ", kMaxDims, " dimensions");
  return Dims(std::span<const int64_t>(values, count));
}

std::string_view text_in(const char* text, const char* argument) {
  TT_CHECK(text != nullptr, Status::kInvalidArgument, argument, " is NULL, expected a string");
  return text;
}

}  // namespace tt::capi

extern "C" {

const char* tt_last_error(void) { return tt::capi::t_message != nullptr ? tt::capi::t_message : ""; }
tt_status tt_last_status(void) { return tt::capi::t_status; }

}  // extern "C"
