// What every function of the C ABI goes through: arguments unwrapped and checked, exceptions turned into a
// status.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "capi/scope.h"
#include "capi/trace.h"
#include "base/error.h"
#include "base/farewell.h"
#include "tensor/tensor.h"
#include "tinytorch/tinytorch.h"

namespace tt::capi {

// Records the thread's error ("call: message") and returns its code.
tt_status report(const char* call, Status code, std::string_view message) noexcept;
// The same without a call's name.
tt_status report_plain(Status code, std::string_view message) noexcept;
void clear_error() noexcept;

// Runs the body of `call`. Nothing escapes, and the host's deleters wait until it is done.
tt_status run_guarded(const char* call, void (*body)(void* context), void* context) noexcept;
template <typename F>
inline tt_status guard(const char* call, F&& body) noexcept {
  using Body = std::remove_reference_t<F>;
  return run_guarded(
      call, [](void* context) { (*static_cast<Body*>(context))(); }, std::addressof(body));
}

// ---- handles ----

// Fails, saying what is wrong with a handle.
[[noreturn]] void refuse_handle(const RefCounted* object, const char* argument, std::string_view what);

// The object behind a handle, checked to be alive and of the right kind. `what`: "tensor", for the message.
template <typename T>
T* checked(const void* handle, Kind kind, const char* argument, const char* what) {
  auto* object = static_cast<RefCounted*>(const_cast<void*>(handle));
  if (object == nullptr || object->kind() != kind) refuse_handle(object, argument, what);
  return static_cast<T*>(object);
}

// The same, held for the call: for what it goes on using while the host's callbacks run.
template <typename T>
Ref<T> held(const void* handle, Kind kind, const char* argument, const char* what) {
  return Ref<T>(checked<T>(handle, kind, argument, what));
}

inline TensorImpl* tensor_impl(const tt_tensor* handle, const char* argument) {
  return checked<TensorImpl>(handle, Kind::kTensor, argument, "tensor");
}

// A tensor argument, borrowed for the call, which must not run callbacks of the host's while it uses it.
class In {
 public:
  In(const tt_tensor* handle, const char* argument) : tensor_(Tensor::adopt(tensor_impl(handle, argument))) {}
  // The caller's reference stays the caller's.
  ~In() { (void)tensor_.detach_handle(); }
  In(const In&) = delete;
  In& operator=(const In&) = delete;
  operator const Tensor&() const { return tensor_; }
  const Tensor& operator*() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }

 private:
  Tensor tensor_;
};

// A tensor argument that the call holds.
inline Tensor held_in(const tt_tensor* handle, const char* argument) {
  return Tensor(Ref<TensorImpl>(tensor_impl(handle, argument)));
}

// An optional tensor argument: undefined where the handle is NULL.
inline Tensor optional_in(const tt_tensor* handle, const char* argument) {
  return handle == nullptr ? Tensor() : held_in(handle, argument);
}

// The reference to an object that is no tensor becomes the caller's.
template <typename Handle, typename T>
Handle* give_object(Ref<T> object) {
  RefCounted* const plain = object.detach();
  trace_given(plain);
  return reinterpret_cast<Handle*>(plain);
}
// tt_x_retain and tt_x_release of such an object.
template <typename Handle>
Handle* retain_handle(Handle* handle) {
  auto* object = reinterpret_cast<RefCounted*>(handle);
  if (object != nullptr) {
    object->retain();
    trace_retained(object);
  }
  return handle;
}
template <typename Handle>
void release_handle(Handle* handle, Kind kind) {
  auto* object = reinterpret_cast<RefCounted*>(handle);
  if (object == nullptr || object->kind() != kind) return;  // a dead one is left alone
  const InCall in_call;
  trace_released(object);
  object->release();
}

// A list of tensors: none may be NULL.
Tensors list_in(tt_tensor* const* handles, size_t count, const char* argument);

// Gives the reference to the caller, or to the thread's scope, which has room for it where an output was
// cleared before.
tt_tensor* give(Tensor tensor);

// Several handle outputs of one call: NULL until they are given, so that a failed call leaves NULLs, also
// where one of them is no place to put a result.
struct HandleSlot {
  tt_tensor** slot;
  const char* argument;
};
void clear_outs(std::initializer_list<HandleSlot> slots);
// The same for a list.
void clear_list(tt_tensor** slots, size_t capacity, const char* argument, const char* counter = "capacity");
// Gives each; NULL for an undefined one.
void give_all(std::span<Tensor> tensors, tt_tensor** slots);

// A handle output: NULL until it is assigned, so that a failed call leaves NULL.
class Out {
 public:
  Out(tt_tensor** slot, const char* argument) : slot_(slot) {
    TT_CHECK(slot != nullptr, Status::kInvalidArgument, argument,
             " is NULL, expected where to put the result");
    *slot = nullptr;
    reserve_in_scope();
  }
  void operator=(Tensor tensor) { *slot_ = give(std::move(tensor)); }

 private:
  tt_tensor** slot_;
};

// Any other output pointer.
template <typename T>
T& out_value(T* slot, const char* argument) {
  TT_CHECK(slot != nullptr, Status::kInvalidArgument, argument, " is NULL, expected where to put the result");
  return *slot;
}

// ---- plain arguments ----

// Fails where the caller's list is NULL although it has entries, or has more than memory could hold.
void check_list(const void* list, size_t count, size_t element_size, const char* argument,
                const char* counter = "count");
template <typename T>
std::span<T> list_of(T* list, size_t count, const char* argument) {
  check_list(list, count, sizeof(T), argument);
  return {list, count};
}

DType dtype_in(tt_dtype dtype, const char* argument);
// None for TT_DTYPE_NONE.
std::optional<DType> optional_dtype_in(tt_dtype dtype, const char* argument);
// Its arguments are called type and index.
Device device_in(tt_device_type type, int32_t index);
// A list of sizes, dims or strides; NULL is fine when count is 0.
Dims dims_in(const int64_t* values, size_t count, const char* argument);
// A string that must be there.
std::string_view text_in(const char* text, const char* argument);

}  // namespace tt::capi
