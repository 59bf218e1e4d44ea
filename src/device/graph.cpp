#include "device/graph.h"

#include <algorithm>
#include <atomic>

#include "device/backend.h"
#include "random/generator.h"

namespace tt {

constinit thread_local Graph* Graph::t_capturing = nullptr;

namespace {
GraphKernels& graphs_of(Device device) {
  return *(device.is_cpu() ? cpu_backend() : load_plugin_backend(device.type)).graph;
}
}  // namespace

Graph::Graph(Device device) : RefCounted(Kind::kGraph), device_(device) {
  check_device(device);
  (void)graphs_of(device);
}

Graph::~Graph() { clear(); }

Graph* Graph::find_capturing(Device device) { return t_capturing->device_ == device ? t_capturing : nullptr; }

void Graph::begin() {
  TT_CHECK(state_ == State::kEmpty, Status::kInvalidArgument, "the graph ",
           state_ == State::kReady ? "holds a capture already: reset it first" : "is being captured already");
  TT_CHECK(t_capturing == nullptr, Status::kInvalidArgument, "this thread captures another graph");
  static std::atomic<uint64_t> captures{0};
  run_ = std::make_shared<CapturedRun>();
  native_ = graphs_of(device_).begin(device_);
  id_ = ++captures;
  state_ = State::kCapturing;
  t_capturing = this;
  retain();  // the thread's, until the capture ends
}

void Graph::end() {
  TT_CHECK(state_ == State::kCapturing, Status::kInvalidArgument, "the graph is not being captured");
  TT_CHECK(t_capturing == this, Status::kInvalidArgument, "the graph is being captured by another thread");
  const Ref<Graph> mine = Ref<Graph>::adopt(this);
  t_capturing = nullptr;
  try {
    graphs_of(device_).end(native_, values_.size());
    state_ = State::kReady;
  } catch (...) {
    clear();
    throw;
  }
}

void Graph::replay() {
  TT_CHECK(state_ == State::kReady, Status::kInvalidArgument, "the graph ",
           state_ == State::kEmpty ? "holds no capture" : "is still being captured");
  // Everything that is known to stop a replay comes before the first input moves on.
  for (const auto& needed : needed_) {
    TT_CHECK(needed.what->done.load(std::memory_order_acquire), Status::kInvalidArgument,
             "the graph uses what another captured graph computes: replay that one first");
  }
  graphs_of(device_).check_replay(native_);
  for (const Input& input : inputs_) input.source->check();
  for (const Input& input : inputs_) input.source->next(values_.data() + input.offset);
  // A replay that fails midway has written too.
  for (const auto& written : written_) written.what->bump_version();
  // The work itself reads what it computes.
  const bool again = run_->done.exchange(true, std::memory_order_acq_rel);
  try {
    graphs_of(device_).replay(native_, values_.data());
  } catch (...) {
    run_->done.store(again, std::memory_order_release);
    throw;
  }
}

void Graph::reset() {
  if (state_ == State::kCapturing) {
    TT_CHECK(t_capturing == this, Status::kInvalidArgument, "the graph is being captured by another thread");
    const Ref<Graph> mine = Ref<Graph>::adopt(this);
    t_capturing = nullptr;
    clear();
    return;
  }
  clear();
}

void Graph::release_by_caller() {
  if (t_capturing == this && use_count() == 2) reset();
  release();
}

void Graph::clear() noexcept {
  if (native_ != nullptr) graphs_of(device_).destroy(native_);
  native_ = nullptr;
  state_ = State::kEmpty;
  inputs_.clear();
  values_.clear();
  written_.clear();
  needed_.clear();
  run_.reset();
}

void* Graph::add_input(std::unique_ptr<ReplayInput> input, size_t nbytes) {
  const size_t offset = values_.size();
  const size_t end = offset + (nbytes + 7) / 8 * 8;
  TT_CHECK(end <= GraphKernels::kLiveBytes, Status::kNotImplemented,
           "what changes from replay to replay takes ", static_cast<uint64_t>(end),
           " bytes, and a graph has room for ", static_cast<uint64_t>(GraphKernels::kLiveBytes));
  inputs_.reserve(inputs_.size() + 1);
  values_.resize(end);
  inputs_.push_back({std::move(input), offset});
  return static_cast<char*>(graphs_of(device_).live(native_)) + offset;
}

namespace {

// One of a kind is enough.
template <typename List, typename T>
void add_once(List& list, const T& what) {
  if (std::ranges::none_of(list, [&](const auto& noted) { return noted.what == what; })) {
    list.push_back({what, DrawLog::call()});
  }
}

}  // namespace

void Graph::add_written(const Ref<Storage>& storage) { add_once(written_, storage); }

void Graph::add_needed(const std::shared_ptr<const CapturedRun>& run) {
  if (run != run_) add_once(needed_, run);
}

void Graph::call_failed() noexcept {
  if (t_capturing == nullptr) return;
  const auto of_call = [](const auto& noted) { return noted.call == DrawLog::call(); };
  std::erase_if(t_capturing->written_, of_call);
  std::erase_if(t_capturing->needed_, of_call);
}

}  // namespace tt
