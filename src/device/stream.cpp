#include "device/stream.h"

#include <map>
#include <memory>
#include <vector>

#include "device/backend.h"
#include "base/mutex.h"
#include "base/thread_state.h"

namespace tt {

namespace {

StreamKernels& streams_of(Device device) {
  TT_CHECK(!device.is_cpu(), Status::kDevice,
           "the CPU has no streams: its calls have done their work when they return");
  check_device(device);
  return *load_plugin_backend(device.type).stream;
}

// What the thread has chosen, so that it lives as long; null: nothing yet.
using Chosen = std::vector<Ref<Stream>>;
constinit thread_local Chosen* t_chosen = nullptr;
Chosen& make_chosen() {
  if (t_chosen == nullptr) {
    need_until_thread_ends(ThreadState::kStreams, []() noexcept { delete std::exchange(t_chosen, nullptr); });
    t_chosen = new Chosen;
  }
  return *t_chosen;
}

// How many objects there are for each stream but the shared ones: it is forgotten with the last.
struct Objects {
  Mutex mutex{LockLevel::kStreams};
  std::map<std::pair<int, void*>, int> count;  // by the device's index
};
Objects& objects() {
  static Objects& all = *new Objects;  // outlives every handle
  return all;
}

void check_same_device(Device a, Device b) {
  TT_CHECK(a == b, Status::kDevice, "the stream is of ", a, " and the event of ", b);
}

}  // namespace

Ref<Stream> Stream::create(Device device) {
  StreamKernels& kernels = streams_of(device);
  void* native = kernels.create_stream(device);
  try {
    return counted(device, native, Origin::kCreated);
  } catch (...) {
    kernels.destroy_stream(device, native, true);
    throw;
  }
}

Ref<Stream> Stream::wrap(Device device, void* native) {
  if (native == streams_of(device).shared_stream(device)) return shared(device);
  return counted(device, native, Origin::kWrapped);
}

Ref<Stream> Stream::counted(Device device, void* native, Origin origin) {
  Objects& all = objects();
  const Lock lock(all.mutex);
  int& count = all.count[{device.index, native}];
  auto* const stream = new Stream(device, native, origin);
  ++count;
  return Ref<Stream>::adopt(stream);
}

Ref<Stream> Stream::shared(Device device) {
  return Ref<Stream>::adopt(new Stream(device, streams_of(device).shared_stream(device), Origin::kShared));
}

Ref<Stream> Stream::current(Device device) {
  streams_of(device);
  if (t_chosen != nullptr) {
    for (const Ref<Stream>& stream : *t_chosen) {
      if (stream->device() == device) return stream;
    }
  }
  return shared(device);
}

void Stream::set_current(Device device, const Ref<Stream>& stream) {
  StreamKernels& kernels = streams_of(device);
  Chosen& all = make_chosen();
  all.reserve(all.size() + 1);
  kernels.set_current_stream(device, stream ? stream->native() : kernels.shared_stream(device));
  std::erase_if(all, [&](const Ref<Stream>& one) { return one->device() == device; });
  if (stream && stream->origin_ != Origin::kShared) all.push_back(stream);
}

void Stream::synchronize() const { streams_of(device_).synchronize_stream(device_, native_); }
bool Stream::done() const { return streams_of(device_).stream_done(device_, native_); }

Stream::~Stream() {
  if (origin_ == Origin::kShared) return;
  Objects& all = objects();
  const Lock lock(all.mutex);  // also while it is forgotten: another object may be made for it
  const auto found = all.count.find({device_.index, native_});
  const bool last = --found->second == 0, created = origin_ == Origin::kCreated;
  if (last) all.count.erase(found);
  if (last || created) load_plugin_backend(device_.type).stream->destroy_stream(device_, native_, created);
}

Event::Event(Device device, bool timed)
    : RefCounted(Kind::kEvent),
      device_(device),
      timed_(timed),
      native_(streams_of(device).create_event(device, timed)) {}

Event::~Event() { load_plugin_backend(device_.type).stream->destroy_event(device_, native_); }

void Event::record(const Stream& stream) {
  check_same_device(stream.device(), device_);
  streams_of(device_).record_event(device_, native_, stream.native());
  recorded_ = true;
}

void Event::wait(const Stream& stream) const { wait(stream.device(), stream.native()); }

void Event::wait(Device device, void* native_stream) const {
  check_same_device(device, device_);
  if (recorded_) streams_of(device_).wait_event(device_, native_stream, native_);
}

void Event::synchronize() const {
  if (recorded_) streams_of(device_).synchronize_event(device_, native_);
}

bool Event::done() const { return !recorded_ || streams_of(device_).event_done(device_, native_); }

double Event::milliseconds_to(const Event& end) const {
  check_same_device(device_, end.device_);
  TT_CHECK(timed_ && end.timed_, Status::kInvalidArgument, "both events must be made with timing");
  TT_CHECK(recorded_ && end.recorded_, Status::kInvalidArgument, "both events must be recorded first");
  TT_CHECK(done() && end.done(), Status::kInvalidArgument,
           "both events must be passed: wait with tt_event_synchronize first");
  return streams_of(device_).milliseconds_between(device_, native_, end.native_);
}

}  // namespace tt
