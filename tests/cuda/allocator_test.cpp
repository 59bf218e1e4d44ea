// The caching allocator and the staging pool over pretended devices.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "base/error.h"
#include "cuda/runtime/arch_list.h"
#include "cuda/runtime/caching_allocator.h"
#include "cuda/runtime/staging_pool.h"

namespace tt::cuda {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
const StreamId kStream = reinterpret_cast<StreamId>(1);
const StreamId kOther = reinterpret_cast<StreamId>(2);

// A device of `capacity` bytes, whose memory is addresses without anything behind them.
struct FakeDevice final : SegmentSource {
  explicit FakeDevice(size_t bytes) : capacity(bytes) {}
  void* allocate(size_t nbytes) override {
    ++calls;
    if (used + nbytes > capacity) return nullptr;
    used += nbytes;
    char* data = reinterpret_cast<char*>(next);
    next += nbytes + (size_t{1} << 30);
    segments[data] = nbytes;
    return data;
  }
  void release(void* segment, size_t nbytes) noexcept override {
    ++releases;
    const auto found = segments.find(static_cast<char*>(segment));
    if (found == segments.end() || found->second != nbytes) {
      ++wrong_releases;
      return;
    }
    segments.erase(found);
    used -= nbytes;
  }
  void wait(StreamId stream, StreamId before) noexcept override { waits.emplace_back(stream, before); }
  void synchronize(StreamId stream) noexcept override { synchronized.push_back(stream); }
  std::string describe() override { return "cuda:0 is pretended"; }
  bool holds(const void* data, size_t nbytes) const {
    auto found = segments.upper_bound(static_cast<char*>(const_cast<void*>(data)));
    if (found == segments.begin()) return false;
    --found;
    return static_cast<const char*>(data) + nbytes <= found->first + found->second;
  }

  const size_t capacity;
  uintptr_t next = uintptr_t{1} << 40;
  size_t used = 0;
  int calls = 0;
  int releases = 0;
  int wrong_releases = 0;
  std::map<char*, size_t> segments;
  std::vector<std::pair<StreamId, StreamId>> waits;
  std::vector<StreamId> synchronized;
};

struct Fixture {
  explicit Fixture(size_t capacity) {
    auto source = std::make_unique<FakeDevice>(capacity);
    device = source.get();
    allocator = std::make_unique<CachingAllocator>(std::move(source));
  }
  FakeDevice* device;
  std::unique_ptr<CachingAllocator> allocator;
};

TEST(CachingAllocator, HandsOutDistinctAlignedBlocksOfOneSegment) {
  Fixture f(64 * kMiB);
  std::set<char*> blocks;
  for (int i = 0; i < 100; ++i) {
    char* data = static_cast<char*>(f.allocator->allocate(1000, kStream));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % kBlockAlignment, 0u);
    EXPECT_TRUE(f.device->holds(data, 1000));
    for (char* other : blocks) EXPECT_GE(std::abs(data - other), 1000);
    blocks.insert(data);
  }
  EXPECT_EQ(f.device->calls, 1);
  EXPECT_EQ(f.allocator->stats().allocated, 100u * 1024);
  EXPECT_EQ(f.allocator->stats().reserved, 2 * kMiB);
  for (char* data : blocks) f.allocator->deallocate(data, kStream);
  EXPECT_EQ(f.allocator->stats().allocated, 0u);
  EXPECT_EQ(f.allocator->stats().peak_allocated, 100u * 1024);
}

