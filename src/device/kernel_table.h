// A device's kernels: a function for each call that it can do.
#pragma once

#include "base/error.h"
#include "device/calls.h"

namespace tt {

// Calls of which kernels may do a part or not: whoever adds one says which it can do.
template <typename Call>
concept HasOptionalPart = requires(const Call& call) {
  call.epilogue;
}
|| requires(const Call& call) { call.shape.epilogue; }
|| requires(const Call& call) { call.with_gradient; };

class KernelTable {
 public:
  template <typename Call>
  using Kernel = void (*)(const Call& call);
  // Whether the kernel can do a call. The addresses do not count, but for whether an optional one is there.
  template <typename Call>
  using Can = bool (*)(const Call& call);

  template <typename Call>
  void add(Kernel<Call> kernel) {
    static_assert(!HasOptionalPart<Call>, "say which of the calls the kernel can do");
    add<Call>(kernel, nullptr);
  }
  // can: null for a kernel that does every call.
  template <typename Call>
  void add(Kernel<Call> kernel, Can<Call> can) {
    slots_[kPlace<Call>] = {reinterpret_cast<Any>(kernel), reinterpret_cast<Any>(can)};
  }

  template <typename Call>
  bool supports(const Call& call) const {
    const Slot& slot = slots_[kPlace<Call>];
    if (slot.kernel == nullptr) return false;
    return slot.can == nullptr || reinterpret_cast<Can<Call>>(slot.can)(call);
  }
  // Null where there is none.
  template <typename Call>
  Kernel<Call> find() const {
    return reinterpret_cast<Kernel<Call>>(slots_[kPlace<Call>].kernel);
  }
  template <typename Call>
  Can<Call> find_can() const {
    return reinterpret_cast<Can<Call>>(slots_[kPlace<Call>].can);
  }

  template <typename Call>
  void run(const Call& call) const {
    const Kernel<Call> kernel = find<Call>();
    if (__builtin_expect(kernel == nullptr, 0)) fail_missing(Call::kName);
    kernel(call);
  }

 private:
  using Any = void (*)();  // a function pointer, cast back before it is called
  struct Slot {
    Any kernel = nullptr;
    Any can = nullptr;
  };
  template <typename Call>
  static constexpr size_t kPlace = [] {
    constexpr size_t place = AllCalls::template place<Call>();
    static_assert(place < AllCalls::kCount, "the call is in no family's list");
    return place;
  }();
  [[noreturn]] static void fail_missing(const char* call);

  Slot slots_[AllCalls::kCount];
};

[[noreturn]] inline void KernelTable::fail_missing(const char* call) {
  fail(Status::kNotImplemented, "this device has no ", call, " kernel yet");
}

}  // namespace tt
