// A plug-in for the tests: it plays a CUDA device with two cards. Its kernels are the CPU's, on addresses
// that only they can use (mock_memory.h): what runs through it runs on a device, as far as the host's code
// goes.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "device/plugin.h"
#include "device/fields.h"
#include "mock_memory.h"

namespace {

using namespace tt;
using mock::memory;

const KernelTable* g_cpu = nullptr;

// Makes a call's addresses those that the CPU's kernels can use. Host scalars are the host's.
class Opener {
 public:
  void operator()(Loop& loop) {
    for (int i = 0; i < loop.operands; ++i) {
      const bool host = loop.host_scalars >> i & 1;
      if (!host) loop.data[i] = static_cast<char*>(memory().open(loop.data[i]));
    }
  }
  template <typename T>
  void operator()(std::span<const T>& span) {
    auto opened = std::make_shared<std::vector<T>>(span.begin(), span.end());
    for (T& one : *opened) call::each_memory(one, *this);
    span = *opened;
    kept_.push_back(std::move(opened));
  }
  template <typename T>
  void operator()(call::In<T>& address) {
    address = static_cast<const T*>(memory().open(address.get()));
  }
  template <typename T>
  void operator()(call::Out<T>& address) {
    address = static_cast<T*>(memory().open(address.get()));
  }
  template <typename T>
  void operator()(call::InOut<T>& address) {
    address = static_cast<T*>(memory().open(address.get()));
  }

 private:
  std::vector<std::shared_ptr<void>> kept_;
};

// Writes the call's name into the file of the environment, once: every_call.cpp reads which were run.
template <typename Call>
void tell() {
  static std::once_flag told;
  std::call_once(told, [] {
    const char* path = std::getenv("TT_MOCK_CALLS");
    std::FILE* file = path != nullptr ? std::fopen(path, "a") : nullptr;
    if (file == nullptr) return;
    std::fprintf(file, "%s\n", Call::kName);
    std::fclose(file);
  });
}

template <typename Call>
void run_opened(const Call& call) {
  tell<Call>();
  Call opened = call;
  Opener open;
  call::each_memory(opened, open);
  g_cpu->run(opened);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tt::PluginInfo* tinytorch_plugin(
    const tt::PluginHost* host) {
  static Backend backend{};
  static PluginInfo info{TT_INTERFACE_ID, "mock", nullptr, nullptr};
  if (const char* reason = std::getenv("TT_MOCK_UNAVAILABLE")) {
    info.reason = reason;
    return &info;
  }
#ifdef TT_MOCK_WRONG_ID
  info.interface_id = "another build";
#endif
  g_cpu = &host->cpu->kernels;
  backend.memory = &memory();
  AllCalls::each(
      [&]<typename Call>() { backend.kernels.add<Call>(run_opened<Call>, g_cpu->find_can<Call>()); });
  info.backend = &backend;
  return &info;
}
