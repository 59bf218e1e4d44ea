// The memory of a captured graph: blocks that are used again during the capture as tensors let go of them,
// and by nobody else until graph and tensors are gone.
#pragma once

#include <atomic>
#include <deque>
#include <map>

#include "base/mutex.h"
#include "tensor/storage.h"

namespace tt::cpu {

class GraphMemory {
 public:
  // With one reference; storages hold others.
  static GraphMemory* create() { return new GraphMemory; }
  void release() noexcept;

  Ref<Storage> allocate(size_t nbytes);
  bool owns(const Storage& storage) const;

 private:
  struct Block {
    GraphMemory* memory;
    void* data;
    size_t size;
  };

  GraphMemory() = default;
  ~GraphMemory();
  Block& take(size_t size);
  void give_back(Block& block) noexcept;
  static void let_go(void* data, void* context);

  std::atomic<size_t> references_{1};
  Mutex mutex_{LockLevel::kGraphMemory};  // tensors let go on any thread
  std::deque<Block> blocks_;
  std::multimap<size_t, Block*> free_;  // by size
};

}  // namespace tt::cpu
