// Streams, graphs and threads that come and go: what belonged to them, and what others still use.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "device/graph.h"
#include "device/plugin.h"
#include "device/stream.h"
#include "device.h"

namespace tt::device_test {
namespace {

Tensor ones(int64_t rows, int64_t columns) { return ops::ones({rows, columns}, DType::kFloat32, kCuda); }

Ref<Graph> captured(const std::function<void()>& work) {
  Ref<Graph> graph = make_ref<Graph>(kCuda);
  graph->begin();
  work();
  graph->end();
  return graph;
}

// Makes `stream` the thread's for a while.
class OnStream {
 public:
  explicit OnStream(const Ref<Stream>& stream) : before_(Stream::current(kCuda)) {
    Stream::set_current(kCuda, stream);
  }
  ~OnStream() { Stream::set_current(kCuda, before_); }
  OnStream(const OnStream&) = delete;
  OnStream& operator=(const OnStream&) = delete;

 private:
  const Ref<Stream> before_;
};

TEST(DeviceStreams, ThatGoDoNotSpoilACapture) {
  const Tensor a = ones(3, 4), b = ones(4, 5);
  Tensor c, d;
  Ref<Graph> gone = captured([&] { c = ops::mm(a, b); });
  gone->replay();
  Ref<Stream> side = Stream::create(kCuda);
  Stream::current(kCuda)->synchronize();
  {
    const OnStream on(side);
    ops::mm(a, b);
  }
  const Ref<Graph> graph = captured([&] {
    gone = nullptr;
    side = nullptr;
    d = ops::mm(a, b);
  });
  graph->replay();
  EXPECT_EQ(difference(d, ops::full({3, 5}, 4, DType::kFloat32), 0, 0), "");
}

// Destroyed after the stream that the thread has chosen.
TEST(DeviceStreams, AThreadsLastTensorsFollowItsChoice) {
  for (const bool captures_first : {false, true}) {
    std::thread([=] {
      if (captures_first) captured([] {});
      static thread_local Tensor last;
      last = ones(3, 4);
      Stream::set_current(kCuda, Stream::create(kCuda));
    }).join();
  }
}

TEST(DeviceStreams, AreForgottenWithTheLastObject) {
  const Ref<Stream> side = Stream::create(kCuda), shared = Stream::shared(kCuda);
  StreamKernels& kernels = *backend_of(kCuda).stream;
  Tensor x = ones(64, 33), y;
  shared->synchronize();
  kernels.add_user(kCuda, x.raw(), side->native());
  Stream::wrap(kCuda, side->native());
  {
    const OnStream on(side);
    y = ops::mul(x, x);
  }
  // The next of its size has its place, once `side` is done with it.
  x = Tensor();
  x = ops::full({64, 33}, 3, DType::kFloat32, kCuda);
  shared->synchronize();
  side->synchronize();
  EXPECT_EQ(difference(y, ops::ones({64, 33}, DType::kFloat32), 0, 0), "");

  // The shared one is never forgotten.
  x = Tensor();
  const uint64_t reserved = memory_of(kCuda).stats(kCuda).reserved;
  Stream::wrap(kCuda, shared->native());
  EXPECT_EQ(memory_of(kCuda).stats(kCuda).reserved, reserved);
}

// Memory of somebody else, who notes whether the streams were done when it came back.
struct Lender {
  explicit Lender(const std::vector<Ref<Stream>>& streams) : users(streams) {}
  Tensor lend() {
    constexpr size_t kBytes = 64 * sizeof(float);
    const Ref<Storage> storage = Storage::wrap(
        own.raw(), kBytes, kCuda,
        [](void*, void* context) {
          auto& self = *static_cast<Lender*>(context);
          ++self.back;
          for (const auto& user : self.users) self.done = self.done && user->done();
        },
        this);
    const Tensor out = alias(empty({}, DType::kFloat32), {64}, {1}, 0);
    out.impl()->storage = storage;
    return out;
  }
  const Tensor own = ops::ones({64}, DType::kFloat32, kCuda);
  const std::vector<Ref<Stream>> users;
  int back = 0;
  bool done = true;
};

TEST(DeviceStreams, AreDoneWithWhatIsGivenBack) {
  const Ref<Stream> shared = Stream::shared(kCuda), side = Stream::create(kCuda);
  Lender lender({shared, side});
  shared->synchronize();
  Tensor x = lender.lend();
  const Tensor y = ops::add(x, x);
  backend_of(kCuda).stream->add_user(kCuda, x.raw(), side->native());
  {
    const OnStream on(side);
    ops::add(x, x);
  }
  x = Tensor();
  EXPECT_EQ(lender.back, 1);
  EXPECT_TRUE(lender.done);

  x = lender.lend();
  Tensor z;
  Ref<Graph> graph = captured([&] { z = ops::add(x, x); });
  x = Tensor();
  lender.lend();
  EXPECT_EQ(lender.back, 2);  // what the graph cannot know
  graph->replay();
  EXPECT_EQ(difference(z, ops::full({64}, 2, DType::kFloat32), 0, 0), "");
  graph->replay();
  graph = nullptr;
  EXPECT_EQ(lender.back, 3);
  EXPECT_TRUE(lender.done);
}

TEST(DeviceStreams, ARefusedCopyToAnotherDeviceIsNotCaptured) {
  if (device_count(DeviceType::kCuda) < 2) GTEST_SKIP() << "there is one device";
  const Device other{DeviceType::kCuda, 1};
  const Tensor a = ops::ones({5}, DType::kFloat32, kCuda), b = ops::zeros({5}, DType::kFloat32, other);
  Stream::current(kCuda)->synchronize();
  for (const Device captured_device : {kCuda, other}) {
    const Ref<Graph> graph = make_ref<Graph>(captured_device);
    graph->begin();
    EXPECT_THROW(memory_of(kCuda).copy_bytes(b.raw(), other, a.raw(), kCuda, 20), Error);
    graph->end();
    graph->replay();
    EXPECT_TRUE(ops::equal(b, ops::zeros({5}, DType::kFloat32, other)));
  }
  memory_of(kCuda).copy_bytes(b.raw(), other, a.raw(), kCuda, 20);
  EXPECT_TRUE(ops::equal(b, ops::ones({5}, DType::kFloat32, other)));
}

// A child lets go of what it inherited, whatever the parent's threads were doing, and has no device.
TEST(DeviceStreams, EndWithoutWaitInAForkedChild) {
  Tensor x = ones(3, 4);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) ones(5, 6);
  });
  int failures = 0;
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // one that hangs is a failure
      x = Tensor();
      bool refused = false;
      try {
        empty({3}, DType::kFloat32, kCuda);
      } catch (const Error&) {
        refused = true;
      }
      _exit(refused ? 0 : 1);
    }
    int status = -1;
    failures += waitpid(child, &status, 0) != child || status != 0;
  }
  stop = true;
  busy.join();
  EXPECT_EQ(failures, 0);
}

