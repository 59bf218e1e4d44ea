// Page-locked host memory through which small copies between host and device go, so that a copy to the device
// does not have to wait until the device has read the host's memory. Host logic alone, over a small
// interface.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace tt::cuda {

class StagingSource {
 public:
  virtual ~StagingSource() = default;
  virtual void* allocate(size_t nbytes) = 0;  // null: there is none
  virtual void* make_event() = 0;
  virtual bool done(void* event) = 0;  // has the device passed it?
  virtual void wait(void* event) = 0;
};

class StagingPool {
 public:
  static constexpr size_t kSlotBytes = size_t{256} << 10;  // the largest copy that goes through the pool
  static constexpr size_t kMaxSlots = 32;

  struct Slot {
    void* data = nullptr;
    void* event = nullptr;
    Slot* next = nullptr;  // of those that the device uses
  };

  explicit StagingPool(std::unique_ptr<StagingSource> source);

  // A slot that neither the host nor the device uses; waits for the device where all are in use. Null where
  // there is no page-locked memory.
  Slot* take();
  // `pending`: the device uses the slot until the slot's event, which the caller has recorded.
  void give_back(Slot* slot, bool pending) noexcept;

 private:
  void free_oldest() noexcept;

  std::mutex mutex_;
  std::unique_ptr<StagingSource> source_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::unique_ptr<Slot> next_;  // has its event, where there was no memory for it
  std::vector<Slot*> free_;
  Slot* oldest_ = nullptr;  // of those that the device uses
  Slot* newest_ = nullptr;
};

}  // namespace tt::cuda
