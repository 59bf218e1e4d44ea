#include "cpu/runtime/recorder.h"

#include <cstring>
#include <memory>
#include <vector>

#include "device/host_capture.h"
#include "cpu/runtime/captured_work.h"
#include "cpu/runtime/graph.h"
#include "device/fields.h"

namespace tt::cpu {

namespace {

// Copies of what a call refers to in the host's memory: values of the call that are gone when it is replayed.
class Kept {
 public:
  Kept() = default;
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  void operator()(Loop& loop) {
    for (int i = 0; loop.host_scalars != 0 && i < loop.operands; ++i) {
      if ((loop.host_scalars >> i & 1) != 0) loop.data[i] = copy(loop.data[i], size_of(loop.dtype[i]));
    }
  }
  template <typename T>
  void operator()(std::span<const T>& span) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));
    span = {reinterpret_cast<const T*>(copy(span.data(), span.size_bytes())), span.size()};
  }
  template <typename Address>
  void operator()(Address&) {}  // of the device

 private:
  char* copy(const void* from, size_t nbytes) {
    blocks_.push_back(std::make_unique<char[]>(nbytes));
    std::memcpy(blocks_.back().get(), from, nbytes);
    return blocks_.back().get();
  }
  std::vector<std::unique_ptr<char[]>> blocks_;
};

template <typename Call>
class NotedCall {
 public:
  NotedCall(KernelTable::Kernel<Call> kernel, const Call& call) : kernel_(kernel), call_(call) {
    call::each_memory(call_, kept_);
  }
  void operator()() { kernel_(call_); }

 private:
  const KernelTable::Kernel<Call> kernel_;
  Call call_;
  Kept kept_;
};

template <typename Call>
constexpr const char* reason_not_captured() {
  if constexpr (requires { Call::kNotCaptured; }) {
    return Call::kNotCaptured;
  } else {
    return "reads values";
  }
}

template <typename Call>
void note(const Call& call) {
  call::each_field(call, []<typename Field>(const Field&) {
    if constexpr (call::kIsToHost<Field>) refuse_host_capture(reason_not_captured<Call>());
  });
  captured_work().add<NotedCall<Call>>(cpu_backend().kernels.find<Call>(), call);
}

}  // namespace

KernelTable recording_table(const KernelTable& kernels) {
  KernelTable table;
  AllCalls::each([&]<typename Call>() {
    // Random numbers are made at once: ops that draw some for tensors note that themselves, with the
    // generator's part of it (ops/random/random.cpp).
    const bool at_once = call::RandomCalls::place<Call>() < call::RandomCalls::kCount;
    if (const auto kernel = kernels.find<Call>()) {
      table.add<Call>(at_once ? kernel : note<Call>, kernels.find_can<Call>());
    }
  });
  return table;
}

}  // namespace tt::cpu