struct Numbers final : ReplayInput {
  explicit Numbers(size_t n) : count(n) {}
  void next(void* values) noexcept override { std::fill_n(static_cast<int64_t*>(values), count, ++replays); }
  const size_t count;
  int64_t replays = 0;
};

TEST(DeviceStreams, LiveValuesStayInTheirPlace) {
  constexpr size_t kBytes = GraphKernels::kLiveBytes;
  Tensor beside, x = ops::zeros({1}, DType::kFloat32, kCuda);
  char* live = nullptr;
  const Ref<Graph> graph = captured([&] {
    live =
        static_cast<char*>(Graph::capturing(kCuda)->add_input(std::make_unique<Numbers>(kBytes / 8), kBytes));
    beside = empty({1024}, DType::kInt64, kCuda);
    beside.storage()->set_filled_by_host();
    ops::add_(x, x);
  });
  ASSERT_GE(static_cast<char*>(beside.raw()), live + kBytes);
  ops::fill_(beside, 7);
  Stream::current(kCuda)->synchronize();
  for (int64_t replay = 1; replay <= 2; ++replay) {
    graph->replay();
    const Tensor values = empty({static_cast<int64_t>(kBytes) / 8}, DType::kInt64);
    memory_of(kCuda).copy_bytes(values.raw(), Device{}, live, kCuda, kBytes);
    EXPECT_EQ(difference(on_cuda(values), ops::full(values.sizes(), replay, DType::kInt64), 0, 0), "");
    EXPECT_EQ(difference(beside, ops::full({1024}, 7, DType::kInt64), 0, 0), "");
  }
}

}  // namespace
}  // namespace tt::device_test
