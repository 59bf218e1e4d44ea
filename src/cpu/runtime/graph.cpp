#include "cpu/runtime/graph.h"

#include <cstring>
#include <memory>
#include <unordered_set>

#include "device/host_capture.h"
#include "cpu/runtime/captured_work.h"
#include "cpu/runtime/graph_memory.h"
#include "cpu/runtime/recorder.h"

namespace tt::cpu {

namespace {

// The CPU's, but for the kernels.
Backend& recording_backend() {
  static_assert(std::is_trivially_destructible_v<Backend>);
  static Backend backend = [] {
    Backend made = cpu_backend();
    made.kernels = recording_table(made.kernels);
    return made;
  }();
  return backend;
}

class CapturedGraph final : public HostCapture {
 public:
  ~CapturedGraph() {
    if (current() == this) set_current(nullptr);
    for (const Storage* storage : used_) {
      storage->remove_graph();
      storage->release();
    }
  }

  void begin() { set_current(this); }
  void end(size_t live_bytes) {
    set_current(nullptr);
    live_bytes_ = live_bytes;
  }

  void* live() {
    if (live_ == nullptr) live_ = std::make_unique<Live>();
    return live_->bytes;
  }
  void run(const void* values) const {
    if (live_bytes_ != 0) std::memcpy(live_->bytes, values, live_bytes_);
    work_.run();
  }

  Backend& backend() override { return recording_backend(); }
  Ref<Storage> allocate(size_t nbytes) override { return memory_->allocate(nbytes); }
  void use(const Storage& storage) override {
    if (memory_->owns(storage) || !used_.insert(&storage).second) return;
    storage.retain();
    storage.add_graph();
  }
  CapturedWork& work() { return work_; }
  void note(std::function<void()> work) override { work_.add<std::function<void()>>(std::move(work)); }

 private:
  struct Live {
    alignas(8) std::byte bytes[GraphKernels::kLiveBytes];
  };
  struct Release {
    void operator()(GraphMemory* memory) const noexcept { memory->release(); }
  };

  const std::unique_ptr<GraphMemory, Release> memory_{GraphMemory::create()};
  std::unordered_set<const Storage*> used_;  // made elsewhere, a reference each, since replays use them
  std::unique_ptr<Live> live_;
  size_t live_bytes_ = 0;
  CapturedWork work_;
};

CapturedGraph& of(void* graph) { return *static_cast<CapturedGraph*>(graph); }

}  // namespace

CapturedWork& captured_work() { return static_cast<CapturedGraph*>(HostCapture::current())->work(); }

void* CpuGraphs::begin(Device) {
  auto graph = std::make_unique<CapturedGraph>();
  graph->begin();
  return graph.release();
}

void* CpuGraphs::live(void* graph) { return of(graph).live(); }

void CpuGraphs::copy_from(void* to, const void* from, const int64_t* live_offset, size_t nbytes) {
  HostCapture::current()->note(
      [=] { std::memcpy(to, static_cast<const char*>(from) + *live_offset, nbytes); });
}

void CpuGraphs::end(void* graph, size_t live_bytes) { of(graph).end(live_bytes); }

void CpuGraphs::check_replay(void*) { refuse_host_capture("replays a graph"); }

void CpuGraphs::replay(void* graph, const void* values) { of(graph).run(values); }

void CpuGraphs::destroy(void* graph) noexcept { delete &of(graph); }

}  // namespace tt::cpu