TEST(CachingAllocator, ReusesFreedBlocksWithoutTheDevice) {
  Fixture f(256 * kMiB);
  const size_t sizes[] = {0, 1, 513, 4096, 700'000, 3 * kMiB, 21 * kMiB + 5};
  for (int round = 0; round < 5; ++round) {
    std::vector<void*> blocks;
    for (const size_t size : sizes) blocks.push_back(f.allocator->allocate(size, kStream));
    for (void* block : blocks) f.allocator->deallocate(block, kStream);
  }
  EXPECT_EQ(f.device->calls, 2);  // a segment of small requests, one of large ones
  EXPECT_TRUE(f.device->waits.empty());
  void* first = f.allocator->allocate(40 * kMiB, kStream);
  f.allocator->deallocate(first, kStream);
  EXPECT_EQ(f.allocator->allocate(40 * kMiB, kStream), first);
  EXPECT_EQ(f.device->calls, 3);
}

TEST(CachingAllocator, JoinsFreeNeighbours) {
  Fixture f(64 * kMiB);
  void* blocks[4];
  for (void*& block : blocks) block = f.allocator->allocate(kMiB / 2, kStream);
  EXPECT_EQ(f.device->calls, 1);
  for (const int i : {1, 3, 0, 2}) f.allocator->deallocate(blocks[i], kStream);
  void* a = f.allocator->allocate(kMiB, kStream);
  void* b = f.allocator->allocate(kMiB, kStream);
  EXPECT_EQ(f.device->calls, 1);
  f.allocator->deallocate(a, kStream);
  f.allocator->deallocate(b, kStream);
}

TEST(CachingAllocator, KeepsStreamsApartAndOrdersThem) {
  Fixture f(64 * kMiB);
  void* a = f.allocator->allocate(4096, kStream);
  f.allocator->deallocate(a, kStream);
  void* b = f.allocator->allocate(4096, kOther);
  EXPECT_NE(a, b);
  EXPECT_TRUE(f.device->waits.empty());
  f.allocator->deallocate(b, kStream);  // the stream that freed it may still use it
  ASSERT_EQ(f.device->waits.size(), 1u);
  EXPECT_EQ(f.device->waits[0], (std::pair{kOther, kStream}));
  EXPECT_EQ(f.allocator->allocate(4096, kOther), b);
}

TEST(CachingAllocator, EmptiesTheCacheBeforeItFails) {
  Fixture f(50 * kMiB);
  void* a = f.allocator->allocate(40 * kMiB, kStream);
  f.allocator->deallocate(a, kStream);
  void* b = f.allocator->allocate(46 * kMiB, kOther);
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(f.device->releases, 1);
  EXPECT_EQ(f.allocator->stats().reserved, 46 * kMiB);
}

TEST(CachingAllocator, RunsOutOfMemoryWithoutHarm) {
  Fixture f(50 * kMiB);
  void* kept = f.allocator->allocate(20 * kMiB, kStream);
  const DeviceMemoryStats before = f.allocator->stats();
  try {
    f.allocator->allocate(40 * kMiB, kStream);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Status::kOutOfMemory);
    EXPECT_EQ(error.message(),
              "CUDA out of memory: could not allocate 40.0 MiB; cuda:0 is pretended; this process's tensors "
              "hold 20.0 MiB of 20.0 MiB reserved");
  }
  EXPECT_THROW(f.allocator->allocate(~size_t{0}, kStream), Error);
  EXPECT_EQ(f.allocator->stats().allocated, before.allocated);
  f.allocator->deallocate(kept, kStream);
  EXPECT_NE(f.allocator->allocate(40 * kMiB, kStream), nullptr);
}

TEST(CachingAllocator, TakesLessThanASharedSegmentWhereMemoryIsTight) {
  Fixture f(8 * kMiB);
  EXPECT_NE(f.allocator->allocate(3 * kMiB, kStream), nullptr);
  EXPECT_EQ(f.allocator->stats().reserved, 4 * kMiB);
}

TEST(CachingAllocator, KeepsToItsLimit) {
  Fixture f(256 * kMiB);
  f.allocator->set_limit(64 * kMiB);
  void* a = f.allocator->allocate(40 * kMiB, kStream);
  EXPECT_THROW(f.allocator->allocate(40 * kMiB, kStream), Error);
  f.allocator->deallocate(a, kStream);
  a = f.allocator->allocate(60 * kMiB, kStream);
  EXPECT_LE(f.device->used, 64 * kMiB);
  f.allocator->set_limit(0);
  EXPECT_NE(f.allocator->allocate(100 * kMiB, kStream), nullptr);
}

TEST(CachingAllocator, EmptyCacheGivesEverythingBack) {
  Fixture f(512 * kMiB);
  std::vector<void*> blocks;
  for (const size_t size : {size_t{100}, 2 * kMiB, 30 * kMiB})
    blocks.push_back(f.allocator->allocate(size, kStream));
  f.allocator->deallocate(blocks[2], kStream);
  f.allocator->empty_cache();
  EXPECT_EQ(f.allocator->stats().reserved, 34 * kMiB);  // the others hold their segments
  f.allocator->deallocate(blocks[0], kStream);
  f.allocator->deallocate(blocks[1], kStream);
  f.allocator->empty_cache();
  EXPECT_EQ(f.allocator->stats().reserved, 0u);
  EXPECT_EQ(f.device->used, 0u);
  f.allocator->reset_peak_stats();
  EXPECT_EQ(f.allocator->stats().peak_reserved, 0u);
}

