// A training step, or other work of a device, that is captured once and replayed as often as wanted.
//
// A capture notes what the device would do, and does nothing. So what the host keeps beside it must not move
// on during the capture, and must during a replay: the count of an optimizer's steps, a generator's offset, a
// loader's place. Who keeps such a thing gives the graph a ReplayInput during the capture, instead of moving
// on.
#pragma once

#include <memory>
#include <vector>

#include "base/device.h"
#include "base/ref.h"
#include "tensor/storage.h"

namespace tt {

// What a replay needs to know, and what it changes on the host.
class ReplayInput {
 public:
  virtual ~ReplayInput() = default;
  // Fails where there cannot be a replay now. What it makes ready (an epoch's order) is as good for a later
  // one.
  virtual void check() {}
  // Writes the values of this replay, as many bytes as were asked for, and moves on.
  virtual void next(void* values) noexcept = 0;
};

class Graph final : public RefCounted {
 public:
  explicit Graph(Device device);

  Device device() const { return device_; }

  // From now on the thread's work for the device is captured.
  void begin();
  // The graph can be replayed from now on. Fails, and is empty again, where something spoilt the capture.
  void end();
  // Starts the work on the thread's stream.
  void replay();
  // Empty again. Waits for the last replay; ends a capture of this thread.
  void reset();

  // The caller's reference goes. Its last one ends a capture of this thread, which nobody else could end.
  void release_by_caller();

  // The graph that takes the thread's work for the device now, or null.
  static Graph* capturing(Device device) { return t_capturing == nullptr ? nullptr : find_capturing(device); }

  // Whether the thread captures work for any device.
  static bool capturing_any() { return t_capturing != nullptr; }

  // Of the capture that takes the thread's work for the device now: a number of its own; 0: of none.
  static uint64_t capture_id(Device device) {
    const Graph* graph = capturing(device);
    return graph == nullptr ? 0 : graph->id_;
  }

  // Device memory of so many bytes, which holds what `input` writes at each replay. Aligned to 8 bytes.
  void* add_input(std::unique_ptr<ReplayInput> input, size_t nbytes);
  // A replay writes to the storage: it counts as a write each time.
  void add_written(const Ref<Storage>& storage);
  // Says of what the capture makes whether it has been computed.
  std::shared_ptr<const CapturedRun> run() const { return run_; }
  // The capture uses what that one computes, which must have been replayed before this is.
  void add_needed(const std::shared_ptr<const CapturedRun>& run);
  // The thread's call has failed: what it has added of these two does not count.
  static void call_failed() noexcept;

 private:
  enum class State : uint8_t { kEmpty, kCapturing, kReady };
  struct Input {
    std::unique_ptr<ReplayInput> source;
    size_t offset;
  };
  ~Graph() override;
  static Graph* find_capturing(Device device);
  void clear() noexcept;

  const Device device_;
  State state_ = State::kEmpty;
  uint64_t id_ = 0;
  void* native_ = nullptr;
  std::vector<Input> inputs_;
  std::vector<std::byte> values_;
  template <typename T>
  struct Noted {
    T what;
    uint64_t call;  // by which call of the C API
  };
  std::vector<Noted<Ref<Storage>>> written_;
  std::shared_ptr<CapturedRun> run_;                               // of this capture
  std::vector<Noted<std::shared_ptr<const CapturedRun>>> needed_;  // of other captures

  // Of the thread; one at a time.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local Graph* t_capturing;
};

}  // namespace tt
