#include "base/live.h"

#include <cstdlib>
#include <new>

#include "base/thread_state.h"

namespace tt {

constinit thread_local LiveCounts* t_live = nullptr;

namespace {

// A thread's counts, which the next thread goes on with when it has ended.
struct Node : LiveCounts {
  Node* next = nullptr;
  std::atomic<bool> taken{true};
};
std::atomic<Node*> g_nodes{nullptr};
LiveCounts g_shared{};  // of threads that have none of their own

Node* take_node() noexcept {
  for (Node* node = g_nodes.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (!node->taken.exchange(true, std::memory_order_acquire)) return node;
  }
  void* memory = std::malloc(sizeof(Node));
  if (memory == nullptr) return nullptr;
  Node* const node = new (memory) Node{};
  node->next = g_nodes.load(std::memory_order_relaxed);
  while (!g_nodes.compare_exchange_weak(node->next, node, std::memory_order_release)) {
  }
  return node;
}

void end_counts() noexcept {
  if (t_live == nullptr) return;
  static_cast<Node*>(t_live)->taken.store(false, std::memory_order_release);
  t_live = nullptr;
}

}  // namespace

void count_live_slowly(Counted what, int64_t change) noexcept {
  if (keep_until_thread_ends(ThreadState::kLiveCounts, end_counts)) t_live = take_node();
  if (t_live != nullptr) return count_live(what, change);
  g_shared.counts[static_cast<size_t>(what)].fetch_add(change, std::memory_order_relaxed);
}

int64_t live(Counted what) noexcept {
  const auto index = static_cast<size_t>(what);
  int64_t sum = g_shared.counts[index].load(std::memory_order_relaxed);
  for (const Node* node = g_nodes.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    sum += node->counts[index].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace tt
