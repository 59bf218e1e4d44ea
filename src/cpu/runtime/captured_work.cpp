#include "cpu/runtime/captured_work.h"

#include <algorithm>

namespace tt::cpu {

CapturedWork::~CapturedWork() {
  for (Item* item = first_; item != nullptr; item = item->next) {
    if (item->destroy != nullptr) item->destroy(item);
  }
  for (const Chunk& chunk : chunks_) free_block(chunk.memory, chunk.size);
}

void* CapturedWork::take(size_t size) {
  constexpr size_t kChunk = size_t{16} << 10;
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (size > left_) {
    const size_t bytes = std::max(kChunk, size);
    // In the list first: where there is no memory nothing is lost.
    Chunk& chunk = chunks_.emplace_back(Chunk{nullptr, bytes});
    try {
      chunk.memory = allocate_block(bytes);
    } catch (...) {
      chunks_.pop_back();
      throw;
    }
    at_ = static_cast<std::byte*>(chunk.memory);
    left_ = bytes;
  }
  left_ -= size;
  return std::exchange(at_, at_ + size);
}

}  // namespace tt::cpu
