// Streams, events and graphs: the order of a device's work.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device.h"

namespace tt {

// A stream is work that a device does in order; an event marks a place in it. Both are the device's own
// handles (cudaStream_t, cudaEvent_t).
class StreamKernels {
 public:
  static constexpr char kFamily[] = "stream";
  virtual ~StreamKernels() = default;

  virtual void* create_stream(Device device) = 0;
  // Waits for its work. `created`: by create_stream; else it is only forgotten.
  virtual void destroy_stream(Device device, void* stream, bool created) noexcept = 0;
  // What a thread's work goes to unless it chose another stream: one for all threads.
  virtual void* shared_stream(Device device) = 0;
  virtual void* current_stream(Device device) = 0;
  virtual void set_current_stream(Device device, void* stream) = 0;  // of the thread
  virtual void synchronize_stream(Device device, void* stream) = 0;
  virtual bool stream_done(Device device, void* stream) = 0;

  virtual void* create_event(Device device, bool timed) = 0;
  virtual void destroy_event(Device device, void* event) noexcept = 0;
  virtual void record_event(Device device, void* event, void* stream) = 0;
  // What the stream is given from now on begins when the event, as it was recorded last, is passed.
  virtual void wait_event(Device device, void* stream, void* event) = 0;
  virtual void synchronize_event(Device device, void* event) = 0;
  virtual bool event_done(Device device, void* event) = 0;
  virtual double milliseconds_between(Device device, void* start, void* end) = 0;

  // Memory of this device is used by the stream too: once freed, it is not used again before that is over.
  virtual void add_user(Device device, void* data, void* stream) = 0;
};

// A graph is work that was captured instead of done, to be done again and again.
class GraphKernels {
 public:
  static constexpr char kFamily[] = "graph";
  // Bytes of live values that a graph may have.
  static constexpr size_t kLiveBytes = size_t{64} << 10;
  virtual ~GraphKernels() = default;

  // From now on the thread's work for the device goes into a new graph. Its memory is the graph's.
  virtual void* begin(Device device) = 0;
  // The address of kLiveBytes on the device: what kernels read there is given by each replay.
  virtual void* live(void* graph) = 0;
  // During the capture: to = the nbytes that lie *live_offset bytes behind `from`; all multiples of 8.
  virtual void copy_from(void* to, const void* from, const int64_t* live_offset, size_t nbytes) = 0;
  // Ends the capture; kernels read that many bytes of live values. After a failure the graph can only be
  // destroyed.
  virtual void end(void* graph, size_t live_bytes) = 0;
  // Before a replay: reports what went wrong until now, and whether the thread cannot replay.
  virtual void check_replay(void* graph) = 0;
  // The values are those of live(), as many bytes as end was told.
  virtual void replay(void* graph, const void* values) = 0;
  // In any state; waits for the last replay.
  virtual void destroy(void* graph) noexcept = 0;
};

}  // namespace tt
