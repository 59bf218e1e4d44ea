#include "cuda/runtime/caching_allocator.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace tt::cuda {

namespace {

constexpr size_t kSmallLimit = size_t{1} << 20;      // larger requests are large ones
constexpr size_t kSmallSegment = size_t{2} << 20;    // of small requests
constexpr size_t kSharedLimit = size_t{10} << 20;    // large requests up to it share segments
constexpr size_t kSharedSegment = size_t{32} << 20;  // of this size
constexpr size_t kLargeGrain = size_t{2} << 20;      // other segments are multiples of it
constexpr size_t kLargest = size_t{1} << 48;         // no device has as much
// What is left of a block is kept apart from this size on.
constexpr size_t kSmallRemainder = kBlockAlignment;
constexpr size_t kLargeRemainder = size_t{1} << 20;
constexpr int kLooksInBin = 32;
constexpr int kBlockChunk = 256;

void add_to(std::vector<StreamId>& streams, StreamId stream) {
  if (std::ranges::find(streams, stream) == streams.end()) streams.push_back(stream);
}

size_t round_up(size_t n, size_t grain) { return (n + grain - 1) / grain * grain; }

std::string in_units(uint64_t bytes) {
  const char* unit = " bytes";
  uint64_t tenths = bytes * 10;
  if (bytes < 1024) return str(bytes, unit);
  for (const char* next : {" KiB", " MiB", " GiB"}) {
    if (tenths < 10240) break;
    tenths /= 1024;
    unit = next;
  }
  return str(tenths / 10, ".", tenths % 10, unit);
}

}  // namespace

CachingAllocator::CachingAllocator(std::unique_ptr<SegmentSource> source) : source_(std::move(source)) {}

CachingAllocator::~CachingAllocator() { release_unused(); }

int CachingAllocator::bin_of(size_t size) {
  const int log = static_cast<int>(std::bit_width(size)) - 1;
  const int eighth = static_cast<int>(size >> (log - 3)) & (kBinsPerPower - 1);
  return (log - 9) * kBinsPerPower + eighth;
}

CachingAllocator::Pool& CachingAllocator::pool_of(StreamId stream) {
  std::unique_ptr<Pool>& pool = pools_[stream];
  if (pool == nullptr) {
    pool = std::make_unique<Pool>();
    pool->stream = stream;
    retired_.reserve(retired_.size() + pools_.size());  // that retire() needs no memory
  }
  return *pool;
}

void* CachingAllocator::allocate(size_t nbytes, StreamId stream) {
  const std::lock_guard lock(mutex_);
  if (nbytes > kLargest) fail_out_of_memory(nbytes);
  const size_t size = round_up(std::max<size_t>(nbytes, 1), kBlockAlignment);
  const bool small = size <= kSmallLimit;
  Pool& pool = pool_of(stream);
  prepare_blocks();
  Block* block = take_free(small ? pool.small : pool.large, size);
  if (block == nullptr) block = new_segment(pool, small, size);
  if (block == nullptr) fail_out_of_memory(nbytes);
  block->free = false;
  if (block->size - size >= (small ? kSmallRemainder : kLargeRemainder)) split(block, size);
  try {
    used_.emplace(block->data, block);
  } catch (...) {
    put_free(block);
    throw;
  }
  block->born = born_++;
  stats_.allocated += block->size;
  stats_.peak_allocated = std::max(stats_.peak_allocated, stats_.allocated);
  return block->data;
}

void CachingAllocator::deallocate(void* data, StreamId current) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = used_.find(data);
  if (found == used_.end()) return;
  Block* block = found->second;
  used_.erase(found);
  // Also where it is parked: what uses it now may still run when it is let go.
  if (!block->pool->retired) {
    order(block->pool->stream, current);
    for (StreamId user : block->users) order(block->pool->stream, user);
  }
  if (is_held(block->born, block->pool)) {
    block->bin_after = parked_;
    parked_ = block;
    return;
  }
  free_used(block);
}

// A stream that is being captured does nothing, and must not be tied to one that does.
void CachingAllocator::order(StreamId stream, StreamId before) noexcept {
  if (stream != before && !is_capturing(stream) && !is_capturing(before)) source_->wait(stream, before);
}

void CachingAllocator::add_user(void* data, StreamId stream) {
  const std::lock_guard lock(mutex_);
  const auto found = used_.find(data);
  if (found != used_.end() && found->second->pool->stream != stream) add_to(found->second->users, stream);
  for (Borrowed& borrowed : borrowed_) {
    if (borrowed.data != data) continue;
    borrowed.users.reserve(borrowed.users.size() + 2);  // that give_back() needs no memory
    add_to(borrowed.users, stream);
  }
}

CachingAllocator::Borrowed* CachingAllocator::borrow(void* data, StreamId stream,
                                                     DeviceMemory::TakeBack take_back, void* context) {
  std::vector<StreamId> users;
  users.reserve(2);
  users.push_back(stream);
  const std::lock_guard lock(mutex_);
  return &borrowed_.emplace_back(Borrowed{data, take_back, context, born_++, std::move(users)});
}

