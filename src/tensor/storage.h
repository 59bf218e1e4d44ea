// A block of memory on one device, shared by the tensors that view it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>

#include "base/device.h"
#include "device/host_capture.h"
#include "base/ref.h"

namespace tt {

// Whether a capture's work has been done, for those that hold its results; they may live longer than it.
struct CapturedRun {
  std::atomic<bool> done{false};
};

class Storage final : public RefCounted {
 public:
  using Deleter = void (*)(void* data, void* context);

  // New memory on `device`, not initialised. Small CPU storages hold their bytes behind the header: one
  // allocation.
  static Ref<Storage> allocate(size_t nbytes, Device device);
  // The caller's memory; `deleter` (may be null) runs once, when the last tensor lets go, on whichever thread
  // that is; a device's not before the device is done with it (DeviceMemory::borrow).
  static Ref<Storage> wrap(void* data, size_t nbytes, Device device, Deleter deleter, void* context);

  // Page-locked host memory, from which devices of the type copy without the host's waiting.
  static Ref<Storage> allocate_pinned(size_t nbytes, DeviceType type);

  // Fails where a captured graph is to compute what is here, and has not been replayed yet.
  void* data() const {
    if (HostCapture::current() != nullptr || captured_) [[unlikely]]
      note_use();
    return data_;
  }
  // The same, but a capture does not hear of it: for work that is done at once, with memory that no capture
  // made.
  void* data_now() const { return data_; }
  // Whether a capture made it: what it holds is computed by replays.
  bool captured() const { return captured_ != nullptr; }
  // The host writes what is here, before replays.
  void set_filled_by_host() { captured_.reset(); }
  size_t nbytes() const { return nbytes_; }
  Device device() const { return device_; }
  bool resizable() const { return place_ == Place::kInline || place_ == Place::kBlock; }
  bool external() const { return place_ == Place::kExternal; }
  // What the deleter gets, and whether that is `deleter`.
  void* context() const { return context_; }
  bool has_deleter(Deleter deleter) const { return deleter_ == deleter; }
  // Of memory that was wrapped without one.
  void set_deleter(Deleter deleter, void* context) {
    deleter_ = deleter;
    context_ = context;
  }
  // Of memory that was wrapped as null: it is a graph's.
  void set_graph_memory(void* data, Deleter deleter, void* context) {
    data_ = data;
    place_ = Place::kGraph;
    set_deleter(deleter, context);
  }
  bool pinned() const { return pinned_; }
  bool read_only() const { return read_only_; }
  void set_read_only() { read_only_ = true; }

  // Graphs that know the address, which must then not change.
  void add_graph() const { graphs_.fetch_add(1, std::memory_order_relaxed); }
  void remove_graph() const { graphs_.fetch_sub(1, std::memory_order_relaxed); }

  // Grows to nbytes, keeping the contents (resize_). The storage must be resizable.
  void grow(size_t nbytes);

  // Counts in-place writes, so that autograd can tell that a saved tensor has changed.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.store(version() + 1, std::memory_order_relaxed); }

  static void operator delete(Storage* self, std::destroying_delete_t) noexcept;

 private:
  // Where the bytes are: behind the header, in a block of their own, the caller's, or a graph's.
  enum class Place : uint8_t { kInline, kBlock, kExternal, kGraph };

  Storage(void* data, size_t nbytes, Device device, Place place, uint32_t header_bytes)
      : RefCounted(Kind::kStorage),
        data_(data),
        nbytes_(nbytes),
        device_(device),
        place_(place),
        header_bytes_(header_bytes) {}
  ~Storage() override;
  [[gnu::cold]] void note_use() const;

  void* data_;
  size_t nbytes_;
  Device device_;
  Place place_;
  bool read_only_ = false;
  bool pinned_ = false;
  uint32_t header_bytes_;  // of the block this object lies in
  std::atomic<uint32_t> version_{0};
  mutable std::atomic<uint32_t> graphs_{0};
  Deleter deleter_ = nullptr;
  void* context_ = nullptr;
  std::shared_ptr<const CapturedRun> captured_;  // of the capture that made it, or null
};

}  // namespace tt
