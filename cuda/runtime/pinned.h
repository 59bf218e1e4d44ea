// Page-locked host memory for tensors. A block's copies may still be under way when its owner lets go of it,
// so it remembers an event for each stream that uses it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace tt::cuda {

class PinnedBlocks {
 public:
  void* allocate(size_t nbytes);
  // Waits for the copies.
  void deallocate(void* data) noexcept;
  // A copy of memory within a block was put on the stream of the thread's device.
  void add_user(const void* data, cudaStream_t stream);

 private:
  struct User {
    cudaStream_t stream;
    cudaEvent_t event;
  };
  struct Block {
    size_t nbytes;
    std::vector<User> users;
  };

  std::mutex mutex_;
  std::map<const char*, Block> blocks_;
};

PinnedBlocks& pinned_blocks();

}  // namespace tt::cuda