void CachingAllocator::give_back(Borrowed* borrowed, StreamId current) noexcept {
  std::unique_lock lock(mutex_);
  add_to(borrowed->users, current);
  borrowed->returned = true;
  release_returned(lock);
}

// Unlocks: those whose memory it is may call back.
void CachingAllocator::release_returned(std::unique_lock<std::mutex>& lock) noexcept {
  std::list<Borrowed> done;
  for (auto at = borrowed_.begin(); at != borrowed_.end();) {
    const auto borrowed = at++;
    if (!borrowed->returned || is_held(borrowed->born, nullptr)) continue;
    // Here, because a stream that is about to go waits for the lock.
    for (StreamId user : borrowed->users) source_->synchronize(user);
    done.splice(done.end(), borrowed_, borrowed);
  }
  lock.unlock();
  for (const Borrowed& borrowed : done) borrowed.take_back(borrowed.data, borrowed.context);
}

// Whether a graph may know memory that was handed out as the born-th, of the pool or, null, of somebody else.
bool CachingAllocator::is_held(uint64_t born, const Pool* pool) const noexcept {
  return std::ranges::any_of(holds_, [&](const Hold& hold) {
    // A stream that is gone may have left its handle to another.
    const bool own = pool != nullptr && !pool->retired && hold.stream == pool->stream;
    return !own && born < hold.born_before;
  });
}

bool CachingAllocator::is_capturing(StreamId stream) const noexcept {
  return std::ranges::any_of(holds_, [&](const Hold& hold) {
    return hold.stream == stream && hold.born_before == Hold::kCapturing;
  });
}

void CachingAllocator::hold(StreamId stream) {
  const std::lock_guard lock(mutex_);
  holds_.push_back({stream, Hold::kCapturing});
}

void CachingAllocator::end_capture(StreamId stream) noexcept {
  const std::lock_guard lock(mutex_);
  for (Hold& hold : holds_) {
    if (hold.stream == stream) hold.born_before = born_;
  }
}

void CachingAllocator::retire(StreamId stream) noexcept {
  std::unique_lock lock(mutex_);
  std::erase_if(holds_, [&](const Hold& hold) { return hold.stream == stream; });
  Block* waiting = parked_;
  parked_ = nullptr;
  while (waiting != nullptr) {
    Block* block = waiting;
    waiting = block->bin_after;
    if (is_held(block->born, block->pool)) {
      block->bin_after = parked_;
      parked_ = block;
    } else {
      free_used(block);
    }
  }
  for (auto& [data, block] : used_) std::erase(block->users, stream);
  for (Borrowed& borrowed : borrowed_) std::erase(borrowed.users, stream);
  retire_pool(stream);
  release_returned(lock);
}

void CachingAllocator::retire_pool(StreamId stream) noexcept {
  const auto found = pools_.find(stream);
  if (found == pools_.end()) return;
  found->second->retired = true;
  release_unused(*found->second);
  if (found->second->segments > 0) retired_.push_back(std::move(found->second));
  pools_.erase(found);
}

void CachingAllocator::empty_cache() noexcept {
  const std::lock_guard lock(mutex_);
  release_unused();
}

void CachingAllocator::set_limit(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_.limit = bytes;
}

DeviceMemoryStats CachingAllocator::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void CachingAllocator::reset_peak_stats() {
  const std::lock_guard lock(mutex_);
  stats_.peak_allocated = stats_.allocated;
  stats_.peak_reserved = stats_.reserved;
}

// Takes a block of at least `size` bytes out of its bin, or returns null.
CachingAllocator::Block* CachingAllocator::take_free(Bins& bins, size_t size) noexcept {
  const int own = bin_of(size);
  Block* block = bins.first[own];
  for (int looks = 0; block != nullptr && block->size < size; ++looks) {
    block = looks < kLooksInBin ? block->bin_after : nullptr;
  }
  for (int bin = own + 1; block == nullptr && bin < kBins;) {
    const uint64_t filled = bins.filled[bin / 64] >> (bin % 64);
    if (filled == 0) {
      bin = (bin / 64 + 1) * 64;
    } else {
      bin += std::countr_zero(filled);
      block = bins.first[bin];
    }
  }
  if (block != nullptr) remove_free(block);
  return block;
}

// Joins the block with its free neighbours and puts it into its bin.
void CachingAllocator::put_free(Block* block) noexcept {
  if (Block* after = block->after; after != nullptr && after->free) {
    remove_free(after);
    block->size += after->size;
    block->after = after->after;
    if (block->after != nullptr) block->after->before = block;
    recycle(after);
  }
  if (Block* before = block->before; before != nullptr && before->free) {
    remove_free(before);
    before->size += block->size;
    before->after = block->after;
    if (before->after != nullptr) before->after->before = before;
    recycle(block);
    block = before;
  }
  block->free = true;
  Bins& bins = block->bins();
  const int bin = bin_of(block->size);
  block->bin_before = nullptr;
  block->bin_after = bins.first[bin];
  if (block->bin_after != nullptr) block->bin_after->bin_before = block;
  bins.first[bin] = block;
  bins.filled[bin / 64] |= uint64_t{1} << (bin % 64);
}

