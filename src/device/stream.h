// Streams and events of a device, as handles point to them.
#pragma once

#include "base/device.h"
#include "base/ref.h"

namespace tt {

// A stream is work that a device does in order. Threads choose where their work goes.
class Stream final : public RefCounted {
 public:
  // A new one.
  static Ref<Stream> create(Device device);
  // Of the host's making (cudaStream_t): it must stay valid as long as this object. There may be several for
  // one stream.
  static Ref<Stream> wrap(Device device, void* native);
  // What threads use that have not chosen another.
  static Ref<Stream> shared(Device device);
  // The thread's.
  static Ref<Stream> current(Device device);
  // Makes it the thread's; null: the shared one again.
  static void set_current(Device device, const Ref<Stream>& stream);

  Device device() const { return device_; }
  void* native() const { return native_; }
  void synchronize() const;
  bool done() const;

 private:
  enum class Origin : uint8_t { kCreated, kWrapped, kShared };
  Stream(Device device, void* native, Origin origin)
      : RefCounted(Kind::kStream), device_(device), native_(native), origin_(origin) {}
  ~Stream() override;
  static Ref<Stream> counted(Device device, void* native, Origin origin);

  const Device device_;
  void* const native_;
  const Origin origin_;
};

// A place in a stream's work.
class Event final : public RefCounted {
 public:
  Event(Device device, bool timed);

  Device device() const { return device_; }
  void record(const Stream& stream);
  // What the stream is given from now on begins when the event is passed. No effect before a record.
  void wait(const Stream& stream) const;
  void wait(Device device, void* native_stream) const;
  void synchronize() const;
  bool done() const;  // true before the first record
  // From this event to `end`; both timed, recorded and passed.
  double milliseconds_to(const Event& end) const;

 private:
  ~Event() override;

  const Device device_;
  const bool timed_;
  bool recorded_ = false;
  void* native_ = nullptr;
};

}  // namespace tt
