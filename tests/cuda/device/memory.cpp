// What CUDA and cuBLAS allocate by themselves where the allocator has all of the device's memory.
#include "device/graph.h"
#include "device/stream.h"
#include "device.h"

namespace tt::device_test {
namespace {

// The allocator keeps all but `left` bytes for later.
void fill_cache(uint64_t left) {
  DeviceMemory& memory = memory_of(kCuda);
  const uint64_t nbytes = memory.info(kCuda).free_memory - left;
  memory.deallocate(memory.allocate(nbytes, kCuda), nbytes, kCuda);
  ASSERT_EQ(memory.info(kCuda).free_memory, left);
}

TEST(DeviceMemory, KeptForLaterIsThereForWhoeverNeedsIt) {
  constexpr uint64_t kMiB = 1 << 20;
  memory_of(kCuda).empty_cache(kCuda);
  if (memory_of(kCuda).info(kCuda).total_memory > 4096 * kMiB) {
    GTEST_SKIP() << "others may need a real device's memory";
  }
  const Tensor a = ops::ones({3, 4}, DType::kFloat32, kCuda), b = ops::ones({4, 5}, DType::kFloat32, kCuda);
  const Ref<Stream> shared = Stream::current(kCuda);
  shared->synchronize();
  Ref<Stream> side[] = {Stream::create(kCuda), Stream::create(kCuda)};
  // Nothing for cuBLAS; a workspace and no handle.
  for (const int i : {0, 1}) {
    Stream::set_current(kCuda, side[i]);
    const Tensor room = empty({3, 5}, DType::kFloat32, kCuda);  // a segment with some for the product
    fill_cache(i * 32 * kMiB);
    ops::mm(a, b);
  }
  Stream::set_current(kCuda, shared);
  // The memory of the graph's tensors, and nothing for the graph.
  side[0] = nullptr;  // which leaves its handle
  fill_cache(2 * kMiB);
  const Ref<Graph> graph = make_ref<Graph>(kCuda);
  graph->begin();
  ops::add_(a, a);
  graph->end();
  graph->replay();
  EXPECT_EQ(difference(a, ops::full({3, 4}, 2, DType::kFloat32), 0, 0), "");
}

}  // namespace
}  // namespace tt::device_test