void CachingAllocator::free_used(Block* block) noexcept {
  block->users.clear();
  stats_.allocated -= block->size;
  Pool* pool = block->pool;
  put_free(block);
  if (!pool->retired) return;
  release_unused(*pool);
  if (pool->segments == 0) std::erase_if(retired_, [&](const auto& p) { return p.get() == pool; });
}

void CachingAllocator::remove_free(Block* block) noexcept {
  Bins& bins = block->bins();
  const int bin = bin_of(block->size);
  if (block->bin_after != nullptr) block->bin_after->bin_before = block->bin_before;
  if (block->bin_before != nullptr) {
    block->bin_before->bin_after = block->bin_after;
  } else {
    bins.first[bin] = block->bin_after;
    if (block->bin_after == nullptr) bins.filled[bin / 64] &= ~(uint64_t{1} << (bin % 64));
  }
  block->free = false;
}

// A segment that is one block of at least `size` bytes, or null.
CachingAllocator::Block* CachingAllocator::new_segment(Pool& pool, bool small, size_t size) {
  const size_t preferred = small                  ? kSmallSegment
                           : size <= kSharedLimit ? kSharedSegment
                                                  : round_up(size, kLargeGrain);
  // Where memory or the limit is tight, a segment without room for others does too.
  const size_t sizes[] = {preferred, small ? kSmallSegment : round_up(size, kLargeGrain)};
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (attempt == 2) release_unused();
    const size_t nbytes = sizes[std::min(attempt, 1)];
    if (attempt == 1 && nbytes == preferred) continue;
    if (stats_.limit != 0 && stats_.reserved + nbytes > stats_.limit) continue;
    void* data = source_->allocate(nbytes);
    if (data == nullptr) continue;
    Block* block = make_block();
    *block = Block{
        static_cast<char*>(data), nbytes, &pool, small, false, 0, {}, nullptr, nullptr, nullptr, nullptr};
    ++pool.segments;
    stats_.reserved += nbytes;
    stats_.peak_reserved = std::max(stats_.peak_reserved, stats_.reserved);
    return block;
  }
  return nullptr;
}

void CachingAllocator::split(Block* block, size_t size) noexcept {
  Block* rest = make_block();
  *rest = Block{block->data + size,
                block->size - size,
                block->pool,
                block->small,
                false,
                0,
                {},
                block,
                block->after,
                nullptr,
                nullptr};
  if (rest->after != nullptr) rest->after->before = rest;
  block->after = rest;
  block->size = size;
  put_free(rest);
}

void CachingAllocator::release_unused() noexcept {
  for (auto& [stream, pool] : pools_) {
    const bool held =
        std::ranges::any_of(holds_, [&of = stream](const Hold& hold) { return hold.stream == of; });
    if (!held) release_unused(*pool);
  }
}

// Gives back the segments that are one free block.
void CachingAllocator::release_unused(Pool& pool) noexcept {
  for (Bins* bins : {&pool.small, &pool.large}) {
    for (Block* first : bins->first) {
      for (Block* block = first; block != nullptr;) {
        Block* next = block->bin_after;
        if (block->before == nullptr && block->after == nullptr) release_segment(block);
        block = next;
      }
    }
  }
}

void CachingAllocator::release_segment(Block* block) noexcept {
  remove_free(block);
  --block->pool->segments;
  stats_.reserved -= block->size;
  source_->release(block->data, block->size);
  recycle(block);
}

// An allocation makes two blocks at most.
void CachingAllocator::prepare_blocks() {
  if (spare_count_ >= 2) return;
  block_chunks_.push_back(std::make_unique<Block[]>(kBlockChunk));
  for (int i = 0; i < kBlockChunk; ++i) recycle(&block_chunks_.back()[i]);
}

CachingAllocator::Block* CachingAllocator::make_block() noexcept {
  Block* block = spare_blocks_;
  spare_blocks_ = block->bin_after;
  --spare_count_;
  return block;
}

void CachingAllocator::recycle(Block* block) noexcept {
  block->bin_after = spare_blocks_;
  spare_blocks_ = block;
  ++spare_count_;
}

void CachingAllocator::fail_out_of_memory(size_t nbytes) {
  std::string limit;
  if (stats_.limit != 0) limit = str("; the limit is ", in_units(stats_.limit));
  fail(Status::kOutOfMemory, "CUDA out of memory: could not allocate ", in_units(nbytes), "; ",
       source_->describe(), "; this process's tensors hold ", in_units(stats_.allocated), " of ",
       in_units(stats_.reserved), " reserved", limit);
}

}  // namespace tt::cuda