TEST(CachingAllocator, WaitsForEveryUser) {
  Fixture f(64 * kMiB);
  const StreamId third = reinterpret_cast<StreamId>(3);
  void* a = f.allocator->allocate(4096, kStream);
  f.allocator->add_user(a, kOther);
  f.allocator->add_user(a, kOther);
  f.allocator->add_user(a, kStream);  // its own
  f.allocator->add_user(a, third);
  f.allocator->retire(third);  // it is done
  f.allocator->deallocate(a, kStream);
  ASSERT_EQ(f.device->waits.size(), 1u);
  EXPECT_EQ(f.device->waits[0], (std::pair{kStream, kOther}));
  // The next owner has none of its users.
  EXPECT_EQ(f.allocator->allocate(4096, kStream), a);
  f.allocator->deallocate(a, kStream);
  EXPECT_EQ(f.device->waits.size(), 1u);
}

TEST(CachingAllocator, KeepsWhatAGraphKnows) {
  Fixture f(256 * kMiB);
  void* before = f.allocator->allocate(4096, kStream);
  f.allocator->hold(kOther);
  void* inside = f.allocator->allocate(4096, kOther);
  f.allocator->deallocate(inside, kOther);
  EXPECT_EQ(f.allocator->allocate(4096, kOther), inside);  // the capture may use its own memory again
  void* during = f.allocator->allocate(4096, kStream);  // another thread's, which the capture may have seen
  f.allocator->end_capture(kOther);
  void* after = f.allocator->allocate(4096, kStream);
  // Nobody gets what was there before the end of the capture, and no stream waits for the capture's.
  for (void* known : {before, during}) f.allocator->deallocate(known, kStream);
  f.allocator->deallocate(inside, kOther);
  EXPECT_TRUE(f.device->waits.empty());
  const void* fresh[3] = {};
  for (const void*& block : fresh) {
    block = f.allocator->allocate(4096, kStream);
    EXPECT_TRUE(block != before && block != during && block != inside);
  }
  EXPECT_GE(f.allocator->stats().allocated, 6u * 4096);
  f.allocator->empty_cache();  // not the graph's
  EXPECT_TRUE(f.device->holds(inside, 4096));
  f.allocator->deallocate(after, kStream);
  EXPECT_EQ(f.allocator->allocate(4096, kStream), after);  // unknown to the graph
  f.allocator->retire(kOther);
  EXPECT_FALSE(f.device->holds(inside, 4096));
  EXPECT_EQ(f.allocator->stats().allocated, 4u * 4096);
  std::set<void*> again;
  for (int i = 0; i < 2; ++i) again.insert(f.allocator->allocate(4096, kStream));
  EXPECT_EQ(again, (std::set<void*>{before, during}));
}

TEST(CachingAllocator, WaitsForWhoeverUsesWhatIsParked) {
  Fixture f(64 * kMiB);
  const StreamId graph = reinterpret_cast<StreamId>(5), user = reinterpret_cast<StreamId>(6);
  void* captured = f.allocator->allocate(4096, kStream);
  void* used = f.allocator->allocate(4096, kStream);
  f.allocator->hold(graph);
  void* own = f.allocator->allocate(4096, graph);
  // A stream that is captured neither waits nor is waited for.
  f.allocator->deallocate(captured, graph);
  f.allocator->deallocate(own, kStream);
  EXPECT_TRUE(f.device->waits.empty());
  f.allocator->end_capture(graph);
  f.allocator->add_user(used, user);
  f.allocator->deallocate(used, kOther);
  EXPECT_EQ(f.device->waits,
            (std::vector<std::pair<StreamId, StreamId>>{{kStream, kOther}, {kStream, user}}));
  f.allocator->retire(graph);
}

