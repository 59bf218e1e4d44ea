#include "cpu/runtime/graph_memory.h"

#include "base/memory.h"

namespace tt::cpu {

GraphMemory::~GraphMemory() {
  for (const Block& block : blocks_) free_block(block.data, block.size);
}

void GraphMemory::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

Ref<Storage> GraphMemory::allocate(size_t nbytes) {
  // With a header that has no memory yet nothing is lost where there is none.
  const Ref<Storage> storage = Storage::wrap(nullptr, nbytes, Device{}, nullptr, nullptr);
  Block& block = take(nbytes);
  storage->set_graph_memory(block.data, let_go, &block);
  references_.fetch_add(1, std::memory_order_relaxed);
  return storage;
}

bool GraphMemory::owns(const Storage& storage) const {
  return storage.has_deleter(let_go) && static_cast<const Block*>(storage.context())->memory == this;
}

GraphMemory::Block& GraphMemory::take(size_t size) {
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  const Lock lock(mutex_);
  // A block twice as large is better than a new one: what lies close together stays in the cache.
  const auto found = free_.lower_bound(size);
  if (found != free_.end() && found->first <= 2 * size) {
    Block& block = *found->second;
    free_.erase(found);
    return block;
  }
  Block& block = blocks_.emplace_back(Block{this, nullptr, size});
  try {
    block.data = allocate_block(size);
  } catch (...) {
    blocks_.pop_back();
    throw;
  }
  return block;
}

void GraphMemory::give_back(Block& block) noexcept {
  const Lock lock(mutex_);
  try {
    // The one that was used last comes first: it is in the cache.
    free_.emplace_hint(free_.lower_bound(block.size), block.size, &block);
  } catch (const std::bad_alloc&) {
    // It is not used again, and goes with the others.
  }
}

void GraphMemory::let_go(void*, void* context) {
  Block& block = *static_cast<Block*>(context);
  GraphMemory* const memory = block.memory;
  memory->give_back(block);
  memory->release();
}

}  // namespace tt::cpu
