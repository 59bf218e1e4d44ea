#include "cuda/runtime/staging_pool.h"

namespace tt::cuda {

StagingPool::StagingPool(std::unique_ptr<StagingSource> source) : source_(std::move(source)) {
  slots_.reserve(kMaxSlots);
  free_.reserve(kMaxSlots);
}

StagingPool::Slot* StagingPool::take() {
  const std::lock_guard lock(mutex_);
  while (oldest_ != nullptr && source_->done(oldest_->event)) free_oldest();
  if (free_.empty() && slots_.size() < kMaxSlots) {
    if (next_ == nullptr) next_ = std::make_unique<Slot>();
    if (next_->event == nullptr) next_->event = source_->make_event();
    next_->data = source_->allocate(kSlotBytes);
    if (next_->data != nullptr) {
      free_.push_back(next_.get());
      slots_.push_back(std::move(next_));
    }
  }
  if (free_.empty()) {
    if (oldest_ == nullptr) return nullptr;
    source_->wait(oldest_->event);
    free_oldest();
  }
  Slot* slot = free_.back();
  free_.pop_back();
  return slot;
}

void StagingPool::give_back(Slot* slot, bool pending) noexcept {
  const std::lock_guard lock(mutex_);
  if (!pending) {
    free_.push_back(slot);  // there is room for every slot
    return;
  }
  slot->next = nullptr;
  (oldest_ == nullptr ? oldest_ : newest_->next) = slot;
  newest_ = slot;
}

void StagingPool::free_oldest() noexcept {
  free_.push_back(oldest_);
  oldest_ = oldest_->next;
}

}  // namespace tt::cuda