TEST(CachingAllocator, BlocksOutliveTheirStream) {
  Fixture f(256 * kMiB);
  void* a = f.allocator->allocate(kMiB / 2, kOther);
  void* b = f.allocator->allocate(kMiB / 2, kOther);
  f.allocator->retire(kOther);
  // A new stream of the same address has memory of its own, and nobody waits for the old one.
  void* c = f.allocator->allocate(kMiB / 2, kOther);
  EXPECT_EQ(f.device->segments.size(), 2u);
  f.allocator->deallocate(a, kStream);
  EXPECT_EQ(f.device->segments.size(), 2u);
  f.allocator->deallocate(b, kStream);
  EXPECT_EQ(f.device->segments.size(), 1u);
  EXPECT_TRUE(f.device->waits.empty());
  EXPECT_TRUE(f.device->holds(c, kMiB / 2));
  EXPECT_EQ(f.allocator->stats().allocated, kMiB / 2);
  EXPECT_EQ(f.allocator->stats().reserved, 2 * kMiB);
}

TEST(CachingAllocator, TwoGraphs) {
  Fixture f(256 * kMiB);
  const StreamId first = reinterpret_cast<StreamId>(5), second = reinterpret_cast<StreamId>(6);
  void* known = f.allocator->allocate(4096, kStream);
  for (const StreamId graph : {first, second}) {
    f.allocator->hold(graph);
    f.allocator->end_capture(graph);
  }
  f.allocator->deallocate(known, kStream);
  f.allocator->retire(first);
  EXPECT_NE(f.allocator->allocate(4096, kStream), known);
  f.allocator->retire(second);
  EXPECT_EQ(f.allocator->allocate(4096, kStream), known);
}

TEST(CachingAllocator, AGraphDoesNotOwnWhatAnotherOfItsStreamsHandleLeft) {
  Fixture f(256 * kMiB);
  f.allocator->hold(kOther);
  void* left = f.allocator->allocate(4096, kOther);
  f.allocator->end_capture(kOther);
  f.allocator->retire(kOther);
  f.allocator->hold(kOther);
  f.allocator->end_capture(kOther);
  f.allocator->deallocate(left, kStream);
  EXPECT_TRUE(f.device->holds(left, 4096));
  f.allocator->retire(kOther);
  EXPECT_FALSE(f.device->holds(left, 4096));
}

TEST(CachingAllocator, GivesBackWhatItBorrowed) {
  Fixture f(64 * kMiB);
  std::vector<void*> back;
  const auto take_back = [](void* data, void* context) {
    static_cast<std::vector<void*>*>(context)->push_back(data);
  };
  const StreamId user = reinterpret_cast<StreamId>(5), gone = reinterpret_cast<StreamId>(6);
  int memory[2];
  const auto borrow = [&](int& data) { return f.allocator->borrow(&data, kStream, take_back, &back); };
  auto* a = borrow(memory[0]);
  auto* b = borrow(memory[1]);
  for (const StreamId stream : {user, gone, user, kStream}) f.allocator->add_user(&memory[0], stream);
  f.allocator->retire(gone);
  f.allocator->give_back(a, kOther);
  EXPECT_EQ(f.device->synchronized, (std::vector<StreamId>{kStream, user, kOther}));
  EXPECT_EQ(back, (std::vector<void*>{&memory[0]}));

  // A graph keeps what may be known to it.
  f.allocator->hold(kOther);
  auto* during = borrow(memory[0]);
  f.allocator->end_capture(kOther);
  auto* after = borrow(memory[0]);
  back.clear();
  f.allocator->give_back(after, kStream);
  EXPECT_EQ(back, (std::vector<void*>{&memory[0]}));
  back.clear();
  f.allocator->give_back(during, kStream);
  f.allocator->give_back(b, kStream);
  EXPECT_TRUE(back.empty());
  f.allocator->retire(kOther);
  EXPECT_EQ(back, (std::vector<void*>{&memory[1], &memory[0]}));
}

// Random traffic: blocks never overlap, stay within their segments, and everything comes back.
TEST(CachingAllocator, SurvivesRandomTraffic) {
  Fixture f(size_t{1} << 30);
  std::mt19937 random(1);
  std::map<char*, size_t> blocks;
  for (int step = 0; step < 20'000; ++step) {
    if (blocks.size() < 200 && random() % 5 < 3) {
      const size_t size = random() % (size_t{1} << (random() % 25));
      char* data = static_cast<char*>(f.allocator->allocate(size, random() % 4 == 0 ? kOther : kStream));
      ASSERT_TRUE(f.device->holds(data, size));
      const auto after = blocks.lower_bound(data);
      if (after != blocks.end()) {
        ASSERT_LE(data + size, after->first);
      }
      if (after != blocks.begin()) {
        ASSERT_LE(std::prev(after)->first + std::prev(after)->second, data);
      }
      ASSERT_TRUE(blocks.emplace(data, std::max<size_t>(size, 1)).second);
    } else if (!blocks.empty()) {
      auto victim = std::next(blocks.begin(), static_cast<long>(random() % blocks.size()));
      f.allocator->deallocate(victim->first, kStream);
      blocks.erase(victim);
    }
    if (step % 1000 == 0) f.allocator->empty_cache();
  }
  for (const auto& [data, size] : blocks) f.allocator->deallocate(data, kStream);
  f.allocator->empty_cache();
  EXPECT_EQ(f.allocator->stats().allocated, 0u);
  EXPECT_EQ(f.allocator->stats().reserved, 0u);
  EXPECT_EQ(f.device->used, 0u);
  EXPECT_EQ(f.device->wrong_releases, 0);
}

