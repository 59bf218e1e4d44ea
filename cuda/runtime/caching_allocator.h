// Keeps freed device memory for reuse: taking memory from the driver waits for the device, and giving it back
// does too. Host logic alone, over a small interface, so that it is tested where there is no device.
//
// Memory is taken in segments, which are split into blocks. A block belongs to the stream it was allocated
// for: freed, it can be handed out again at once, because what the new owner starts on that stream runs after
// what the old one started there. A block freed while another stream is current makes its own stream wait for
// what that other one was given.
//
// A graph's kernels keep the addresses that they were captured with. While a stream is held for a graph, its
// blocks are handed out to nobody else: only the capture allocates for that stream. Blocks of other streams
// that were there before the capture ended may be known to the graph too: freed, they wait until no graph
// that could know them is left.
//
// Free blocks wait in bins by size, eight for each power of two. A request takes a block from its own bin if
// one of the first few is large enough, else any block of the next bins, all of which are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "device/memory.h"

namespace tt::cuda {

using StreamId = void*;

// Where segments come from: a device.
class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  virtual void* allocate(size_t nbytes) = 0;  // null: there is no such memory; aligned to kBlockAlignment
  // Waits for whatever the device still does with it.
  virtual void release(void* segment, size_t nbytes) noexcept = 0;
  // Work that `stream` is given from now on runs after what `before` was given until now.
  virtual void wait(StreamId stream, StreamId before) noexcept = 0;
  // Waits for what the stream was given.
  virtual void synchronize(StreamId stream) noexcept = 0;
  // "cuda:0 has 79.1 GiB, of which 1.2 GiB are free": for messages.
  virtual std::string describe() = 0;
};

inline constexpr size_t kBlockAlignment = 512;

class CachingAllocator {
 public:
  explicit CachingAllocator(std::unique_ptr<SegmentSource> source);
  ~CachingAllocator();  // for tests: those of a process's devices live until it ends
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  // nbytes 0 gives a block too. Throws Error(kOutOfMemory), having given everything unused back to the device
  // and tried again; nothing else changes then.
  void* allocate(size_t nbytes, StreamId stream);
  // `current`: the stream that may still be using the block, besides its own.
  void deallocate(void* data, StreamId current) noexcept;
  // `stream` uses the block too: freed, it is not used again before what the stream was given until then is
  // done.
  void add_user(void* data, StreamId stream);

  // Memory of somebody else, which `stream` uses too. Given back, it waits until no graph is left that may
  // know it, and for the streams that use it, also for `current`; then take_back(data, context) runs.
  struct Borrowed {
    void* data;
    DeviceMemory::TakeBack take_back;
    void* context;
    uint64_t born;  // as a block's
    std::vector<StreamId> users;
    bool returned = false;
  };
  Borrowed* borrow(void* data, StreamId stream, DeviceMemory::TakeBack take_back, void* context);
  void give_back(Borrowed* borrowed, StreamId current) noexcept;

  // The stream is a graph's: from the beginning of its capture on.
  void hold(StreamId stream);
  void end_capture(StreamId stream) noexcept;  // later blocks of other streams are unknown to the graph
  // The stream has done its work and gets no more; the graph, if it is one's, is gone.
  void retire(StreamId stream) noexcept;

  void empty_cache() noexcept;
  void set_limit(uint64_t bytes);
  DeviceMemoryStats stats() const;
  void reset_peak_stats();

 private:
  static constexpr int kBinsPerPower = 8;
  static constexpr int kBins = 40 * kBinsPerPower;  // from 2^9 bytes
  struct Block;
  struct Bins {
    uint64_t filled[kBins / 64] = {};  // a bit for each bin that has blocks
    Block* first[kBins] = {};
  };
  // Small requests have segments of their own, lest they split what large ones need.
  struct Pool {
    StreamId stream;
    bool retired = false;  // there is no such stream any more; what remains goes back to the device
    int segments = 0;
    Bins small, large;
  };
  // A piece of a segment; neighbours in memory are linked, and so are the free ones of a bin.
  struct Block {
    char* data;
    size_t size;
    Pool* pool;
    bool small;
    bool free;
    uint64_t born;  // how many blocks were handed out before
    std::vector<StreamId> users;
    Block* before;
    Block* after;
    Block* bin_before;
    Block* bin_after;
    Bins& bins() const { return small ? pool->small : pool->large; }
  };

  struct Hold {
    static constexpr uint64_t kCapturing = UINT64_MAX;
    StreamId stream;
    uint64_t born_before;  // blocks that the graph may know
  };

  static int bin_of(size_t size);
  Pool& pool_of(StreamId stream);
  Block* take_free(Bins& bins, size_t size) noexcept;
  void put_free(Block* block) noexcept;
  void remove_free(Block* block) noexcept;
  bool is_held(uint64_t born, const Pool* pool) const noexcept;
  bool is_capturing(StreamId stream) const noexcept;
  void order(StreamId stream, StreamId before) noexcept;
  void free_used(Block* block) noexcept;
  void retire_pool(StreamId stream) noexcept;
  void release_returned(std::unique_lock<std::mutex>& lock) noexcept;
  void release_segment(Block* block) noexcept;
  void release_unused(Pool& pool) noexcept;
  Block* new_segment(Pool& pool, bool small, size_t size);
  void split(Block* block, size_t size) noexcept;
  void release_unused() noexcept;
  void prepare_blocks();
  Block* make_block() noexcept;
  void recycle(Block* block) noexcept;
  [[noreturn]] void fail_out_of_memory(size_t nbytes);

  mutable std::mutex mutex_;
  std::unique_ptr<SegmentSource> source_;
  std::unordered_map<StreamId, std::unique_ptr<Pool>> pools_;
  std::vector<std::unique_ptr<Pool>> retired_;
  std::vector<Hold> holds_;
  Block* parked_ = nullptr;  // freed, but known to a graph; linked by bin_after
  std::list<Borrowed> borrowed_;
  uint64_t born_ = 0;
  std::unordered_map<void*, Block*> used_;
  std::vector<std::unique_ptr<Block[]>> block_chunks_;
  Block* spare_blocks_ = nullptr;  // linked by bin_after
  int spare_count_ = 0;
  DeviceMemoryStats stats_;
};

}  // namespace tt::cuda
