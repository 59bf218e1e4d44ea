#include "capi/guard.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "capi/scope.h"

namespace tt::capi {

namespace {

// Fixed memory, so that reporting "out of memory" needs none.
constexpr size_t kMessageCapacity = 2048;
thread_local char t_message[kMessageCapacity] = "";
thread_local tt_status t_status = TT_OK;

}  // namespace

tt_status report(const char* call, Status code, std::string_view message) noexcept {
  // The message may lie in the buffer itself (a callback's), so it moves before the name is written.
  const size_t head = std::min(std::strlen(call), size_t{100});
  const size_t length = std::min(message.size(), kMessageCapacity - head - 3);
  std::memmove(t_message + head + 2, message.data(), length);
  std::memcpy(t_message, call, head);
  std::memcpy(t_message + head, ": ", 2);
  t_message[head + 2 + length] = '\0';
  return t_status = static_cast<tt_status>(code);
}

tt_status report_plain(Status code, std::string_view message) noexcept {
  const size_t length = std::min(message.size(), kMessageCapacity - 1);
  std::memmove(t_message, message.data(), length);
  t_message[length] = '\0';
  return t_status = static_cast<tt_status>(code);
}

void clear_error() noexcept {
  t_message[0] = '\0';
  t_status = TT_OK;
}

tt_status report_current(const char* call) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return report(call, error.code(), error.message());
  } catch (const std::bad_alloc&) {
    return report(call, Status::kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return report(call, Status::kInternal, error.what());
  } catch (...) {
    return report(call, Status::kInternal, "unknown exception");
  }
}

Tensors list_in(tt_tensor* const* handles, size_t count, const char* argument) {
  TT_CHECK(handles != nullptr || count == 0, Status::kInvalidArgument, argument,
           " is NULL, but its count is ", static_cast<uint64_t>(count));
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
  return reinterpret_cast<tt_tensor*>(static_cast<RefCounted*>(tensor.detach_handle()));
}

DType dtype_in(tt_dtype dtype, const char* argument) {
  TT_CHECK(dtype >= 0 && dtype < kDTypeCount, Status::kDtype, argument, " is ", dtype,
           ", expected a tt_dtype from 0 to ", kDTypeCount - 1);
  return static_cast<DType>(dtype);
}

Device device_in(tt_device_type type, int32_t index, const char* argument) {
  TT_CHECK(type >= 0 && type < kDeviceTypeCount, Status::kDevice, argument, " is ", type,
           ", expected TT_CPU (0) or TT_CUDA (1)");
  TT_CHECK(index >= 0 && (type != TT_CPU || index == 0), Status::kDevice, argument, ": invalid device index ",
           index);
  return {static_cast<DeviceType>(type), index};
}

Dims dims_in(const int64_t* values, size_t count, const char* argument) {
  TT_CHECK(values != nullptr || count == 0, Status::kInvalidArgument, argument, " is NULL, but its count is ",
           static_cast<uint64_t>(count));
  TT_CHECK(count <= kMaxDims, Status::kShape, argument, " has ", static_cast<uint64_t>(count),
           " entries; a tensor has at most ", kMaxDims, " dimensions");
  return Dims(std::span<const int64_t>(values, count));
}

std::string_view text_in(const char* text, const char* argument) {
  TT_CHECK(text != nullptr, Status::kInvalidArgument, argument, " is NULL, expected a string");
  return text;
}

}  // namespace tt::capi

using tt::capi::guard;

extern "C" {

const char* tt_last_error(void) { return tt::capi::t_message; }
tt_status tt_last_status(void) { return tt::capi::t_status; }

}  // extern "C"
