#include "cuda/runtime/pinned.h"

#include <algorithm>

#include "cuda/runtime/common.h"

namespace tt::cuda {

PinnedBlocks& pinned_blocks() {
  static PinnedBlocks& blocks = *new PinnedBlocks;  // outlives every handle
  return blocks;
}

void* PinnedBlocks::allocate(size_t nbytes) {
  void* data = nullptr;
  TT_CUDA_CHECK(cudaHostAlloc(&data, std::max<size_t>(nbytes, 1), cudaHostAllocPortable));
  const std::lock_guard lock(mutex_);
  try {
    blocks_[static_cast<char*>(data)] = {nbytes, {}};
  } catch (...) {
    cudaFreeHost(data);
    throw;
  }
  return data;
}

void PinnedBlocks::deallocate(void* data) noexcept {
  std::vector<User> users;
  {
    const std::lock_guard lock(mutex_);
    const auto found = blocks_.find(static_cast<char*>(data));
    if (found == blocks_.end()) return;
    users = std::move(found->second.users);
    blocks_.erase(found);
  }
  for (const User& user : users) {
    if (cudaEventSynchronize(user.event) != cudaSuccess) cudaGetLastError();
    cudaEventDestroy(user.event);
  }
  if (cudaFreeHost(data) != cudaSuccess) cudaGetLastError();
}

void PinnedBlocks::add_user(const void* data, cudaStream_t stream) {
  const std::lock_guard lock(mutex_);
  auto found = blocks_.upper_bound(static_cast<const char*>(data));
  if (found == blocks_.begin()) return;
  --found;
  std::vector<User>& users = found->second.users;
  auto user = std::ranges::find(users, stream, &User::stream);
  if (user == users.end()) {
    cudaEvent_t event = nullptr;
    if (cudaEventCreateWithFlags(&event, cudaEventDisableTiming) != cudaSuccess) {
      cudaGetLastError();
      TT_CUDA_CHECK(cudaStreamSynchronize(stream));  // then there is nothing to wait for
      return;
    }
    user = users.insert(users.end(), {stream, event});
  }
  TT_CUDA_CHECK(cudaEventRecord(user->event, stream));
}

}  // namespace tt::cuda