struct FakeHost final : StagingSource {
  explicit FakeHost(int slots) : left(slots) {}
  void* allocate(size_t nbytes) override {
    if (left-- <= 0) return nullptr;
    memory.push_back(std::make_unique<char[]>(nbytes));
    return memory.back().get();
  }
  void* make_event() override { return &events.emplace_back(false); }
  bool done(void* event) override { return *static_cast<bool*>(event); }
  void wait(void* event) override {
    ++waits;
    *static_cast<bool*>(event) = true;
  }
  int left;
  int waits = 0;
  std::vector<std::unique_ptr<char[]>> memory;
  std::deque<bool> events;
};

TEST(StagingPool, ReusesSlotsOnceTheDeviceHasPassedThem) {
  auto source = std::make_unique<FakeHost>(100);
  FakeHost* host = source.get();
  StagingPool pool(std::move(source));
  StagingPool::Slot* a = pool.take();
  pool.give_back(a, false);
  EXPECT_EQ(pool.take(), a);
  pool.give_back(a, true);  // the device still reads it
  StagingPool::Slot* b = pool.take();
  EXPECT_NE(a, b);
  *static_cast<bool*>(a->event) = true;
  EXPECT_EQ(pool.take(), a);
  EXPECT_EQ(host->waits, 0);
}

TEST(StagingPool, WaitsForTheOldestWhereAllAreInUse) {
  auto source = std::make_unique<FakeHost>(100);
  FakeHost* host = source.get();
  StagingPool pool(std::move(source));
  std::vector<StagingPool::Slot*> slots;
  for (size_t i = 0; i < StagingPool::kMaxSlots; ++i) slots.push_back(pool.take());
  EXPECT_EQ(pool.take(), nullptr);  // the host itself has all of them
  for (StagingPool::Slot* slot : slots) pool.give_back(slot, true);
  EXPECT_EQ(pool.take(), slots[0]);
  EXPECT_EQ(pool.take(), slots[1]);
  EXPECT_EQ(host->waits, 2);
}

TEST(StagingPool, DoesWithoutPageLockedMemory) {
  auto source = std::make_unique<FakeHost>(0);
  FakeHost* host = source.get();
  StagingPool pool(std::move(source));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.take(), nullptr);
  EXPECT_EQ(host->events.size(), 1u);
  host->left = 1;
  EXPECT_NE(pool.take(), nullptr);
  EXPECT_EQ(host->events.size(), 1u);
}

TEST(ArchList, KnowsWhatRunsWhere) {
  EXPECT_TRUE(arch_list_supports("90", 9, 0));
  EXPECT_TRUE(arch_list_supports("90", 10, 0));  // through PTX
  EXPECT_FALSE(arch_list_supports("90", 8, 9));
  EXPECT_TRUE(arch_list_supports("80-real", 8, 6));
  EXPECT_FALSE(arch_list_supports("80-real", 9, 0));
  EXPECT_FALSE(arch_list_supports("86-real", 8, 0));
  EXPECT_TRUE(arch_list_supports("75-real 80-real 90-virtual", 12, 0));
  EXPECT_FALSE(arch_list_supports("75-real 80-real", 9, 0));
  EXPECT_TRUE(arch_list_supports("75-real 100-real", 10, 3));
  EXPECT_FALSE(arch_list_supports("90a", 10, 0));
  EXPECT_TRUE(arch_list_supports("90a", 9, 0));
  EXPECT_TRUE(arch_list_supports("native", 7, 5));
  EXPECT_FALSE(arch_list_supports("", 9, 0));
}

}  // namespace
}  // namespace tt::cuda
