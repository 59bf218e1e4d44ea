#include "tinytorch/stream.h"

#include "capi/module.h"
#include "device/backend.h"
#include "device/stream.h"

using namespace tt;
using namespace tt::capi;

namespace {

Stream& stream_in(const tt_stream* handle, const char* argument) {
  return *checked<Stream>(handle, Kind::kStream, argument, "stream");
}
Event& event_in(const tt_event* handle, const char* argument) {
  return *checked<Event>(handle, Kind::kEvent, argument, "event");
}
tt_stream* handle_of(Ref<Stream> stream) { return give_object<tt_stream>(std::move(stream)); }
// NULL: the thread's of the device.
Ref<Stream> stream_or_current(const tt_stream* handle, Device device) {
  return handle != nullptr ? Ref<Stream>(&stream_in(handle, "stream")) : Stream::current(device);
}

}  // namespace

extern "C" {

tt_status tt_stream_new(tt_device_type type, int32_t index, tt_stream** out) {
  return make_handle("tt_stream_new", out, [&] { return Stream::create(device_in(type, index)); });
}

tt_status tt_stream_new_from_native(tt_device_type type, int32_t index, void* native, tt_stream** out) {
  return make_handle("tt_stream_new_from_native", out,
                     [&] { return Stream::wrap(device_in(type, index), native); });
}

tt_status tt_stream_default(tt_device_type type, int32_t index, tt_stream** out) {
  return make_handle("tt_stream_default", out, [&] { return Stream::shared(device_in(type, index)); });
}

tt_stream* tt_stream_retain(tt_stream* stream) {
  retain_handle(stream);
  return stream;
}
void tt_stream_release(tt_stream* stream) { release_handle(stream, Kind::kStream); }

tt_status tt_stream_get_current(tt_device_type type, int32_t index, tt_stream** out) {
  return make_handle("tt_stream_get_current", out, [&] { return Stream::current(device_in(type, index)); });
}

tt_status tt_stream_set_current(tt_stream* stream, tt_stream** previous) {
  return guard("tt_stream_set_current", [&] {
    if (previous != nullptr) *previous = nullptr;
    Stream& chosen = stream_in(stream, "stream");
    const Ref<Stream> before = Stream::current(chosen.device());
    Stream::set_current(chosen.device(), Ref<Stream>(&chosen));
    if (previous != nullptr) *previous = handle_of(before);
  });
}

tt_status tt_stream_native(const tt_stream* stream, void** out) {
  return guard("tt_stream_native", [&] { out_value(out, "out") = stream_in(stream, "stream").native(); });
}

tt_status tt_stream_device(const tt_stream* stream, tt_device_type* type, int32_t* index) {
  return guard("tt_stream_device", [&] {
    const Device device = stream_in(stream, "stream").device();
    out_value(index, "index");
    out_value(type, "type") = static_cast<tt_device_type>(device.type);
    *index = device.index;
  });
}

tt_status tt_stream_synchronize(const tt_stream* stream) {
  return guard("tt_stream_synchronize", [&] { stream_in(stream, "stream").synchronize(); });
}

tt_status tt_stream_query(const tt_stream* stream, int32_t* out) {
  return guard("tt_stream_query", [&] {
    const Stream& asked = stream_in(stream, "stream");
    int32_t& result = out_value(out, "out");
    result = asked.done() ? 1 : 0;
  });
}

tt_status tt_stream_wait_stream(tt_stream* stream, const tt_stream* other) {
  return guard("tt_stream_wait_stream", [&] {
    const Stream& waits = stream_in(stream, "stream");
    const Stream& first = stream_in(other, "other");
    const Ref<Event> event = make_ref<Event>(first.device(), false);
    event->record(first);
    event->wait(waits);
  });
}

tt_status tt_tensor_record_stream(const tt_tensor* tensor, const tt_stream* stream) {
  return guard("tt_tensor_record_stream", [&] {
    const In t(tensor, "tensor");
    const Stream& user = stream_in(stream, "stream");
    TT_CHECK(t->device() == user.device(), Status::kDevice, "the tensor is on ", t->device(),
             " and the stream of ", user.device());
    backend_of(user.device()).stream->add_user(user.device(), t->storage()->data(), user.native());
  });
}

tt_status tt_event_new(tt_device_type type, int32_t index, int32_t timing, tt_event** out) {
  return make_handle("tt_event_new", out,
                     [&] { return make_ref<Event>(device_in(type, index), timing != 0); });
}

tt_event* tt_event_retain(tt_event* event) {
  retain_handle(event);
  return event;
}
void tt_event_release(tt_event* event) { release_handle(event, Kind::kEvent); }

tt_status tt_event_record(tt_event* event, const tt_stream* stream) {
  return guard("tt_event_record", [&] {
    Event& e = event_in(event, "event");
    e.record(*stream_or_current(stream, e.device()));
  });
}

tt_status tt_event_wait(const tt_event* event, const tt_stream* stream) {
  return guard("tt_event_wait", [&] {
    const Event& e = event_in(event, "event");
    e.wait(*stream_or_current(stream, e.device()));
  });
}

tt_status tt_event_synchronize(const tt_event* event) {
  return guard("tt_event_synchronize", [&] { event_in(event, "event").synchronize(); });
}

tt_status tt_event_query(const tt_event* event, int32_t* out) {
  return guard("tt_event_query", [&] {
    const Event& asked = event_in(event, "event");
    int32_t& result = out_value(out, "out");
    result = asked.done() ? 1 : 0;
  });
}

tt_status tt_event_elapsed(const tt_event* start, const tt_event* end, double* out) {
  return guard("tt_event_elapsed", [&] {
    double& result = out_value(out, "out");
    result = event_in(start, "start").milliseconds_to(event_in(end, "end"));
  });
}

}  // extern "C"
